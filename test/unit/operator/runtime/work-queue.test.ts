import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { RateLimiter } from '../../../../operator/runtime/rate-limiter.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { WorkQueue, type Priority } from '../../../../operator/runtime/work-queue.ts';
import { ManualClock } from './manual-clock.ts';

const never = new AbortController().signal;

function newQueue(): { queue: WorkQueue; clock: ManualClock; registry: Registry } {
  const clock = new ManualClock();
  const registry = new Registry();
  return { queue: new WorkQueue({ name: 'q', clock, metrics: new RuntimeMetrics(registry) }), clock, registry };
}

async function take(queue: WorkQueue, count: number): Promise<readonly (string | undefined)[]> {
  return Promise.all(Array.from({ length: count }, async () => queue.get(never)));
}

describe('sets, not lists', () => {
  test('a key that is added twice comes once', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect(queue.length).toBe(2);
    expect(await take(queue, 2)).toEqual(['a', 'b']);
  });

  test('a key that is added in process comes again after done, not before', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.get(never);
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.get(never)).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  test('who waits first is served first', async () => {
    const { queue } = newQueue();
    const waiting = [queue.get(never), queue.get(never)];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(waiting)).toEqual(['a', 'b']);
  });

  test('Low waits behind Normal, and moves up when it is added again', async () => {
    const { queue } = newQueue();
    for (const key of ['l1', 'l2', 'l3']) queue.add(key, 'Low');
    queue.add('n1');
    queue.add('l3');
    expect(await take(queue, 4)).toEqual(['n1', 'l3', 'l1', 'l2']);
  });

  test('done for a key that nobody has is nothing', () => {
    const { queue } = newQueue();
    queue.add('a');
    queue.done('a');
    expect(queue.length).toBe(1);
  });
});

describe('later', () => {
  test.each<{ name: string; delaysMs: readonly number[]; readyMs: number }>([
    { name: 'one delay', delaysMs: [100], readyMs: 100 },
    { name: 'the earlier wins', delaysMs: [100, 50], readyMs: 50 },
    { name: 'the later does not push it back', delaysMs: [50, 100], readyMs: 50 },
    { name: 'no delay is now', delaysMs: [100, 0], readyMs: 0 },
  ])('$name', ({ delaysMs, readyMs }) => {
    const { queue, clock } = newQueue();
    for (const delayMs of delaysMs) queue.addAfter('a', delayMs);
    if (readyMs > 0) {
      clock.advance(readyMs - 1);
      expect(queue.length).toBe(0);
    }
    clock.advance(1);
    expect(queue.length).toBe(1);
  });

  test('a delay that was replaced does not come again', async () => {
    const { queue, clock } = newQueue();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    clock.advance(50);
    await queue.get(never);
    queue.done('a');
    clock.advance(100);
    expect([queue.length, clock.pending]).toEqual([0, 0]);
  });

  test('failures wait 5 ms, doubling to 1000 s, until the key is well', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock);
    const waits = Array.from({ length: 20 }, () => limiter.when('a'));
    expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
    expect(waits.at(-1)).toBe(1_000_000);
    expect(limiter.failures('a')).toBe(20);
    limiter.forget('a');
    expect([limiter.failures('a'), limiter.when('a')]).toEqual([0, 5]);
  });

  test('over all keys 100 at once, then 10 a second', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock);
    const waits = Array.from({ length: 103 }, (_, index) => limiter.when(`k${index}`));
    expect(waits.slice(99)).toEqual([5, 100, 200, 300]);
    clock.advance(10_300);
    expect(limiter.when('late')).toBe(5);
    clock.advance(3_600_000);
    const later = Array.from({ length: 101 }, (_, index) => limiter.when(`l${index}`));
    expect(later.slice(99)).toEqual([5, 100]);
  });
});

