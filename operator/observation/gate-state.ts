import type { GateStatus } from '../../contracts/churn-model/status.ts';
import { GateReason } from '../../contracts/reports.ts';
import type { GateFinding, GatePass, GateState } from '../rollout/state.ts';

/** An instant of the status; one that cannot be read counts as long ago. */
export function ms(text: string | undefined): number {
  const value = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(value) ? 0 : value;
}

function findingOf(stored: GateStatus): GateFinding | undefined {
  const { verdict, message, finishedAt, auc, lower, upper, difference, missing, expectedDecisionAt, evidence } = stored;
  const reason = GateReason.safeParse(stored.reason).data;
  if (verdict === undefined || reason === undefined) return undefined;
  return {
    verdict,
    reason,
    message: message ?? '',
    atMs: ms(finishedAt),
    auc: auc === undefined || lower === undefined || upper === undefined ? undefined : { value: auc, lower, upper },
    rows: stored.rows ?? 0,
    positives: stored.positives ?? 0,
    negatives: stored.negatives ?? 0,
    difference,
    missing: missing === undefined ? undefined : { positives: missing.positives, negatives: missing.negatives, labels: missing.labels },
    expectedDecisionAtMs: expectedDecisionAt === undefined ? undefined : ms(expectedDecisionAt),
    evidence,
  };
}

/** A status from before Passes were kept knows of one where the newest look was it. */
function passOf({ passed }: GateStatus, finding: GateFinding | undefined): GatePass | undefined {
  const reason = GateReason.safeParse(passed?.reason).data;
  if (passed !== undefined && reason !== undefined) return { reason, message: passed.message, atMs: ms(passed.at), evidence: passed.evidence };
  if (finding?.verdict !== 'Pass') return undefined;
  return { reason: finding.reason, message: finding.message, atMs: finding.atMs, evidence: finding.evidence };
}

/** The gate as `operator/status/gate-record.ts` wrote it down. A finding whose words are not ours is none: it is found out again. */
export function gateStateOf(stored: GateStatus | undefined): GateState | undefined {
  if (stored === undefined) return undefined;
  const { key, run, failure, nextRunAt, runningSince } = stored;
  const problem = failure === undefined ? undefined : { code: failure.code, message: failure.message, atMs: ms(failure.at) };
  const finding = findingOf(stored);
  const base = { key, run, failures: problem === undefined ? 0 : (stored.failures ?? 1), problem, finding, passed: passOf(stored, finding) };
  if (runningSince !== undefined) return { ...base, state: 'Running', startedAtMs: ms(runningSince) };
  return { ...base, state: 'Resting', nextRunAtMs: nextRunAt === undefined ? undefined : ms(nextRunAt) };
}
