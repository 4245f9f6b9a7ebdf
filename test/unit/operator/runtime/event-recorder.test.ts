import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import { BoundedMap } from '../../../../operator/runtime/bounded-map.ts';
import { EventRecorder, type RecordedEvent } from '../../../../operator/runtime/event-recorder.ts';
import { EventSpamFilter } from '../../../../operator/runtime/event-spam-filter.ts';
import { microTime, microTimeMs } from '../../../../operator/runtime/micro-time.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { FakeTransport } from './fake-transport.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingLogger } from './recording-logger.ts';

const startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 67);
const stored = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'x', uid: 'u', resourceVersion: '1' } };
const regarding = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name: 'telco', namespace: 'shop', uid: 'uid-1', resourceVersion: '9' } };
const event: RecordedEvent = { regarding, type: 'Warning', reason: 'GateFailed', action: 'RollBack', note: 'AUC 0.71 < 0.80' };

function newRecorder(statusOf: (verb: string, index: number) => number = () => 200): Bench {
  const transport = new FakeTransport(({ verb }) => {
    const status = statusOf(verb, transport.requests.length);
    return { status, body: status === 200 ? stored : { reason: 'Test' } };
  });
  const clock = new ManualClock(startMs);
  const registry = new Registry();
  const logger = new RecordingLogger();
  const recorder = new EventRecorder({
    client: new ApiClient({ transport, fieldManager: 'churnops' }), reportingController: 'churnops.dev/operator', reportingInstance: 'operator-0',
    clock, random: () => 0.5, logger, metrics: new RuntimeMetrics(registry),
  });
  return { recorder, transport, clock, registry, logger, flush: async () => recorder.flush(AbortSignal.timeout(5_000)) };
}

type Bench = Readonly<{ recorder: EventRecorder; transport: FakeTransport; clock: ManualClock; registry: Registry; logger: RecordingLogger; flush: () => Promise<void> }>;

const sent = ({ transport }: Bench): readonly (readonly [string, unknown])[] => transport.requests.map(({ verb, body }) => [verb, JSON.parse(body ?? '{}')]);

test('the whole document', async () => {
  const bench = newRecorder();
  bench.recorder.record({ ...event, related: { ...regarding, metadata: { ...regarding.metadata, namespace: undefined } } });
  await bench.flush();
  const reference = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: 'telco', uid: 'uid-1', resourceVersion: '9' };
  expect(sent(bench)).toEqual([['create', {
    apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { namespace: 'shop', name: `telco.${startMs.toString(16)}800000` },
    eventTime: '2026-01-02T03:04:05.067000Z', reportingController: 'churnops.dev/operator', reportingInstance: 'operator-0',
    type: 'Warning', reason: 'GateFailed', action: 'RollBack', note: 'AUC 0.71 < 0.80', regarding: { ...reference, namespace: 'shop' }, related: reference,
  }]]);
});

describe('series', () => {
  test('a repetition is a patch of the first', async () => {
    const bench = newRecorder();
    bench.recorder.record(event);
    bench.clock.advance(1_000);
    bench.recorder.record(event);
    bench.clock.advance(1_000);
    bench.recorder.record(event);
    await bench.flush();
    expect(sent(bench).slice(1)).toEqual([
      ['patch', { metadata: {}, series: { count: 2, lastObservedTime: '2026-01-02T03:04:06.067000Z' } }],
      ['patch', { metadata: {}, series: { count: 3, lastObservedTime: '2026-01-02T03:04:07.067000Z' } }],
    ]);
    expect(bench.transport.requests[1]?.path).toBe(`/apis/events.k8s.io/v1/namespaces/shop/events/telco.${startMs.toString(16)}800000`);
  });

  test.each<{ name: string; other: Partial<RecordedEvent>; laterMs: number }>([
    { name: 'another reason', other: { reason: 'StepServed' }, laterMs: 0 },
    { name: 'another note: it tells of another version', other: { note: 'AUC 0.70 < 0.80' }, laterMs: 0 },
    { name: 'another action', other: { action: 'Hold' }, laterMs: 0 },
    { name: 'another type', other: { type: 'Normal' }, laterMs: 0 },
    { name: 'another object of the name', other: { regarding: { ...regarding, metadata: { ...regarding.metadata, uid: 'uid-2' } } }, laterMs: 0 },
    { name: 'six minutes later', other: {}, laterMs: 360_000 },
  ])('$name is an event of its own', async ({ other, laterMs }) => {
    const bench = newRecorder();
    bench.recorder.record(event);
    bench.clock.advance(laterMs);
    bench.recorder.record({ ...event, ...other });
    await bench.flush();
    expect(sent(bench).map(([verb]) => verb)).toEqual(['create', 'create']);
  });

  test('when the first has expired it is written anew', async () => {
    const bench = newRecorder((verb) => (verb === 'patch' ? 404 : 200));
    bench.recorder.record(event);
    bench.recorder.record(event);
    await bench.flush();
    expect(sent(bench).map(([verb]) => verb)).toEqual(['create', 'patch', 'create']);
  });
});

