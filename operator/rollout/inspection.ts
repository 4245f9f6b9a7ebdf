import { isCandidateHash, isPackageDigest } from '../../contracts/digest.ts';
import { LATEST } from '../../contracts/names.ts';
import type { InspectionReport } from '../../contracts/reports.ts';
import type { InspectionJob } from './facts.ts';
import type { InspectionState, RejectionReason, VersionIdentity } from './state.ts';

const FIRST_RETRY_MS = 10_000;
/** Longest wait between two tries. */
export const LONGEST_RETRY_MS = 300_000;

/** Wait after the given failed try: 10 s doubling to 5 min. A store that is back is noticed within 5 minutes, whoever is away. */
export function retryDelayMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_RETRY_MS);
}

/** A Job without a pod for this long has one that is refused. */
export const NO_POD_MS = 30_000;

export type InspectionMove = Readonly<
  | { move: 'Wait'; inspection: InspectionState; recheckMs: number | undefined }
  /** A try ended without a verdict just now. */
  | { move: 'Errored'; inspection: InspectionState & { state: 'Error' } }
  | { move: 'Retry'; inspection: InspectionState & { state: 'Running' } }
  | { move: 'Pass'; identity: VersionIdentity; message: string; report: string | undefined }
  /** `latest` is a version that is decided about already. */
  | { move: 'Unchanged'; version: string; message: string }
  | { move: 'Fail'; reason: RejectionReason; message: string; version: string; hash: string | undefined }
>;

/**
 * The next move of an inspection. Error is not Fail: it is tried again, for ever, backing off (DESIGN section 4, invariant 6).
 * @param input.job of this key and attempt
 */
export function decideInspection(input: {
  readonly nowMs: number;
  readonly repository: string;
  readonly requested: string;
  readonly inspection: InspectionState;
  readonly job: InspectionJob;
}): InspectionMove {
  const { inspection, job, nowMs } = input;
  if (inspection.state === 'Error') {
    const leftMs = inspection.nextTryAtMs - nowMs;
    // A clock that jumped back must not make the wait longer than any wait we set.
    if (leftMs > 0 && leftMs <= LONGEST_RETRY_MS) return { move: 'Wait', inspection, recheckMs: leftMs };
    return { move: 'Retry', inspection: { key: inspection.key, attempt: inspection.attempt + 1, state: 'Running', last: inspection.problem } };
  }
  switch (job.state) {
    case 'Absent':
      return { move: 'Wait', inspection, recheckMs: undefined };
    case 'Running':
      // A pod that quota or admission refuses wakes nobody.
      return { move: 'Wait', inspection, recheckMs: NO_POD_MS };
    case 'Broken':
      return errored(inspection, nowMs, { code: 'InspectionBroken', message: job.message, atMs: job.finishedAtMs, report: undefined });
    case 'Finished':
      return judged(input, job.report, job.finishedAtMs);
  }
}

function errored(inspection: InspectionState, nowMs: number, problem: (InspectionState & { state: 'Error' })['problem']): InspectionMove {
  const { key, attempt } = inspection;
  return { move: 'Errored', inspection: { key, attempt, state: 'Error', problem, nextTryAtMs: nowMs + retryDelayMs(attempt) } };
}

function judged(input: Parameters<typeof decideInspection>[0], report: InspectionReport, finishedAtMs: number): InspectionMove {
  const { inspection, nowMs, repository, requested } = input;
  const path = report.report?.path;
  switch (report.verdict) {
    case 'Error':
      return errored(inspection, nowMs, { code: report.code ?? report.reason, message: report.message, atMs: finishedAtMs, report: path });
    case 'Unchanged':
      if (report.version === undefined || requested !== LATEST) return errored(inspection, nowMs, { code: 'InspectionBroken', message: 'the report finds nothing new where a version was named', atMs: finishedAtMs, report: path });
      return { move: 'Unchanged', version: report.version, message: report.message };
    case 'Fail':
      return {
        move: 'Fail',
        reason: report.reason === 'SchemaIncompatible' ? 'SchemaIncompatible' : 'OfflineGateFailed',
        message: report.message,
        version: report.version ?? requested,
        hash: report.candidateHash,
      };
    case 'Pass': {
      const { packageDigest, candidateHash, version, entityColumn, testAUC } = report;
      if (version === undefined || packageDigest === undefined || candidateHash === undefined || !isPackageDigest(packageDigest) || !isCandidateHash(candidateHash)) {
        return errored(inspection, nowMs, { code: 'InspectionBroken', message: 'the report passes but names no version, digest or hash', atMs: finishedAtMs, report: path });
      }
      return {
        move: 'Pass',
        identity: { repository, requested, version, digest: packageDigest, hash: candidateHash, entityColumn: entityColumn ?? null, testAUC: testAUC?.value },
        message: report.message,
        report: path,
      };
    }
  }
}
