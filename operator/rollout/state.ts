import type { CandidateHash, PackageDigest } from '../../contracts/digest.ts';

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

/** The version on its way: first inspected, then deployed. */
export type Candidate = Readonly<
  { startedAtMs: number } & (
    | { stage: 'Inspecting'; repository: string; requested: string; inspection: InspectionState }
    | ({ stage: 'Deployed'; identity: VersionIdentity; inspectionKey: string | undefined; message: string | undefined; report: string | undefined } & StartClock)
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

/** All progress of a rollout. It lives in `status` of the ChurnModel, nowhere else (DESIGN section 4, invariant 3). */
export type RolloutState = Readonly<{
  stable: Stable | undefined;
  candidate: Candidate | undefined;
  previous: Previous | undefined;
  /** Undefined for a pinned version, and until `latest` was resolved. */
  latest: Latest | undefined;
  /** Newest first, at most ten. */
  rejected: readonly Rejected[];
}>;

/** A model nobody has worked on yet. */
export const INITIAL_STATE: RolloutState = { stable: undefined, candidate: undefined, previous: undefined, latest: undefined, rejected: [] };

export const MAX_REJECTED = 10;
