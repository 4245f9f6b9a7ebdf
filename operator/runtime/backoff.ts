import type { Clock, Random } from './clock.ts';

/** How long to wait between failures. */
export type BackoffOptions = Readonly<{
  firstMs: number;
  maxMs: number;
  /** Share of the wait that chance adds: 1 means up to twice as long. */
  jitter: number;
  /** A failure this long after the one before starts again at `firstMs`. */
  resetAfterMs: number;
}>;

/** client-go's reflector: 800 ms doubling to 30 s, jitter 1, forgotten after two healthy minutes. */
export const reflectorBackoff: BackoffOptions = { firstMs: 800, maxMs: 30_000, jitter: 1, resetAfterMs: 120_000 };

/** Doubling waits with jitter. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #nextMs: number;
  #lastAtMs: number | undefined;

  constructor(options: BackoffOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#nextMs = options.firstMs;
  }

  /** The wait after one more failure, milliseconds: within [base, base * (1 + jitter)). */
  next(): number {
    const nowMs = this.#clock.nowMs();
    const { firstMs, maxMs, jitter, resetAfterMs } = this.#options;
    if (this.#lastAtMs !== undefined && nowMs - this.#lastAtMs > resetAfterMs) this.#nextMs = firstMs;
    this.#lastAtMs = nowMs;
    const baseMs = this.#nextMs;
    this.#nextMs = Math.min(baseMs * 2, maxMs);
    return baseMs * (1 + jitter * this.#random());
  }
}
