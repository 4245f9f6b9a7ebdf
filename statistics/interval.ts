import type { Counts, Estimate } from './delong.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/**
 * An estimate between two bounds. Each bound is one-sided: it holds by itself with the confidence asked for, so that both together hold with
 * at least 2 * confidence - 1 (0.95 gives what is elsewhere called a 90 % interval).
 */
export type Interval = Readonly<{ value: number; lower: number; upper: number }>;

/** How many standard errors a bound lies off, as a function of the number of labels. */
export type BoundRule = Readonly<{
  /** Chance that a bound is wrong, one-sided: 1 - confidence. Over 0, at most 0.5. */
  alpha: number;
  /** In standard errors, for a sample of so many labels in all. */
  width: (labels: number) => number;
}>;

/** One look at a number of labels that was set beforehand: the normal quantile, whatever the number. */
export function oneLook(confidence: number): BoundRule {
  const width = normalQuantile(confidence);
  return { alpha: 1 - confidence, width: () => width };
}

/** Labels at which the confidence sequence is narrowest compared with one look. Reference simulations: 900 to 1,500 labels decide. */
export const TUNED_FOR_LABELS = 1000;

/**
 * Looks as often as one likes: one-sided asymptotic confidence sequence of a mean, here of the DeLong components. With n labels
 * the bound lies so many standard errors off:
 *
 *     sqrt( 2 (n r + 1) / (n r) * ln(1 + sqrt(n r + 1) / (2 alpha)) ),    r = (-2 ln a + ln(1 - 2 ln a)) / TUNED_FOR_LABELS,   a = 2 alpha
 *
 * The chance that the bound is ever wrong, at any of all looks, is alpha, asymptotically; hence a minimum of labels before the first look.
 * Any r over 0 is valid, so `a` is held at 0.5 or less: the formula would give r = 0 for a confidence of 0.5.
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), Annals of Statistics 52:2613-2640, arXiv 2103.06476, the one-sided
 * Gaussian-mixture boundary and its tuning. That AUC may take the place of a mean: it is asymptotically linear in the components.
 */
export function anyLook(confidence: number): BoundRule {
  const alpha = 1 - confidence;
  const logA = Math.log(Math.min(2 * alpha, 0.5));
  const rate = (-2 * logA + Math.log(1 - 2 * logA)) / TUNED_FOR_LABELS;
  const width = (labels: number): number => {
    const spread = labels * rate;
    return Math.sqrt(2 * (1 + 1 / spread) * Math.log(1 + Math.sqrt(spread + 1) / (2 * alpha)));
  };
  return { alpha, width };
}

/**
 * Bounds of an AUC, made on the logit scale so that they stay within 0..1 and hold near 1, where AUC's own distribution leans:
 * `expit(logit(AUC) -+ width * SE / (AUC (1 - AUC)))`.
 * Source: Pepe (2003), The Statistical Evaluation of Medical Tests for Classification and Prediction, chapter 5.
 * @param auc variance 0 gives `exactInterval`
 */
export function aucInterval(auc: Estimate, counts: Counts, rule: BoundRule): Interval {
  const { value, variance } = auc;
  if (variance === 0) return exactInterval(value, { lowest: 0, highest: 1 }, counts, rule.alpha);
  const half = (rule.width(counts.rows) * Math.sqrt(variance)) / (value * (1 - value));
  return { value, lower: expit(logit(value) - half), upper: expit(logit(value) + half) };
}

/**
 * Bounds of the difference of two AUCs on the same customers: `difference -+ width * SE`, within -1..1.
 * @param difference variance 0 gives `exactInterval`
 */
export function differenceInterval(difference: Estimate, counts: Counts, rule: BoundRule): Interval {
  const { value, variance } = difference;
  if (variance === 0) return exactInterval(value, { lowest: -1, highest: 1 }, counts, rule.alpha);
  const half = rule.width(counts.rows) * Math.sqrt(variance);
  return { value, lower: Math.max(-1, value - half), upper: Math.min(1, value + half) };
}

/**
 * Bounds where DeLong's variance is 0 and knows nothing: every comparison of a positive with a negative came out alike (AUC 1: all in order;
 * 0: all reversed; 1/2: all tied; difference 0: both versions alike).
 *
 * k = min(positives, negatives) of these comparisons share no customer and are independent. If one comes out so with probability p, all do with p^k;
 * hence p >= alpha^(1/k) with confidence 1 - alpha, and whatever the rest of the comparisons does, the mean lies between
 *
 *     lowest + p (value - lowest)   and   highest - p (highest - value),    p = alpha^(1/k)
 *
 * It holds at every look too: "all alike so far" is less likely the longer it lasts. 50 of each give AUC >= 0.942, 149 a difference within 0.02.
 * Source: Clopper & Pearson (1934), Biometrika 26:404-413, for no exception in k trials.
 */
export function exactInterval(value: number, range: Readonly<{ lowest: number; highest: number }>, counts: Counts, alpha: number): Interval {
  const p = alpha ** (1 / Math.min(counts.positives, counts.negatives));
  return { value, lower: range.lowest + p * (value - range.lowest), upper: range.highest - p * (range.highest - value) };
}

/**
 * The chance that the true AUC is below a target, in the sense of the interval: `Phi((logit(target) - logit(AUC)) AUC (1 - AUC) / SE)`. For people.
 * @param target between 0 and 1
 * @returns undefined where the variance is 0
 */
export function chanceBelow({ value, variance }: Estimate, target: number): number | undefined {
  if (variance === 0) return undefined;
  return normalCdf(((logit(target) - logit(value)) * value * (1 - value)) / Math.sqrt(variance));
}

/** `ln(p / (1 - p))` for 0 < p < 1. */
export function logit(p: number): number {
  return Math.log(p) - Math.log1p(-p);
}

/** The p with `logit(p) = x`; 0 and 1 at the infinities. */
export function expit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
