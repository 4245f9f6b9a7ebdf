import type { TrafficState } from '../../contracts/traffic.ts';
import type { BreakerState } from './breaker.ts';
import { SideCounters } from './side-counters.ts';

type CandidateSide = NonNullable<TrafficState['sides']['candidate']>;

/** What this pod has seen of the candidate since a policy revision. */
export class CandidateTally {
  readonly #sent = new SideCounters();
  #fallbacks = 0;
  #dropped = 0;

  /**
   * A request that was sent.
   * @param seconds the candidate's own handler time, where it told it
   * @param failed it brought no score by the candidate's fault
   */
  sent(seconds: number | undefined, failed: boolean): void {
    this.#sent.count(seconds, failed);
  }

  /** Rows that the candidate was to answer, and that were answered with this pod's own score. */
  fellBack(rows: number): void {
    this.#fallbacks += rows;
  }

  /** A request that was to be mirrored, for which there was no room. */
  dropped(): void {
    this.#dropped += 1;
  }

  snapshot(breaker: BreakerState): CandidateSide {
    return { ...this.#sent.snapshot(), fallbacks: this.#fallbacks, dropped: this.#dropped, breaker };
  }
}
