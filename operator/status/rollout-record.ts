import type { CandidateVersion, ChurnModelStatus, Inspection, LatestVersion, RejectedVersion, TrafficStatus } from '../../contracts/churn-model/status.ts';
import type { Beside, Candidate, InspectionState, Latest, PolicyRecord, Rejected, RolloutState, VersionIdentity } from '../rollout/state.ts';
import { boundedText, LONGEST_MESSAGE_BYTES, LONGEST_REJECTION_BYTES } from './bounded-text.ts';
import { gateRecord } from './gate-record.ts';
import { instant } from './instant.ts';

function identityRecord(identity: VersionIdentity) {
  const { repository, requested, version, digest, hash, entityColumn, testAUC } = identity;
  return { repository, requested, version, digest, hash, ...(entityColumn === null ? {} : { entityColumn }), ...(testAUC === undefined ? {} : { testAUC }) };
}

function inspectionRecord(inspection: InspectionState): Inspection {
  const { key, attempt } = inspection;
  const problem = inspection.state === 'Error' ? inspection.problem : inspection.last;
  return {
    key,
    attempt,
    ...(problem === undefined ? {} : { verdict: 'Error', code: problem.code, message: boundedText(problem.message, LONGEST_MESSAGE_BYTES), finishedAt: instant(problem.atMs), ...(problem.report === undefined ? {} : { report: problem.report }) }),
    ...(inspection.state === 'Error' ? { nextTryAt: instant(inspection.nextTryAtMs) } : {}),
  };
}

function candidateRecord(candidate: Candidate): CandidateVersion {
  const startedAt = instant(candidate.startedAtMs);
  if (candidate.stage === 'Inspecting') {
    const { repository, requested, inspection } = candidate;
    return { repository, requested, version: requested, startedAt, inspection: inspectionRecord(inspection) };
  }
  const { identity, inspectionKey, heldSinceMs, heldBy, message, report } = candidate;
  const passed: Inspection | undefined =
    inspectionKey === undefined
      ? undefined
      : { key: inspectionKey, attempt: 1, verdict: 'Pass', ...(message === undefined ? {} : { message: boundedText(message, LONGEST_MESSAGE_BYTES) }), ...(report === undefined ? {} : { report }) };
  return { ...identityRecord(identity), startedAt, deployedAt: instant(candidate.deployedAtMs), ...(heldSinceMs === undefined ? {} : { heldAt: instant(heldSinceMs) }), ...(heldBy === undefined ? {} : { heldBy }), ...besideRecord(candidate), ...(passed === undefined ? {} : { inspection: passed }) };
}

function besideRecord({ exposure, readyAtMs, downSinceMs, gate }: Beside): Pick<CandidateVersion, 'readyAt' | 'downSince' | 'step' | 'stepStartedAt' | 'weight' | 'gate'> {
  const clocks = { ...(gate === undefined ? {} : { gate: gateRecord(gate) }), ...(readyAtMs === undefined ? {} : { readyAt: instant(readyAtMs) }), ...(downSinceMs === undefined ? {} : { downSince: instant(downSinceMs) }) };
  if (exposure.mode === 'Shadow') return { ...clocks, weight: 0 };
  const { weight, step, stepStartedAtMs } = exposure;
  return { ...clocks, step, ...(stepStartedAtMs === undefined ? {} : { stepStartedAt: instant(stepStartedAtMs) }), weight };
}

function trafficRecord({ revision, writtenAtMs, terms }: PolicyRecord): TrafficStatus {
  return { revision, writtenAt: instant(writtenAtMs), ...(terms === undefined ? {} : { policy: { ...terms } }) };
}

function rejectedRecord(rejected: Rejected): RejectedVersion {
  const { version, hash, key, reason, message } = rejected;
  return { version, ...(hash === undefined ? {} : { hash }), key, reason, message: boundedText(message, LONGEST_REJECTION_BYTES), at: instant(rejected.atMs) };
}

function latestRecord({ key, version, checkedAtMs, nextCheckAtMs, failed }: Latest): LatestVersion {
  const failure = failed === undefined ? {} : { failures: failed.failures, code: failed.code, message: boundedText(failed.message, LONGEST_REJECTION_BYTES) };
  return { key, version, checkedAt: instant(checkedAtMs), nextCheckAt: instant(nextCheckAtMs), ...failure };
}

/** The rollout's progress as the status holds it; `operator/observation/rollout-state.ts` reads it back. */
export function rolloutRecord(state: RolloutState): Pick<ChurnModelStatus, 'stable' | 'candidate' | 'previous' | 'latest' | 'traffic' | 'rejected'> {
  const { stable, candidate, previous, latest, policy, rejected } = state;
  return {
    ...(stable === undefined ? {} : { stable: { ...identityRecord(stable), startedAt: instant(stable.startedAtMs), ...(stable.downSinceMs === undefined ? {} : { downSince: instant(stable.downSinceMs) }) } }),
    ...(candidate === undefined ? {} : { candidate: candidateRecord(candidate) }),
    ...(previous === undefined ? {} : { previous: { ...identityRecord(previous), replacedAt: instant(previous.replacedAtMs) } }),
    ...(latest === undefined ? {} : { latest: latestRecord(latest) }),
    ...(policy === undefined ? {} : { traffic: trafficRecord(policy) }),
    ...(rejected.length === 0 ? {} : { rejected: rejected.map(rejectedRecord) }),
  };
}
