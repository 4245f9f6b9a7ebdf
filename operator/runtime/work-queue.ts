import type { Clock } from './clock.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** Low waits behind every Normal key: the initial list must not hold up a person's change. */
export type Priority = 'Normal' | 'Low';

/** client-go's rate limiting queue of keys: de-duplicates, never hands one key to two workers, remembers a key added while it is processed. */
export declare class WorkQueue {
  constructor(input: { name: string; clock: Clock; metrics: RuntimeMetrics });
  readonly length: number;
  add(key: string, priority?: Priority): void;
  addAfter(key: string, delayMs: number, priority?: Priority): void;
  /** After a failure: 5 ms doubling to 1000 s per key, and 10 a second (burst 100) over all keys. */
  addRateLimited(key: string): void;
  /** The key is well: its next failure starts at 5 ms again. */
  forget(key: string): void;
  failures(key: string): number;
  /** The next key, which the caller must give back by `done`; undefined after shutDown (once empty) or abort. */
  get(signal: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  /** No more adds; what is queued is still handed out; delayed keys are dropped. */
  shutDown(): void;
  /** shutDown, then wait until nothing is processed. */
  drain(signal: AbortSignal): Promise<void>;
}
