import type { EvaluationRequest } from '../../contracts/evaluation-request.ts';
import type { EvaluationReport } from '../../contracts/reports.ts';
import { lookDue } from '../../statistics/look.ts';
import { evaluatePairs, evaluateVersion } from '../../statistics/evaluation.ts';
import type { Thresholds } from '../../statistics/agreement.ts';
import { pairReport, versionReport } from '../../statistics/gate-report.ts';
import type { GateReport } from '../../statistics/gate-report.ts';
import type { GateRule } from '../../statistics/gate.ts';
import type { PairedScores } from '../../statistics/sample.ts';

/** Why a gate does not look now. */
export type NotDue = Readonly<{ reason: 'TooFewNewLabels' | 'AlreadyLooked'; message: string }>;

/** The rule of a request's gate. */
export function gateRule({ gate: { labels: _labels, ...rule } }: EvaluationRequest): GateRule {
  return rule;
}

/** Thresholds of two cards; the same of a version with none beside it. */
export function thresholdsOf(cards: Readonly<{ candidate: Readonly<{ threshold: number }>; stable?: Readonly<{ threshold: number }> | undefined }>): Thresholds {
  return { candidate: cards.candidate.threshold, stable: (cards.stable ?? cards.candidate).threshold };
}

/** What the numbers say: the only place where a verdict is computed, for the Job and for who verifies it. */
export function judge(pairs: PairedScores, hasStable: boolean, rule: GateRule, thresholds: Thresholds): GateReport {
  if (hasStable) return pairReport(evaluatePairs(pairs, rule, thresholds), rule);
  return versionReport(evaluateVersion({ positive: pairs.positive, scores: pairs.candidate }, rule), rule);
}

/** Why there is nothing to look at, as far as that can be said before anything is read; undefined: something must be read. */
export function notDueUnread({ gate, lastLook, since, horizonMs }: EvaluationRequest, nowMs: number): NotDue | undefined {
  if (lastLook === undefined) return undefined;
  const isOver = lookDue({ mode: gate.mode, rows: Number.MAX_SAFE_INTEGER, last: lastLook });
  if (!isOver.due) return alreadyLooked(lastLook);
  const firstMs = Date.parse(since ?? '') + horizonMs;
  if (gate.labels === 'Feedback' && nowMs < firstMs) return { reason: 'TooFewNewLabels', message: `No prediction is matured before ${instant(firstMs)}.` };
  return undefined;
}

/** Why there is nothing to look at, with so many customers; undefined: the gate looks. */
export function notDue({ gate, lastLook }: EvaluationRequest, rows: number): NotDue | undefined {
  const due = lookDue({ mode: gate.mode, rows, last: lastLook });
  if (due.due || lastLook === undefined) return undefined;
  if (due.reason === 'AlreadyLooked') return alreadyLooked(lastLook);
  return { reason: 'TooFewNewLabels', message: `${rows} customers with a matured outcome; ${lastLook.rows} were looked at last, and the next look comes with 2 % more.` };
}

function alreadyLooked({ at, verdict }: NonNullable<EvaluationRequest['lastLook']>): NotDue {
  return { reason: 'AlreadyLooked', message: `This gate looks once, and did so at ${at}: ${verdict}.` };
}

/** What every report says of what was asked. */
export function askedFields(request: EvaluationRequest): Pick<EvaluationReport, 'schemaVersion' | 'kind' | 'candidateHash' | 'stableHash' | 'labels' | 'mode' | 'confidence'> {
  const { candidate, stable, gate } = request;
  return { schemaVersion: 1, kind: 'EvaluationReport', candidateHash: candidate.hash, ...(stable === undefined ? {} : { stableHash: stable.hash }), labels: gate.labels, mode: gate.mode, confidence: gate.confidence };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
