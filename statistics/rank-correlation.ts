import { CompensatedSum } from './compensated-sum.ts';
import { standings } from './standing.ts';

/**
 * Spearman's rank correlation with midranks for ties: Pearson's correlation of the ranks. O(n log n).
 * Source: Spearman (1904), American Journal of Psychology 15:72-101; ties as in Kendall (1970), Rank Correlation Methods, chapter 3.
 * Error: ranks are exact, sums compensated: a few roundings.
 * @param a finite
 * @param b finite, as many
 * @returns -1..1, or undefined where all of one side are the same (or there are none): such a side has no order
 */
export function rankCorrelation(a: Readonly<Float64Array>, b: Readonly<Float64Array>): number | undefined {
  // Twice the midrank, less one: the correlation does not see the difference.
  const ranksA = standings(a, a);
  const ranksB = standings(b, b);
  // The mean of all midranks is (n + 1) / 2, ties or not.
  const mean = a.length;
  const products = { ab: new CompensatedSum(), aa: new CompensatedSum(), bb: new CompensatedSum() };
  for (const [index, rank] of ranksA.entries()) {
    const left = rank - mean;
    const right = (ranksB[index] ?? Number.NaN) - mean;
    products.ab.add(left * right);
    products.aa.add(left * left);
    products.bb.add(right * right);
  }
  const scale = Math.sqrt(products.aa.value * products.bb.value);
  if (scale === 0) return undefined;
  return Math.max(-1, Math.min(1, products.ab.value / scale));
}
