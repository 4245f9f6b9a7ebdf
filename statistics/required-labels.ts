import type { Counts, Estimate } from './delong.ts';
import { logit, type BoundRule } from './interval.ts';
import { normalQuantile } from './normal.ts';

/** Nobody waits for more. */
const MOST_LABELS = 1e9;

/**
 * Variance of an AUC before there is any score, from the AUC and the class sizes alone:
 *
 *     [A (1-A) + (m-1)(Q1 - A^2) + (n-1)(Q2 - A^2)] / (m n),   Q1 = A/(2-A),   Q2 = 2 A^2/(1+A)
 *
 * Source: Hanley & McNeil (1982), Radiology 143:29-36. On Telco 20 % larger a standard error than DeLong's: it errs towards more labels.
 * @param auc 0..1
 * @param positives over 0, not necessarily whole; likewise `negatives`
 */
export function hanleyMcNeilVariance(auc: number, positives: number, negatives: number): number {
  const square = auc * auc;
  const q1 = auc / (2 - auc);
  const q2 = (2 * square) / (1 + auc);
  return (auc * (1 - auc) + (positives - 1) * (q1 - square) + (negatives - 1) * (q2 - square)) / (positives * negatives);
}

/**
 * How many labels a gate needs to prove `minAUC`, before there are any: so that the lower bound is expected to reach it, with `power` on top.
 * @param input.auc what the model is believed to have, for instance the card's test AUC; over 0.5, below 1
 * @param input.prevalence share of positives, between 0 and 1
 * @param input.power chance of a Pass once there are so many labels, 0.5 (default: at the expected value) to 1
 * @returns labels in all, or undefined where `auc` is not above `minAUC` or a thousand million would not do
 */
export function requiredLabels(input: Readonly<{ auc: number; minAUC: number; prevalence: number; rule: BoundRule; power?: number }>): number | undefined {
  const { auc, minAUC, prevalence, rule, power = 0.5 } = input;
  const distance = logit(auc) - logit(minAUC);
  if (!(distance > 0)) return undefined;
  const spare = normalQuantile(power);
  return smallest(1, (labels) => {
    const deviation = Math.sqrt(hanleyMcNeilVariance(auc, prevalence * labels, (1 - prevalence) * labels)) / (auc * (1 - auc));
    return (rule.width(labels) + spare) * deviation <= distance;
  });
}

/** A value that a bound must reach: `value` is estimated, `target` is to be proven or refuted; `lowest` and `highest` of all values there are. */
export type Goal = Readonly<{ estimate: Estimate; target: number; range: Readonly<{ lowest: number; highest: number }>; scale: 'Logit' | 'Plain' }>;

/**
 * How many labels in all bring the bound to the target, should estimate, spread and share of positives stay what they are: the lower bound where
 * the estimate lies above, the upper one where it lies below.
 * @param counts of the sample behind the estimate
 * @returns at least `counts.rows`; undefined on the target itself, or where a thousand million would not do
 */
export function labelsToReach(goal: Goal, counts: Counts, rule: BoundRule): number | undefined {
  const { estimate, target } = goal;
  if (estimate.value === target) return undefined;
  if (estimate.variance === 0) return labelsToReachExactly(goal, counts, rule);
  const logitScale = goal.scale === 'Logit';
  const distance = Math.abs(logitScale ? logit(estimate.value) - logit(target) : estimate.value - target);
  const deviation = Math.sqrt(counts.rows * estimate.variance) / (logitScale ? estimate.value * (1 - estimate.value) : 1);
  return smallest(counts.rows, (labels) => (rule.width(labels) * deviation) / Math.sqrt(labels) <= distance);
}

/** The same for `exactInterval`. */
function labelsToReachExactly({ estimate, target, range }: Goal, counts: Counts, rule: BoundRule): number | undefined {
  const { value } = estimate;
  const share = value > target ? (target - range.lowest) / (value - range.lowest) : (range.highest - target) / (range.highest - value);
  const comparisons = share === 0 ? 1 : Math.log(rule.alpha) / Math.log(share);
  const labels = Math.ceil((comparisons * counts.rows) / Math.min(counts.positives, counts.negatives));
  return labels > MOST_LABELS ? undefined : Math.max(counts.rows, labels);
}

/** Smallest whole number from `from` on that is enough; more is enough, too. */
function smallest(from: number, isEnough: (labels: number) => boolean): number | undefined {
  if (isEnough(from)) return from;
  let low = from;
  let high = 2 * from;
  while (!isEnough(high)) {
    if (high > MOST_LABELS) return undefined;
    [low, high] = [high, 2 * high];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
