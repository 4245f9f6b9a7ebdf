import * as fc from 'fast-check';
import type { PairedScores } from '../../../statistics/sample.ts';

/** Pairs from plain lists; without `candidate` both versions score alike. */
export function pairsOf(positive: readonly number[], stable: readonly number[], candidate: readonly number[] = stable): PairedScores {
  return { positive: Uint8Array.from(positive), stable: Float64Array.from(stable), candidate: Float64Array.from(candidate) };
}

// Of a grid, so that halves and differences of scores are exact.
const probability = fc.oneof(fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8), fc.integer({ min: 0, max: 2 ** 20 }).map((parts) => parts / 2 ** 20));

/** Pairs of probabilities with many ties, at least two of each class. */
export const pairSamples: fc.Arbitrary<PairedScores> = fc
  .array(fc.record({ positive: fc.integer({ min: 0, max: 1 }), stable: probability, candidate: probability }), { minLength: 0, maxLength: 40 })
  .map((rows) => [...rows, ...[0, 0, 1, 1].map((positive, index) => ({ positive, stable: index / 4, candidate: (index * 3) % 4 === 0 ? 0.2 : 0.6 }))])
  .map((rows) => pairsOf(rows.map((row) => row.positive), rows.map((row) => row.stable), rows.map((row) => row.candidate)));
