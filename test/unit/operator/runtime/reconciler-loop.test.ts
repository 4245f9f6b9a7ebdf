import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { ApiError } from '../../../../operator/runtime/api-error.ts';
import { ReconcilerLoop, TerminalError, type Reconcile, type ReconcileResult } from '../../../../operator/runtime/reconciler-loop.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { WorkQueue } from '../../../../operator/runtime/work-queue.ts';
import { ManualClock, eventually, settled } from './manual-clock.ts';
import { RecordingLogger } from './recording-logger.ts';

function newLoop(reconcile: Reconcile, workers = 1): Bench {
  const clock = new ManualClock();
  const registry = new Registry();
  const metrics = new RuntimeMetrics(registry);
  const queue = new WorkQueue({ name: 'model', clock, metrics });
  const logger = new RecordingLogger();
  let id = 0;
  const newID = (): string => `id-${(id += 1)}`;
  const loop = new ReconcilerLoop({ name: 'model', queue, reconcile, workers, deadlineMs: 1_000, clock, random: () => 0.75, logger, metrics, newID });
  const stop = new AbortController();
  const halt = new AbortController();
  const ended = loop.run({ stop: stop.signal, halt: halt.signal, graceMs: 500 });
  return { clock, registry, queue, logger, stop, halt, ended };
}

type Bench = Readonly<{
  clock: ManualClock; registry: Registry; queue: WorkQueue; logger: RecordingLogger; stop: AbortController; halt: AbortController; ended: Promise<void>;
}>;

async function value(registry: Registry, series: string): Promise<number | undefined> {
  const line = (await registry.metrics()).split('\n').find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

type Outcome = Readonly<{ result: string; failures: number; nextInMs: number | undefined; metrics: Readonly<Record<string, number>> }>;

describe('what follows a reconcile', () => {
  test.each<{ name: string; reconcile: () => Promise<ReconcileResult>; expected: Outcome }>([
    { name: 'well', reconcile: async () => ({}), expected: { result: 'success', failures: 0, nextInMs: undefined, metrics: {} } },
    {
      name: 'later, with 10 % jitter at most', reconcile: async () => ({ requeueAfterMs: 1_000 }),
      expected: { result: 'requeue_after', failures: 0, nextInMs: 1_050, metrics: {} },
    },
    {
      name: 'failed', reconcile: async () => { throw new Error('no'); },
      expected: { result: 'error', failures: 1, nextInMs: 5, metrics: { reconcile_errors_total: 1 } },
    },
    {
      name: 'overtaken: no failure, but a look that came too early', reconcile: async () => { throw new ApiError({ code: 'Conflict', message: 'changed' }); },
      expected: { result: 'requeue', failures: 1, nextInMs: 5, metrics: { reconcile_errors_total: 0 } },
    },
    {
      name: 'failed for good', reconcile: async () => { throw new TerminalError('never'); },
      expected: { result: 'error', failures: 0, nextInMs: undefined, metrics: { reconcile_errors_total: 1, terminal_reconcile_errors_total: 1 } },
    },
    {
      name: 'a bug', reconcile: async () => { throw new TypeError('x is not a function'); },
      expected: { result: 'error', failures: 1, nextInMs: 5, metrics: { reconcile_errors_total: 1, reconcile_panics_total: 1 } },
    },
  ])('$name', async ({ reconcile, expected }) => {
    const { clock, registry, queue, stop, ended } = newLoop(reconcile);
    queue.add('shop/a');
    await settled();
    expect(await value(registry, `controller_runtime_reconcile_total{controller="model",result="${expected.result}"}`)).toBe(1);
    expect(queue.failures('shop/a')).toBe(expected.failures);
    expect(clock.nextInMs).toBe(expected.nextInMs);
    const errors = { reconcile_errors_total: 0, terminal_reconcile_errors_total: 0, reconcile_panics_total: 0, reconcile_timeouts_total: 0, ...expected.metrics };
    for (const [name, count] of Object.entries(errors)) expect([name, await value(registry, `controller_runtime_${name}{controller="model"}`)]).toEqual([name, count]);
    stop.abort();
    await ended;
  });

  test('a success after failures starts the backoff anew', async () => {
    let fails = 2;
    const { clock, queue, stop, ended } = newLoop(async () => {
      fails -= 1;
      if (fails >= 0) throw new Error('no');
      return {};
    });
    queue.add('a');
    await settled();
    clock.advance(5);
    await settled();
    expect(queue.failures('a')).toBe(2);
    clock.advance(10);
    await settled();
    expect(queue.failures('a')).toBe(0);
    stop.abort();
    await ended;
  });
});

test('one key is never reconciled twice at a time, and a change meanwhile is not lost', async () => {
  const running: string[] = [];
  let most = 0;
  const gates: (() => void)[] = [];
  const { queue, stop, ended } = newLoop(async (key) => {
    running.push(key);
    most = Math.max(most, running.filter((other) => other === key).length);
    await new Promise<void>((resolve) => gates.push(resolve));
    running.splice(running.indexOf(key), 1);
    return {};
  }, 3);
  queue.add('a');
  await settled();
  queue.add('a');
  queue.add('b');
  await settled();
  expect(running).toEqual(['a', 'b']);
  gates[0]?.();
  await eventually(() => gates.length, (count) => count === 3);
  expect(running).toEqual(['b', 'a']);
  for (const open of gates) open();
  stop.abort();
  await ended;
  expect(most).toBe(1);
});

test('a reconcile that takes too long is aborted, counted and tried again', async () => {
  const { clock, registry, queue, stop, ended } = newLoop(async (_key, { signal }) => {
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return {};
  });
  queue.add('a');
  await settled();
  clock.advance(1_000);
  await settled();
  expect(await value(registry, 'controller_runtime_reconcile_timeouts_total{controller="model"}')).toBe(1);
  expect(queue.failures('a')).toBe(1);
  stop.abort();
  await ended;
});

describe('the end', () => {
  test('running work may end within the grace period; nothing new starts', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { clock, queue, stop, ended } = newLoop(async (key, { signal }) => {
      await gate.promise;
      seen.push(`${key} ${signal.aborted}`);
      return {};
    });
    queue.add('a');
    queue.add('b');
    await settled();
    stop.abort();
    gate.resolve();
    await ended;
    expect(seen).toEqual(['a false']);
    expect(clock.pending).toBe(0);
    expect(queue.length).toBe(1);
  });

  test.each<{ name: string; end: (bench: Bench) => void }>([
    {
      name: 'the grace period is over',
      end: ({ stop, clock }) => {
        stop.abort();
        clock.advance(500);
      },
    },
    { name: 'leadership is lost', end: ({ halt }) => halt.abort(new Error('lease lost')) },
  ])('when $name running work is aborted and not requeued', async ({ end }) => {
    const bench = newLoop(async (_key, { signal }) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return {};
    });
    bench.queue.add('a');
    await settled();
    end(bench);
    await bench.ended;
    expect(bench.queue.failures('a')).toBe(0);
    expect(bench.clock.pending).toBe(0);
  });
});

test('every line of a reconcile names controller, object and reconcile', async () => {
  const { queue, logger, stop, ended } = newLoop(async (_key, context) => {
    context.logger.info({ step: 1 }, 'shifted');
    throw new Error('no');
  });
  queue.add('shop/a');
  await settled();
  const names = { controller: 'model', namespace: 'shop', name: 'a', reconcileID: 'id-1' };
  expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([['info', 'shifted'], ['error', 'reconcile failed, it is tried again']]);
  for (const { fields } of logger.lines) expect(fields).toMatchObject(names);
  stop.abort();
  await ended;
});
