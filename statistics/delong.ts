import { CompensatedSum } from './compensated-sum.ts';
import { assertLabelled, assertPaired, scoresOf, type LabelledScores, type PairedScores } from './sample.ts';
import { standings } from './standing.ts';

/** An estimate and the variance of the estimate (not of one observation). */
export type Estimate = Readonly<{ value: number; variance: number }>;

/** How many of a sample are of which class. */
export type Counts = Readonly<{ rows: number; positives: number; negatives: number }>;

/** A class of which a variance needs two, and there are fewer. */
export type TooFew = Readonly<{ state: 'Undefined'; reason: 'TooFewPositives' | 'TooFewNegatives' }>;

/** ROC AUC of one version: `value` 0..1. */
export type AucEstimate = Readonly<{ state: 'Estimated' } & Estimate> | TooFew;

/** ROC AUC of two versions on the same customers, and candidate minus stable, -1..1. */
export type PairEstimate = Readonly<{ state: 'Estimated'; stable: Estimate; candidate: Estimate; covariance: number; difference: Estimate }> | TooFew;

/**
 * ROC AUC with DeLong's variance, ties counted half.
 *
 * With m positives X and n negatives Y, `psi(x, y) = 1 if x > y, 1/2 if x = y, else 0`:
 *
 *     V10_i = mean over j of psi(X_i, Y_j)        V01_j = mean over i of psi(X_i, Y_j)        AUC = mean of V10
 *     variance = S10/m + S01/n,   S10 = sum (V10_i - AUC)^2 / (m - 1),   S01 = sum (V01_j - AUC)^2 / (n - 1)
 *
 * Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845, equations (4) to (6). In O(N log N) instead of O(m n), as
 * Sun & Xu (2014), IEEE Signal Processing Letters 21:1389-1393, have shown; here by binary search in the sorted other class.
 * Error: components are whole numbers until the last step (exact below 2^53, 6e7 of each class), sums are compensated: a few roundings.
 * The variance is 0 where every comparison had the same outcome, and says nothing then: see `exactInterval`.
 * @throws InvalidSample
 */
export function estimateAuc(sample: LabelledScores): AucEstimate {
  assertLabelled(sample);
  return tooFew(countsOf(sample)) ?? { state: 'Estimated', ...aucOf(componentsOf(sample)) };
}

/**
 * ROC AUC of both versions, their covariance, and the difference with its variance, from one pair of scores a customer.
 *
 *     covariance = S10[r,s]/m + S01[r,s]/n,   S10[r,s] = sum (V10_i^r - AUC_r)(V10_i^s - AUC_s) / (m - 1), likewise S01
 *
 * The variance of the difference is that of the components' differences, which equals S11 + S22 - 2 S12 and does not cancel: it is 0, not 1e-19,
 * for versions that rank alike.
 * Source: as `estimateAuc`, equations (5) to (7).
 * @throws InvalidSample
 */
export function estimatePair(pairs: PairedScores): PairEstimate {
  assertPaired(pairs);
  const few = tooFew(countsOf(pairs));
  if (few !== undefined) return few;
  const stable = componentsOf({ positive: pairs.positive, scores: pairs.stable });
  const candidate = componentsOf({ positive: pairs.positive, scores: pairs.candidate });
  const difference: Components = { ofPositives: minus(candidate.ofPositives, stable.ofPositives), ofNegatives: minus(candidate.ofNegatives, stable.ofNegatives) };
  return { state: 'Estimated', stable: aucOf(stable), candidate: aucOf(candidate), covariance: covarianceOf(stable, candidate), difference: aucOf(difference) };
}

/** Rows of each class. */
export function countsOf({ positive }: Readonly<{ positive: Readonly<Uint8Array> }>): Counts {
  let positives = 0;
  for (const label of positive) positives += label;
  return { rows: positive.length, positives, negatives: positive.length - positives };
}

function tooFew({ positives, negatives }: Counts): TooFew | undefined {
  if (positives < 2) return { state: 'Undefined', reason: 'TooFewPositives' };
  if (negatives < 2) return { state: 'Undefined', reason: 'TooFewNegatives' };
  return undefined;
}

/** Structural components as whole numbers: 2n V10 of each positive, and 2m (1 - V01) of each negative, which has the spread of V01. */
type Components = Readonly<{ ofPositives: Float64Array; ofNegatives: Float64Array }>;

function componentsOf(sample: LabelledScores): Components {
  const positives = scoresOf(sample, 1);
  const negatives = scoresOf(sample, 0);
  return { ofPositives: standings(positives, negatives), ofNegatives: standings(negatives, positives) };
}

function aucOf(components: Components): Estimate {
  const { ofPositives, ofNegatives } = components;
  return { value: sumOf(ofPositives) / (2 * ofPositives.length * ofNegatives.length), variance: covarianceOf(components, components) };
}

function covarianceOf(a: Components, b: Components): number {
  const m = a.ofPositives.length;
  const n = a.ofNegatives.length;
  return productMoment(a.ofPositives, b.ofPositives) / ((m - 1) * m * (2 * n) ** 2) + productMoment(a.ofNegatives, b.ofNegatives) / ((n - 1) * n * (2 * m) ** 2);
}

/** Sum of products of the distances from the means; exactly 0 where all numbers of one side are the same. */
function productMoment(a: Readonly<Float64Array>, b: Readonly<Float64Array>): number {
  const meanA = sumOf(a) / a.length;
  const meanB = sumOf(b) / b.length;
  const sum = new CompensatedSum();
  for (let index = 0; index < a.length; index += 1) sum.add(((a[index] ?? Number.NaN) - meanA) * ((b[index] ?? Number.NaN) - meanB));
  return sum.value;
}

/** Exact: whole numbers. */
function sumOf(values: Readonly<Float64Array>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function minus(a: Readonly<Float64Array>, b: Readonly<Float64Array>): Float64Array {
  return a.map((value, index) => value - (b[index] ?? Number.NaN));
}
