import { InvalidSample, scoresOf } from './sample.ts';
import { standings } from './standing.ts';

/**
 * Area under the ROC curve, exactly, ties counted half: the Mann-Whitney statistic, O(n log n).
 * Source: Bamber (1975), J. Math. Psychol. 12:387-415. Error: rounding of one division; sums of half-integers are exact below 2^52.
 * @param scores finite numbers, larger means more likely positive
 * @param positive for each score, whether the outcome happened; same length
 * @returns 0..1, or undefined where one of the classes is empty
 * @throws InvalidSample
 */
export function rocAuc(scores: Readonly<ArrayLike<number>>, positive: Readonly<ArrayLike<boolean>>): number | undefined {
  if (scores.length !== positive.length) throw new InvalidSample('LengthsDiffer', `${positive.length} labels and ${scores.length} scores: expected one a label`);
  const sample = { positive: Uint8Array.from(positive, (happened) => (happened ? 1 : 0)), scores: Float64Array.from(scores) };
  if (!sample.scores.every((score) => Number.isFinite(score))) throw new InvalidSample('ScoreNotFinite', 'scores must be finite');
  const positives = scoresOf(sample, 1);
  const negatives = scoresOf(sample, 0);
  if (positives.length === 0 || negatives.length === 0) return undefined;
  return standings(positives, negatives).reduce((sum, twice) => sum + twice, 0) / (2 * positives.length * negatives.length);
}
