import type { CandidateHash, PackageDigest } from '../../contracts/digest.ts';
import type { EvaluationReport, GateReason } from '../../contracts/reports.ts';
import type { TrafficPolicy } from '../../contracts/traffic.ts';

/** An inspected version: what it is, and where it came from. */
export type VersionIdentity = Readonly<{
  repository: string;
  /** `spec.model.version` as it was asked for; differs from `version` for `latest`. */
  requested: string;
  version: string;
  digest: PackageDigest;
  hash: CandidateHash;
  entityColumn: string | null;
  /** ROC AUC on the training side's test set. */
  testAUC: number | undefined;
}>;

/** The version that answers callers. */
export type Stable = VersionIdentity & Readonly<{ startedAtMs: number; /** Since when none of its pods has been ready. */ downSinceMs: number | undefined }>;

/** The version before; it can come back without gates until the rollback window ends. */
export type Previous = VersionIdentity & Readonly<{ replacedAtMs: number }>;

/** Where an inspection stands. */
export type InspectionState = Readonly<
  { key: string; attempt: number } & (
    | { state: 'Running'; last: InspectionProblem | undefined }
    | { state: 'Error'; problem: InspectionProblem; nextTryAtMs: number }
  )
>;

/** Why the last try ended without a verdict. `code` is of the error catalogue. */
export type InspectionProblem = Readonly<{ code: string; message: string; atMs: number; report: string | undefined }>;

/** From when the candidate's pods have their time to become ready. It stands still while something outside holds them up. */
export type StartClock = Readonly<{
  /** When they were asked for, moved on by the time they were held up. */
  deployedAtMs: number;
  heldSinceMs: number | undefined;
  /** Code of what holds them up, so that another cause is told anew. */
  heldBy: string | undefined;
}>;

/** What a candidate beside stable means to stable's callers: nothing (they are mirrored), or so many percent of them are its own. */
export type Exposure = Readonly<{ mode: 'Shadow' } | { mode: 'Canary'; /** Percent of callers, 1..100. */ weight: number; /** From 1. */ step: number; stepStartedAtMs: number | undefined }>;

/** An estimate with the bounds of its interval. */
export type Bounds = Readonly<{ value: number; lower: number; upper: number }>;

/** What the gate found at its newest look: as the report told it, and where the evidence is. */
export type GateFinding = Readonly<{
  verdict: Exclude<EvaluationReport['verdict'], 'Error' | 'NotDue'>;
  reason: GateReason;
  message: string;
  atMs: number;
  /** ROC AUC; undefined with fewer than two of a class. */
  auc: Bounds | undefined;
  rows: number;
  positives: number;
  negatives: number;
  /** AUC of the candidate minus that of stable, on the same customers. */
  difference: Bounds | undefined;
  missing: Readonly<{ positives: number; negatives: number; labels: number | undefined }> | undefined;
  expectedDecisionAtMs: number | undefined;
  evidence: Readonly<{ path: string; sha256: string }> | undefined;
}>;

/** The look by which a gate passed. It latches: looks after it can only fail it (DESIGN section 4, invariant 5). */
export type GatePass = Readonly<Pick<GateFinding, 'reason' | 'message' | 'atMs' | 'evidence'>>;

/** Why a look could not be taken. `code` is of the error catalogue. */
export type GateProblem = Readonly<{ code: string; message: string; atMs: number }>;

/** Where a gate stands. `key` names what its findings depend on; `run` counts its looks and their tries. */
export type GateState = Readonly<
  { key: string; run: number; /** Tries that failed in a row. */ failures: number; problem: GateProblem | undefined; finding: GateFinding | undefined; /** Undefined: no look has passed, or one has failed since. */ passed: GatePass | undefined } & (
    | { state: 'Running'; startedAtMs: number }
    /** `nextRunAtMs` undefined: it has looked, and does not look again; without a finding, what it found is lost, and it looks now. */
    | { state: 'Resting'; nextRunAtMs: number | undefined }
  )
>;

/** Beside stable: how long it can answer, and what that means to callers. */
export type Beside = Readonly<{
  exposure: Exposure;
  /** When all its pods were ready for the first time: Shadow begins. */
  readyAtMs: number | undefined;
  /** Since when, after that, none of its pods has been ready by the version's own fault. */
  downSinceMs: number | undefined;
  /** Undefined until both sides answer. */
  gate: GateState | undefined;
}>;

/** A candidate that has not been ready yet. */
export const UNEXPOSED: Beside = { exposure: { mode: 'Shadow' }, readyAtMs: undefined, downSinceMs: undefined, gate: undefined };

/** The version on its way: first inspected, then deployed. */
export type Candidate = Readonly<
  { startedAtMs: number } & (
    | { stage: 'Inspecting'; repository: string; requested: string; inspection: InspectionState }
    | ({ stage: 'Deployed'; identity: VersionIdentity; inspectionKey: string | undefined; message: string | undefined; report: string | undefined } & StartClock & Beside)
  )
>;

/** Why a version may not come back by applying the same manifest again. */
export type RejectionReason = 'OfflineGateFailed' | 'SchemaIncompatible' | 'NotReady';

export type Rejected = Readonly<{
  version: string;
  hash: string | undefined;
  key: string;
  reason: RejectionReason;
  message: string;
  atMs: number;
}>;

/** What `spec.model.version: latest` is. */
export type Latest = Readonly<{
  /** Inspection key under which it was found out: with another gate, a rejected version is looked at again. */
  key: string;
  version: string;
  /** When it was resolved last; failed tries since do not move it. */
  checkedAtMs: number;
  nextCheckAtMs: number;
  failed: Readonly<{ failures: number; code: string; message: string }> | undefined;
}>;

/** What a traffic policy says, whichever revision it has. */
export type PolicyTerms = Readonly<Omit<TrafficPolicy, 'schemaVersion' | 'revision'>>;

/** The newest traffic policy that was decided on. `terms` undefined: that no pod has one. */
export type PolicyRecord = Readonly<{ revision: number; writtenAtMs: number; terms: PolicyTerms | undefined }>;

/** All progress of a rollout. It lives in `status` of the ChurnModel, nowhere else (DESIGN section 4, invariant 3). */
export type RolloutState = Readonly<{
  stable: Stable | undefined;
  candidate: Candidate | undefined;
  previous: Previous | undefined;
  /** Undefined for a pinned version, and until `latest` was resolved. */
  latest: Latest | undefined;
  /** Undefined until the first rollout beside stable; then for good, as revisions grow from rollout to rollout. */
  policy: PolicyRecord | undefined;
  /** Newest first, at most ten. */
  rejected: readonly Rejected[];
}>;

/** A model nobody has worked on yet. */
export const INITIAL_STATE: RolloutState = { stable: undefined, candidate: undefined, previous: undefined, latest: undefined, policy: undefined, rejected: [] };

export const MAX_REJECTED = 10;
