import type { EvaluationReport } from '../contracts/reports.ts';
import type { Calibration } from './calibration.ts';
import type { Counts } from './delong.ts';
import type { PairEvaluation, VersionEvaluation, VersionQuality } from './evaluation.ts';
import { gateMessage } from './gate-message.ts';
import type { GateDecision, GateFindings, GateRule } from './gate.ts';

/** The fields of an `EvaluationReport` that follow from the numbers alone. */
export type GateReport = Pick<EvaluationReport, 'verdict' | 'reason' | 'message' | 'mode' | 'confidence' | 'stable' | 'difference' | 'agreement' | 'missing' | 'leaning'> & Readonly<{ candidate: NonNullable<EvaluationReport['candidate']> }>;

/** What a gate found about a candidate beside stable, as the report has it: null where a number is undefined. */
export function pairReport(evaluation: PairEvaluation, rule: GateRule): GateReport {
  const { counts, stable, candidate, difference, agreement } = evaluation;
  return {
    ...decisionFields(evaluation.decision, { counts, candidate: candidate.auc, difference }, rule),
    candidate: side(counts, candidate),
    stable: side(counts, stable),
    ...(difference === undefined ? {} : { difference: { ...difference } }),
    ...(agreement === undefined
      ? {}
      : { agreement: { rankCorrelation: agreement.rankCorrelation ?? null, maxDifference: agreement.maxDifference, meanDifference: agreement.meanDifference, disagreement: { ...agreement.disagreement } } }),
  };
}

/** What a gate found about a version with none beside it. */
export function versionReport(evaluation: VersionEvaluation, rule: GateRule): GateReport {
  const { counts, quality, decision } = evaluation;
  return { ...decisionFields(decision, { counts, candidate: quality.auc, difference: undefined }, rule), candidate: side(counts, quality) };
}

function decisionFields(decision: GateDecision, findings: GateFindings, rule: GateRule): Omit<GateReport, 'candidate'> {
  const fields = { verdict: decision.verdict, reason: decision.reason, message: gateMessage(findings, decision, rule), mode: rule.mode, confidence: rule.confidence };
  if (decision.verdict !== 'Inconclusive') return fields;
  const { positives, negatives, labels, leaning } = decision.missing;
  return { ...fields, missing: { positives, negatives, ...(labels === undefined ? {} : { labels }) }, ...(leaning === undefined ? {} : { leaning }) };
}

function side({ rows, positives, negatives }: Counts, { auc, calibration }: VersionQuality): GateReport['candidate'] {
  return { rows, positives, negatives, auc: auc === undefined ? null : { ...auc }, calibration: calibration === undefined ? null : calibrationFields(calibration) };
}

function calibrationFields({ brier, logLoss, expectedCalibrationError, observedToExpected, line }: Calibration) {
  const { intercept, slope } = line.state === 'Fitted' ? line : { intercept: null, slope: null };
  return { brier, logLoss, expectedCalibrationError, observedToExpected: observedToExpected ?? null, intercept, slope };
}
