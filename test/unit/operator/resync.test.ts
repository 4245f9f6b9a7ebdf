import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHURN_MODELS } from '../../../operator/observation/kinds.ts';
import { resyncPeriodically } from '../../../operator/resync.ts';
import { RuntimeMetrics } from '../../../operator/runtime/runtime-metrics.ts';
import { WorkQueue } from '../../../operator/runtime/work-queue.ts';
import { ManualClock } from './runtime/manual-clock.ts';

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const model = (name: string) => CHURN_MODELS.schema.parse({ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name, namespace: 'n', uid: name, resourceVersion: '1' }, spec: {} });

function setUp(random: () => number) {
  const clock = new ManualClock();
  const queue = new WorkQueue({ name: 'q', clock, metrics: new RuntimeMetrics(new Registry()) });
  return { clock, queue, end: resyncPeriodically({ caches: { models: { list: () => [model('a'), model('b')] } }, queue, clock, random }) };
}

test.each([{ random: 0 }, { random: 0.5 }, { random: 0.999 }])('every model is looked at again within ten hours, time after time, and not before nine; by chance $random', async ({ random }) => {
  const { clock, queue } = setUp(() => random);
  const atHours: number[] = [];
  for (let minute = 0; minute < 31 * 60; minute += 1) {
    clock.advance(60_000);
    if (queue.length < 2) continue;
    for (const key of [await queue.get(never), await queue.get(never)]) queue.done(key ?? '');
    atHours.push(clock.nowMs() / HOUR_MS);
  }
  const gaps = atHours.map((at, index) => at - (atHours[index - 1] ?? 0));
  expect(gaps.length).toBeGreaterThanOrEqual(3);
  for (const gap of gaps) expect([gap >= 8.95, gap <= 10.05]).toEqual([true, true]);
});

test('what it returns ends it, also after a round', () => {
  const { clock, queue, end } = setUp(() => 0.5);
  clock.advance(10 * HOUR_MS);
  const queued = queue.length;
  end();
  clock.advance(50 * HOUR_MS);
  expect({ queued, later: queue.length, timers: clock.pending }).toEqual({ queued: 2, later: 2, timers: 0 });
});
