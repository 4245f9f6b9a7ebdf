import type { Cancel, Clock } from './clock.ts';
import { QueueMetrics } from './queue-metrics.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** Low waits behind Normal keys: the initial list must not hold up a person's change. */
export type Priority = 'Normal' | 'Low';

/** One key in so many is Low where some wait, however many Normal ones come: models that never rest must not starve the others. */
const lowEvery = 8;

type Waiter = (key: string | undefined) => void;
/** A recheck may be a day away: a failure must not wait for it. */
type Delayed = Readonly<{ readyAtMs: number; isRetry: boolean; cancel: Cancel }>;

/**
 * client-go's rate limiting queue of keys. A key is queued at most once, is never handed to two workers at a time,
 * and when it is added while it is processed it comes again after `done`. First come, first served within a priority.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #metrics: QueueMetrics;
  /** Keys to hand out, in order (a Set keeps it). */
  readonly #queued: Readonly<Record<Priority, Set<string>>> = { Normal: new Set(), Low: new Set() };
  readonly #processing = new Set<string>();
  /** Added while in process: queued again by `done`. */
  readonly #again = new Map<string, Priority>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #waiters = new Set<Waiter>();
  readonly #drainWaiters = new Set<() => void>();
  /** Normal keys handed out since the last Low one. */
  #normalsInARow = 0;
  #shuttingDown = false;

  /** @param input.name value of the labels `name` and `controller` */
  constructor(input: { name: string; clock: Clock; metrics: RuntimeMetrics }) {
    this.#clock = input.clock;
    this.#limiter = new RateLimiter(input.clock);
    this.#metrics = new QueueMetrics(input.name, input.clock, input.metrics);
    input.metrics.onScrape(() => this.#metrics.refresh());
  }

  /** Keys that wait now; delayed ones and those in process are not counted. */
  get length(): number {
    return this.#queued.Normal.size + this.#queued.Low.size;
  }

  /** Queues a key that is not queued; a Low key that is added as Normal moves up. */
  add(key: string, priority: Priority = 'Normal'): void {
    if (this.#shuttingDown) return;
    if (this.#processing.has(key)) {
      if (!this.#again.has(key)) this.#metrics.added(key);
      this.#again.set(key, this.#again.get(key) === 'Normal' ? 'Normal' : priority);
      return;
    }
    if (this.#queued.Normal.has(key)) return;
    if (this.#queued.Low.has(key)) {
      if (priority === 'Low') return;
      this.#queued.Low.delete(key);
    } else this.#metrics.added(key);
    this.#enqueue(key, priority);
  }

  /** Queues a key later; of several delays the one that ends first counts. */
  addAfter(key: string, delayMs: number, priority: Priority = 'Normal'): void {
    this.#delay(key, { delayMs, priority, isRetry: false });
  }

  #delay(key: string, { delayMs, priority, isRetry }: Readonly<{ delayMs: number; priority: Priority; isRetry: boolean }>): void {
    if (this.#shuttingDown) return;
    if (delayMs <= 0) {
      this.add(key, priority);
      return;
    }
    const readyAtMs = this.#clock.nowMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.readyAtMs <= readyAtMs) return;
    known?.cancel();
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key, priority);
    });
    this.#delayed.set(key, { readyAtMs, isRetry, cancel });
  }

  /**
   * After a failure: 5 ms doubling to 1000 s per key, and 10 a second (burst 100) over all keys. A key whose retry waits already
   * takes no second place in that: one that changes and fails all the time must not use up everybody's retries.
   */
  addRateLimited(key: string): void {
    if (this.#shuttingDown) return;
    this.#metrics.retried();
    if (this.#delayed.get(key)?.isRetry === true) this.#limiter.failed(key);
    else this.#delay(key, { delayMs: this.#limiter.when(key), priority: 'Normal', isRetry: true });
  }

  /** The key is well: its next failure starts at 5 ms again. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** Failures of the key since it was last well. */
  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /** The next key, which the caller must give back by `done`; undefined once shut down and empty, or when `signal` aborts. */
  async get(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const key = this.#take();
    if (key !== undefined || this.#shuttingDown) return key;
    return new Promise((resolve) => {
      const waiter: Waiter = (next) => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        resolve(next);
      };
      const onAbort = (): void => waiter(undefined);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Gives a key back. */
  done(key: string): void {
    if (!this.#processing.delete(key)) return;
    this.#metrics.finished(key);
    const priority = this.#again.get(key);
    if (priority !== undefined) {
      this.#again.delete(key);
      this.#enqueue(key, priority);
    }
    if (this.#processing.size === 0) for (const wake of this.#drainWaiters) wake();
  }

  /** No more adds; what is queued is still handed out; delayed keys are dropped. */
  shutDown(): void {
    this.#shuttingDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const waiter of this.#waiters) waiter(undefined);
  }

  /**
   * shutDown, then wait until nothing is queued or processed.
   * @throws the signal's reason
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.shutDown();
    signal.throwIfAborted();
    while (this.#processing.size > 0 || this.length > 0) {
      const idle = Promise.withResolvers<void>();
      const onAbort = (): void => idle.reject(signal.reason);
      this.#drainWaiters.add(idle.resolve);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await idle.promise;
      } finally {
        this.#drainWaiters.delete(idle.resolve);
        signal.removeEventListener('abort', onAbort);
      }
    }
  }

  #enqueue(key: string, priority: Priority): void {
    this.#queued[priority].add(key);
    const [waiter] = this.#waiters;
    waiter?.(this.#take());
    this.#reportDepth();
  }

  #take(): string | undefined {
    const { Normal, Low } = this.#queued;
    const isLowsTurn = Low.size > 0 && (Normal.size === 0 || this.#normalsInARow >= lowEvery - 1);
    const queue = isLowsTurn ? Low : Normal;
    const [key] = queue;
    if (key === undefined) return undefined;
    this.#normalsInARow = isLowsTurn ? 0 : this.#normalsInARow + 1;
    queue.delete(key);
    this.#processing.add(key);
    this.#metrics.started(key);
    this.#reportDepth();
    return key;
  }

  #reportDepth(): void {
    this.#metrics.depth('Normal', this.#queued.Normal.size);
    this.#metrics.depth('Low', this.#queued.Low.size);
  }
}
