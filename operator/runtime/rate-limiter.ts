import type { Clock } from './clock.ts';

const firstMs = 5;
const longestMs = 1_000_000;
const perSecond = 10;
const burst = 100;

/**
 * client-go's default for controllers: the longer of two waits. Per key 5 ms, doubling at each failure to 1000 s;
 * over all keys a bucket of 100 tokens that fills at 10 a second, so that an outage does not become a storm.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #failures = new Map<string, number>();
  #tokens = burst;
  #filledAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAtMs = clock.nowMs();
  }

  /** Counts one more failure of `key` and gives the wait before its next try, milliseconds. */
  when(key: string): number {
    const failures = this.failures(key);
    this.failed(key);
    return Math.max(Math.min(firstMs * 2 ** failures, longestMs), this.#takeToken());
  }

  /** Counts one more failure of a key whose next try is settled already. */
  failed(key: string): void {
    this.#failures.set(key, this.failures(key) + 1);
  }

  /** Failures of `key` since the last {@link forget}. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Tokens may be owed: then the wait lasts until the debt is filled. */
  #takeToken(): number {
    const nowMs = this.#clock.nowMs();
    const gained = (Math.max(nowMs - this.#filledAtMs, 0) * perSecond) / 1000;
    this.#tokens = Math.min(this.#tokens + gained, burst) - 1;
    this.#filledAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1000) / perSecond;
  }
}
