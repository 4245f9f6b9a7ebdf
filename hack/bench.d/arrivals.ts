import type { Random } from '../../operator/runtime/clock.ts';

/**
 * When calls of a slice are sent: so many instants, drawn evenly and sorted, which is a Poisson process of a known count. Callers have no
 * rhythm, and every variant gets the same number of calls.
 * @returns milliseconds from the start, ascending, from 0 up to `durationMs`
 */
export function arrivals(calls: number, durationMs: number, random: Random): Float64Array {
  return Float64Array.from({ length: calls }, () => random() * durationMs).toSorted();
}
