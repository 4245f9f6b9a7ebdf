import { agreementOf, type Agreement, type Thresholds } from './agreement.ts';
import { calibrationOf, type Calibration } from './calibration.ts';
import { countsOf, estimateAuc, estimatePair, type Counts, type Estimate } from './delong.ts';
import { boundRuleOf, decideGate, type GateDecision, type GateRule, type Measured } from './gate.ts';
import { aucInterval, differenceInterval, type BoundRule } from './interval.ts';
import type { LabelledScores, PairedScores } from './sample.ts';

/** What the labels say of one version. Undefined: see `estimateAuc`, `calibrationOf`. */
export type VersionQuality = Readonly<{ auc: Measured | undefined; calibration: Calibration | undefined }>;

/** A candidate and stable on the same customers. */
export type PairEvaluation = Readonly<{
  counts: Counts;
  stable: VersionQuality;
  candidate: VersionQuality;
  /** Candidate minus stable. */
  difference: Measured | undefined;
  /** Covariance of the two AUCs. */
  covariance: number | undefined;
  agreement: Agreement | undefined;
  decision: GateDecision;
}>;

/** A version by itself: the first one of a model, or stable in the weekly run. */
export type VersionEvaluation = Readonly<{ counts: Counts; quality: VersionQuality; decision: GateDecision }>;

/**
 * All that a gate wants to know of a candidate beside stable, from one pair of probabilities a customer. O(n log n) in time, O(n) in memory.
 * @param pairs one a customer: its latest matured one. Order matters to nothing beyond the last digits
 * @throws InvalidSample
 */
export function evaluatePairs(pairs: PairedScores, rule: GateRule, thresholds: Thresholds): PairEvaluation {
  const counts = countsOf(pairs);
  const bounds = boundRuleOf(rule);
  const found = estimatePair(pairs);
  const known = found.state === 'Estimated' ? found : undefined;
  const candidate = measuredAuc(known?.candidate, counts, bounds);
  const difference = known === undefined ? undefined : { ...known.difference, ...differenceInterval(known.difference, counts, bounds) };
  return {
    counts,
    stable: { auc: measuredAuc(known?.stable, counts, bounds), calibration: calibrationOf({ positive: pairs.positive, scores: pairs.stable }) },
    candidate: { auc: candidate, calibration: calibrationOf({ positive: pairs.positive, scores: pairs.candidate }) },
    difference,
    covariance: known?.covariance,
    agreement: agreementOf(pairs, thresholds),
    decision: decideGate({ counts, candidate, difference }, rule),
  };
}

/**
 * The same of a version with none to compare it with.
 * @throws InvalidSample
 */
export function evaluateVersion(sample: LabelledScores, rule: GateRule): VersionEvaluation {
  const counts = countsOf(sample);
  const found = estimateAuc(sample);
  const auc = measuredAuc(found.state === 'Estimated' ? found : undefined, counts, boundRuleOf(rule));
  return { counts, quality: { auc, calibration: calibrationOf(sample) }, decision: decideGate({ counts, candidate: auc, difference: undefined }, rule) };
}

function measuredAuc(auc: Estimate | undefined, counts: Counts, bounds: BoundRule): Measured | undefined {
  return auc === undefined ? undefined : { variance: auc.variance, ...aucInterval(auc, counts, bounds) };
}
