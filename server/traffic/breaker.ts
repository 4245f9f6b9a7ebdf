/** Forwards whose errors are looked at, and how long none is sent once they were too many (DESIGN section 3). */
export const BREAKER = { forwards: 50, openMs: 30_000 } as const;

/**
 * - Closed: every forward is sent.
 * - Open: none is.
 * - HalfOpen: one is sent, the probe; how it ends decides.
 */
export type BreakerState = 'Closed' | 'Open' | 'HalfOpen';

/** Leave to send a forward; each is followed by exactly one `record` or `release`. */
export type Leave = 'Forward' | 'Probe';

/**
 * Keeps a pod from asking a candidate that mostly fails. Opens when, of the last 50 forwards since it was closed, more than
 * `maxErrorPercent` failed; 30 s later one probe decides whether it closes, with nothing held against the candidate, or stays open another
 * 30 s. The clock comes in with each call: any that never goes back, in milliseconds.
 */
export class Breaker {
  readonly #failed = new Uint8Array(BREAKER.forwards);
  #recorded = 0;
  #failures = 0;
  #openUntilMs: number | undefined;
  #probing = false;

  /** Leave for one forward; undefined: the pod's own score is the answer. */
  admit(nowMs: number): Leave | undefined {
    if (this.#openUntilMs === undefined) return 'Forward';
    if (nowMs < this.#openUntilMs || this.#probing) return undefined;
    this.#probing = true;
    return 'Probe';
  }

  /**
   * How a forward ended.
   * @param maxErrorPercent of the policy that is followed, 0..100
   */
  record(leave: Leave, succeeded: boolean, nowMs: number, maxErrorPercent: number): void {
    if (leave === 'Probe') {
      this.#probing = false;
      if (succeeded) this.#close();
      else this.#openUntilMs = nowMs + BREAKER.openMs;
      return;
    }
    // Sent before it opened: it says nothing new.
    if (this.#openUntilMs !== undefined) return;
    const slot = this.#recorded % BREAKER.forwards;
    this.#failures += (succeeded ? 0 : 1) - (this.#failed[slot] ?? 0);
    this.#failed[slot] = succeeded ? 0 : 1;
    this.#recorded += 1;
    if (this.#recorded >= BREAKER.forwards && this.#failures * 100 > maxErrorPercent * BREAKER.forwards) this.#openUntilMs = nowMs + BREAKER.openMs;
  }

  /** A forward that was not sent after all. */
  release(leave: Leave): void {
    if (leave === 'Probe') this.#probing = false;
  }

  state(nowMs: number): BreakerState {
    if (this.#openUntilMs === undefined) return 'Closed';
    return nowMs < this.#openUntilMs ? 'Open' : 'HalfOpen';
  }

  #close(): void {
    this.#openUntilMs = undefined;
    this.#failed.fill(0);
    this.#recorded = 0;
    this.#failures = 0;
  }
}
