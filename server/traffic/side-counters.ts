import type { TrafficState } from '../../contracts/traffic.ts';

/** Upper bounds of the latency buckets in seconds, the same in TrafficState and metrics; fine round the 10 ms that DESIGN section 4 judges. */
export const LATENCY_BOUNDS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/**
 * Counters of one side since a policy revision: requests that reached scoring, those of them that failed by our fault (5xx),
 * and handler times (from the whole body received to the answer written). A caller's mistakes (4xx) say nothing of a version.
 */
export class SideCounters {
  #requests = 0;
  #errors = 0;
  #sumSeconds = 0;
  readonly #buckets = new Float64Array(LATENCY_BOUNDS_SECONDS.length + 1);

  /** @param seconds handler time; undefined where nobody knows it, as of a candidate that never answered */
  count(seconds: number | undefined, failed: boolean): void {
    this.#requests += 1;
    if (failed) this.#errors += 1;
    if (seconds === undefined) return;
    this.#sumSeconds += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS_SECONDS.length && seconds > (LATENCY_BOUNDS_SECONDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  /** The counters as the operator reads them; latency counts are cumulative, as Prometheus' `le` buckets are. */
  snapshot(): TrafficState['sides']['own'] {
    let total = 0;
    const counts = Array.from(this.#buckets, (count) => (total += count));
    return { requests: this.#requests, errors: this.#errors, latency: { boundsSeconds: [...LATENCY_BOUNDS_SECONDS], counts, sumSeconds: this.#sumSeconds } };
  }
}
