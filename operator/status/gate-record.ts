import type { GateStatus } from '../../contracts/churn-model/status.ts';
import type { GateFinding, GatePass, GateState } from '../rollout/state.ts';
import { boundedText, LONGEST_REJECTION_BYTES } from './bounded-text.ts';
import { instant } from './instant.ts';

function findingRecord(finding: GateFinding): Partial<GateStatus> {
  const { verdict, reason, message, atMs, auc, rows, positives, negatives, difference, missing, expectedDecisionAtMs, evidence } = finding;
  return {
    verdict,
    reason,
    message: boundedText(message, LONGEST_REJECTION_BYTES),
    finishedAt: instant(atMs),
    ...(auc === undefined ? {} : { auc: auc.value, lower: auc.lower, upper: auc.upper }),
    rows,
    positives,
    negatives,
    ...(difference === undefined ? {} : { difference: { ...difference } }),
    ...(missing === undefined ? {} : { missing: { positives: missing.positives, negatives: missing.negatives, ...(missing.labels === undefined ? {} : { labels: missing.labels }) } }),
    ...(expectedDecisionAtMs === undefined ? {} : { expectedDecisionAt: instant(expectedDecisionAtMs) }),
    ...(evidence === undefined ? {} : { evidence: { ...evidence } }),
  };
}

function passRecord({ reason, message, atMs, evidence }: GatePass): GateStatus['passed'] {
  return { at: instant(atMs), reason, message: boundedText(message, LONGEST_REJECTION_BYTES), ...(evidence === undefined ? {} : { evidence: { ...evidence } }) };
}

/** The gate as the status holds it. */
export function gateRecord(gate: GateState): GateStatus {
  const { key, run, failures, problem, finding, passed } = gate;
  return {
    key,
    run,
    ...(gate.state === 'Running' ? { runningSince: instant(gate.startedAtMs) } : gate.nextRunAtMs === undefined ? {} : { nextRunAt: instant(gate.nextRunAtMs) }),
    ...(finding === undefined ? {} : findingRecord(finding)),
    ...(passed === undefined ? {} : { passed: passRecord(passed) }),
    ...(problem === undefined || failures === 0 ? {} : { failures, failure: { code: problem.code, message: boundedText(problem.message, LONGEST_REJECTION_BYTES), at: instant(problem.atMs) } }),
  };
}