describe('the end', () => {
  test('shutDown hands out what is queued, drops what is delayed, and sends waiters home', async () => {
    const { queue, clock } = newQueue();
    queue.add('a');
    queue.addAfter('b', 10);
    queue.shutDown();
    queue.add('c');
    expect(await take(queue, 2)).toEqual(['a', undefined]);
    expect(clock.pending).toBe(0);
    const { queue: other } = newQueue();
    const waiting = other.get(never);
    other.shutDown();
    expect(await waiting).toBeUndefined();
  });

  test('an aborted wait takes no key', async () => {
    const { queue } = newQueue();
    const abort = new AbortController();
    const waiting = queue.get(abort.signal);
    abort.abort();
    queue.add('a');
    expect(await waiting).toBeUndefined();
    expect(await queue.get(abort.signal)).toBeUndefined();
    expect(queue.length).toBe(1);
  });

  test('drain waits for keys in process, or for its signal', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.get(never);
    const abort = new AbortController();
    const cut = queue.drain(abort.signal);
    abort.abort(new Error('grace'));
    await expect(cut).rejects.toThrow('grace');
    const drained = queue.drain(never);
    queue.done('a');
    await expect(drained).resolves.toBeUndefined();
  });
});

test('a failure is retried at once, however far away the next recheck is', async () => {
  const { queue, clock } = newQueue();
  queue.addAfter('a', 24 * 3_600_000);
  queue.add('a');
  await take(queue, 1);
  queue.addRateLimited('a');
  queue.done('a');
  clock.advance(10);
  expect(queue.length).toBe(1);
});

test('a retry that waits is the only one', async () => {
  const { queue, clock } = newQueue();
  queue.addRateLimited('a');
  queue.addRateLimited('a');
  clock.advance(10);
  expect(await take(queue, 1)).toEqual(['a']);
  clock.advance(60_000);
  expect(queue.length).toBe(0);
});

test('the seven metrics', async () => {
  const { queue, clock, registry } = newQueue();
  queue.add('a');
  queue.add('b', 'Low');
  clock.advance(2_000);
  await queue.get(never);
  clock.advance(3_000);
  queue.addRateLimited('z');
  const text = await registry.metrics();
  for (const expected of [
    'workqueue_depth{name="q",controller="q",priority="0"} 0',
    'workqueue_depth{name="q",controller="q",priority="-100"} 1',
    'workqueue_adds_total{name="q",controller="q"} 2',
    'workqueue_queue_duration_seconds_sum{name="q",controller="q"} 2',
    'workqueue_unfinished_work_seconds{name="q",controller="q"} 3',
    'workqueue_longest_running_processor_seconds{name="q",controller="q"} 3',
    'workqueue_retries_total{name="q",controller="q"} 1',
  ]) expect(text).toContain(expected);
  queue.done('a');
  expect(await registry.metrics()).toContain('workqueue_work_duration_seconds_sum{name="q",controller="q"} 3');
});

/** What the queue must be: an ordered set per priority, a set in process, a set to come again. */
class Model {
  readonly waiting: Record<Priority, string[]> = { Normal: [], Low: [] };
  readonly processing = new Set<string>();
  readonly again = new Map<string, Priority>();

  add(key: string, priority: Priority): void {
    if (this.processing.has(key)) this.again.set(key, this.again.get(key) === 'Normal' ? 'Normal' : priority);
    else if (this.waiting.Normal.includes(key) || (priority === 'Low' && this.waiting.Low.includes(key))) return;
    else {
      this.waiting.Low = this.waiting.Low.filter((other) => other !== key);
      this.waiting[priority].push(key);
    }
  }

  normalsInARow = 0;

  get(): string | undefined {
    const { Normal, Low } = this.waiting;
    const isLowsTurn = Low.length > 0 && (Normal.length === 0 || this.normalsInARow === 7);
    const key = (isLowsTurn ? Low : Normal).shift();
    if (key === undefined) return undefined;
    this.normalsInARow = isLowsTurn ? 0 : this.normalsInARow + 1;
    this.processing.add(key);
    return key;
  }

  done(key: string): void {
    if (!this.processing.delete(key)) return;
    const priority = this.again.get(key);
    this.again.delete(key);
    if (priority !== undefined) this.add(key, priority);
  }
}

test('the queue is its model: order, sets, and one worker per key', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key, priority: fc.constantFrom<Priority>('Normal', 'Low') }),
    fc.record({ do: fc.constant('get' as const) }),
    fc.record({ do: fc.constant('done' as const), key }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue } = newQueue();
      const model = new Model();
      for (const action of steps) {
        if (action.do === 'add') {
          queue.add(action.key, action.priority);
          model.add(action.key, action.priority);
        } else if (action.do === 'done') {
          queue.done(action.key);
          model.done(action.key);
        } else if (queue.length > 0) expect(await queue.get(never)).toBe(model.get());
        expect(queue.length).toBe(model.waiting.Normal.length + model.waiting.Low.length);
      }
    }),
  );
});