test('failures are logged and counted, and the next event is written', async () => {
  const bench = newRecorder((_verb, index) => (index === 1 ? 403 : 200));
  bench.recorder.record(event);
  bench.recorder.record({ ...event, reason: 'Other' });
  await bench.flush();
  expect(bench.logger.lines).toMatchObject([{ level: 'warn', message: 'an event was not written', fields: { reason: 'GateFailed' } }]);
  const text = await bench.registry.metrics();
  expect(text).toContain('event_recorder_events_total{outcome="failed"} 1');
  expect(text).toContain('event_recorder_events_total{outcome="created"} 1');
});

const about = (uid: string): RecordedEvent => ({ ...event, regarding: { ...regarding, metadata: { ...regarding.metadata, uid } } });

test('the recorder drops floods and what exceeds its backlog, and takes events again afterwards', async () => {
  const bench = newRecorder();
  const dropped = async (): Promise<string | undefined> => /outcome="dropped"\} (\d+)/.exec(await bench.registry.metrics())?.[1];
  for (let count = 0; count < 30; count += 1) bench.recorder.record(event);
  expect(await dropped()).toBe('5');
  await bench.flush();
  for (let count = 0; count < 1_002; count += 1) bench.recorder.record(about(`other-${count}`));
  expect(await dropped()).toBe('7');
  await bench.flush();
  bench.recorder.record(about('last'));
  await bench.flush();
  expect([await dropped(), bench.transport.requests.length]).toEqual(['7', 25 + 1_000 + 1]);
});

test('a flood about one object is dropped after 25, and then one in five minutes passes', () => {
  const clock = new ManualClock();
  const filter = new EventSpamFilter(clock);
  const admitted = (): number => Array.from({ length: 100 }, () => filter.admits('a')).filter(Boolean).length;
  expect(admitted()).toBe(25);
  expect(filter.admits('b')).toBe(true);
  clock.advance(299_999);
  expect(admitted()).toBe(0);
  clock.advance(1);
  expect(admitted()).toBe(1);
});

test.each<{ name: string; note: string; bytes: number }>([
  { name: 'short', note: 'short', bytes: 5 },
  { name: 'just fits', note: 'x'.repeat(1024), bytes: 1024 },
  { name: 'too long', note: 'x'.repeat(1025), bytes: 1024 },
  { name: 'too long, of wide characters', note: '😀'.repeat(300), bytes: 1023 },
])('a note that is $name has $bytes bytes', async ({ note, bytes }) => {
  const bench = newRecorder();
  bench.recorder.record({ ...event, note });
  await bench.flush();
  const [[, body] = []] = sent(bench);
  expect(body).toMatchObject({ note: expect.not.stringContaining('\uFFFD') });
  expect(Buffer.byteLength(JSON.parse(JSON.stringify(body)).note)).toBe(bytes);
});

test('MicroTime has six digits, always', () => {
  expect([0, 1, 999.9].map(microTime)).toEqual(['1970-01-01T00:00:00.000000Z', '1970-01-01T00:00:00.001000Z', '1970-01-01T00:00:00.999000Z']);
  expect([microTimeMs('1970-01-01T00:00:01.234567Z'), microTimeMs('never')]).toEqual([1_234, undefined]);
});

test('a bounded map forgets what was used longest ago', () => {
  const map = new BoundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, 1, undefined, 3]);
});
