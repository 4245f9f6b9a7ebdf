import type { Gate, GateMode } from '../contracts/churn-model/rollout.ts';
import type { Counts, Estimate } from './delong.ts';
import { anyLook, oneLook, type BoundRule, type Interval } from './interval.ts';
import { labelsToReach, type Goal } from './required-labels.ts';

/** What a candidate must prove, and how it is looked at: the fields of `spec.rollout.gate` that decide. */
export type GateRule = Readonly<Pick<Gate, 'minAUC' | 'confidence' | 'maxRegression' | 'minPositives' | 'minNegatives'> & { mode: GateMode }>;

/** An estimate with its variance and its bounds. */
export type Measured = Readonly<Estimate & Interval>;

/** What a gate looks at. */
export type GateFindings = Readonly<{
  counts: Counts;
  /** ROC AUC of the candidate; undefined with fewer than two of a class. */
  candidate: Measured | undefined;
  /** Candidate minus stable on the same customers; undefined where there is no stable version, or too few of a class. */
  difference: Measured | undefined;
}>;

/** What is missing of a verdict, and what it will be. `labels`: about so many more, should the estimates stay; undefined: nobody can say. */
export type Missing = Readonly<{ positives: number; negatives: number; labels: number | undefined; leaning: 'Pass' | 'Fail' | undefined }>;

/** A verdict with its reason; Inconclusive says what is missing. */
export type GateDecision =
  | Readonly<{ verdict: 'Pass'; reason: 'Proven' | 'EstimatePassed' }>
  | Readonly<{ verdict: 'Fail'; reason: 'AUCTooLow' | 'WorseThanStable' }>
  | Readonly<{ verdict: 'Inconclusive'; reason: 'TooFewLabels' | 'AUCNotProven' | 'RegressionNotExcluded'; missing: Missing }>;

/** How far the bounds of a mode lie off. Point shows those of one look; they do not decide. */
export function boundRuleOf({ mode, confidence }: Readonly<{ mode: GateMode; confidence: number }>): BoundRule {
  return mode === 'Anytime' ? anyLook(confidence) : oneLook(confidence);
}

/**
 * The verdict of DESIGN section 5. First there must be enough of each class; then, in this order,
 *
 *     Fail          upper bound of the AUC < minAUC,  or upper bound of the difference < -maxRegression
 *     Pass          lower bound of the AUC >= minAUC  and lower bound of the difference > -maxRegression
 *     Inconclusive  else
 *
 * and for Point the same of the estimates themselves, where the difference may equal -maxRegression: what may be lost may be lost.
 * A candidate below minAUC, or worse than stable by maxRegression or more, passes with a chance of at most 1 - confidence: a Pass needs every
 * bound, and one of them would be wrong. A candidate that may pass fails with a chance of at most twice that.
 */
export function decideGate(findings: GateFindings, rule: GateRule): GateDecision {
  const { counts, candidate, difference } = findings;
  const short = { positives: Math.max(0, rule.minPositives - counts.positives), negatives: Math.max(0, rule.minNegatives - counts.negatives) };
  if (short.positives > 0 || short.negatives > 0 || candidate === undefined) {
    return { verdict: 'Inconclusive', reason: 'TooFewLabels', missing: { ...short, labels: labelsUntilCounted(counts, rule), leaning: undefined } };
  }
  const least = -rule.maxRegression;
  if (rule.mode === 'Point') {
    if (candidate.value < rule.minAUC) return { verdict: 'Fail', reason: 'AUCTooLow' };
    if (difference !== undefined && difference.value < least) return { verdict: 'Fail', reason: 'WorseThanStable' };
    return { verdict: 'Pass', reason: 'EstimatePassed' };
  }
  if (candidate.upper < rule.minAUC) return { verdict: 'Fail', reason: 'AUCTooLow' };
  if (difference !== undefined && difference.upper < least) return { verdict: 'Fail', reason: 'WorseThanStable' };
  const aucProven = candidate.lower >= rule.minAUC;
  const regressionExcluded = difference === undefined || difference.lower > least;
  if (aucProven && regressionExcluded) return { verdict: 'Pass', reason: 'Proven' };
  return { verdict: 'Inconclusive', reason: aucProven ? 'RegressionNotExcluded' : 'AUCNotProven', missing: { ...short, ...forecast(goalsOf(candidate, difference, rule), counts, rule) } };
}

function goalsOf(candidate: Measured, difference: Measured | undefined, rule: GateRule): readonly Goal[] {
  const auc: Goal = { estimate: candidate, target: rule.minAUC, range: { lowest: 0, highest: 1 }, scale: 'Logit' };
  return difference === undefined ? [auc] : [auc, { estimate: difference, target: -rule.maxRegression, range: { lowest: -1, highest: 1 }, scale: 'Plain' }];
}

/** A Pass needs every goal, a Fail one of them. At least one more label: the present ones have not decided. */
function forecast(goals: readonly Goal[], counts: Counts, rule: GateRule): Pick<Missing, 'labels' | 'leaning'> {
  const needed = (goal: Goal): number => labelsToReach(goal, counts, boundRuleOf(rule)) ?? Number.POSITIVE_INFINITY;
  const failing = goals.filter(({ estimate, target }) => estimate.value < target);
  const total = failing.length > 0 ? Math.min(...failing.map(needed)) : Math.max(...goals.map(needed));
  if (!Number.isFinite(total)) return { labels: undefined, leaning: undefined };
  return { labels: Math.max(1, total - counts.rows), leaning: failing.length > 0 ? 'Fail' : 'Pass' };
}

/** How many more labels bring both classes to their minimum, at the share of positives so far; undefined before there is one of each. */
function labelsUntilCounted({ rows, positives, negatives }: Counts, { minPositives, minNegatives }: GateRule): number | undefined {
  if (positives === 0 || negatives === 0) return undefined;
  const total = Math.max((minPositives * rows) / positives, (minNegatives * rows) / negatives);
  return Math.max(1, Math.ceil(total) - rows);
}
