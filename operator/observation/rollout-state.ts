import type { CandidateVersion, ChurnModelStatus, Inspection, LatestVersion, PreviousVersion, RejectedVersion, StableVersion, TrafficStatus } from '../../contracts/churn-model/status.ts';
import { isCandidateHash, isPackageDigest } from '../../contracts/digest.ts';
import { INITIAL_STATE, type Beside, type Candidate, type InspectionState, type Latest, type PolicyRecord, type Previous, type Rejected, type RejectionReason, type RolloutState, type Stable, type VersionIdentity } from '../rollout/state.ts';
import { gateStateOf, ms } from './gate-state.ts';

type StoredIdentity = Pick<StableVersion, 'repository' | 'requested' | 'version' | 'entityColumn' | 'testAUC'> & { readonly digest?: string | undefined; readonly hash?: string | undefined };

function identityOf(stored: StoredIdentity | undefined): VersionIdentity | undefined {
  if (stored?.digest === undefined || stored.hash === undefined || !isPackageDigest(stored.digest) || !isCandidateHash(stored.hash)) return undefined;
  const { repository, requested, version, digest, hash, testAUC } = stored;
  return { repository, requested, version, digest, hash, entityColumn: stored.entityColumn ?? null, testAUC };
}

function stableOf(stored: StableVersion | undefined): Stable | undefined {
  const identity = identityOf(stored);
  return identity === undefined || stored === undefined ? undefined : { ...identity, startedAtMs: ms(stored.startedAt), downSinceMs: stored.downSince === undefined ? undefined : ms(stored.downSince) };
}

function previousOf(stored: PreviousVersion | undefined): Previous | undefined {
  const identity = identityOf(stored);
  return identity === undefined || stored === undefined ? undefined : { ...identity, replacedAtMs: ms(stored.replacedAt) };
}

function inspectionOf(stored: Inspection): InspectionState {
  const { key, attempt, code, message } = stored;
  const problem = code === undefined || message === undefined ? undefined : { code, message, atMs: ms(stored.finishedAt), report: stored.report };
  if (stored.nextTryAt !== undefined && problem !== undefined) return { key, attempt, state: 'Error', problem, nextTryAtMs: ms(stored.nextTryAt) };
  return { key, attempt, state: 'Running', last: problem };
}

function candidateOf(stored: CandidateVersion | undefined): Candidate | undefined {
  if (stored === undefined) return undefined;
  const startedAtMs = ms(stored.startedAt);
  const identity = identityOf(stored);
  const { inspection } = stored;
  if (identity !== undefined) {
    const { key: inspectionKey, message, report } = inspection ?? {};
    const heldSinceMs = stored.heldAt === undefined ? undefined : ms(stored.heldAt);
    return { stage: 'Deployed', identity, inspectionKey, startedAtMs, deployedAtMs: ms(stored.deployedAt ?? stored.startedAt), heldSinceMs, heldBy: stored.heldBy, message, report, ...besideOf(stored) };
  }
  if (inspection === undefined) return undefined;
  return { stage: 'Inspecting', repository: stored.repository, requested: stored.requested, startedAtMs, inspection: inspectionOf(inspection) };
}

/** A weight is what makes a canary: who gives one moves callers. */
function besideOf({ weight, step, stepStartedAt, readyAt, downSince, gate }: CandidateVersion): Beside {
  const clocks = { gate: gateStateOf(gate), readyAtMs: readyAt === undefined ? undefined : ms(readyAt), downSinceMs: downSince === undefined ? undefined : ms(downSince) };
  if (weight === undefined || weight === 0) return { ...clocks, exposure: { mode: 'Shadow' } };
  return { ...clocks, exposure: { mode: 'Canary', weight, step: step ?? 1, stepStartedAtMs: stepStartedAt === undefined ? undefined : ms(stepStartedAt) } };
}

function policyOf(stored: TrafficStatus | undefined): PolicyRecord | undefined {
  if (stored === undefined) return undefined;
  const { revision, writtenAt, policy } = stored;
  return { revision, writtenAtMs: ms(writtenAt), terms: policy };
}

function latestOf(stored: LatestVersion | undefined): Latest | undefined {
  if (stored === undefined) return undefined;
  const { key, version, failures, code, message } = stored;
  const failed = failures === undefined || code === undefined || message === undefined ? undefined : { failures, code, message };
  return { key, version, checkedAtMs: ms(stored.checkedAt), nextCheckAtMs: ms(stored.nextCheckAt), failed };
}

const REJECTIONS: Readonly<Record<string, RejectionReason>> = { OfflineGateFailed: 'OfflineGateFailed', SchemaIncompatible: 'SchemaIncompatible', NotReady: 'NotReady' };

function rejectedOf(stored: RejectedVersion): Rejected {
  const { version, hash, key, message } = stored;
  return { version, hash, key, reason: REJECTIONS[stored.reason] ?? 'NotReady', message, atMs: ms(stored.at) };
}

/** The rollout's progress as the status holds it. A record that cannot be read is as good as none: it is found out again. */
export function rolloutStateOf(status: ChurnModelStatus | undefined): RolloutState {
  if (status === undefined) return INITIAL_STATE;
  return {
    stable: stableOf(status.stable),
    candidate: candidateOf(status.candidate),
    previous: previousOf(status.previous),
    latest: latestOf(status.latest),
    policy: policyOf(status.traffic),
    rejected: (status.rejected ?? []).map(rejectedOf),
  };
}
