import type { Interval } from './interval.ts';
import { normalQuantile } from './normal.ts';

/**
 * Two-sided interval of a share. Unlike the plain one it stays within 0..1 and is of use at 0 and at 1.
 * Source: Wilson (1927), JASA 22:209-212.
 * @param hits whole number, 0..trials
 * @param confidence of both bounds together, over 0, below 1
 * @returns undefined of no trials
 */
export function wilsonInterval(hits: number, trials: number, confidence: number): Interval | undefined {
  if (trials === 0) return undefined;
  const share = hits / trials;
  const z = normalQuantile((1 + confidence) / 2);
  const weight = (z * z) / trials;
  const centre = (share + weight / 2) / (1 + weight);
  const half = (z / (1 + weight)) * Math.sqrt((share * (1 - share)) / trials + weight / (4 * trials));
  // At 0 and 1 the bound is the share itself; rounding would put it a hair beyond.
  return { value: share, lower: hits === 0 ? 0 : centre - half, upper: hits === trials ? 1 : centre + half };
}
