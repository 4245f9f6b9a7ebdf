import { candidateHash, packageDigest } from '../../../../contracts/digest.ts';
import type { EvaluationReport, InspectionReport } from '../../../../contracts/reports.ts';
import type { Facts, InspectionJob, PodProblem, VersionPods, Wanted, WantedGate, WantedTraffic } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, UNEXPOSED, type Candidate, type GateFinding, type InspectionState, type Latest, type Previous, type Rejected, type Stable, type VersionIdentity } from '../../../../operator/rollout/state.ts';

/** The instant at which tables look. */
export const NOW_MS = Date.parse('2026-11-21T07:00:00.000Z');
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const REPOSITORY = 's3://churn/models/telco-churn';

/** An inspected version; every name has digests of its own. */
export function identity(version: string, over: Partial<VersionIdentity> = {}): VersionIdentity {
  const digest = packageDigest({ version });
  return { repository: REPOSITORY, requested: version, version, digest, hash: candidateHash(digest, 'customerID'), entityColumn: 'customerID', testAUC: 0.84, ...over };
}

export function stable(version: string, over: Partial<Stable> = {}): Stable {
  return { ...identity(version), startedAtMs: NOW_MS - HOUR_MS, downSinceMs: undefined, ...over };
}

export function previous(version: string, over: Partial<Previous> = {}): Previous {
  return { ...identity(version), replacedAtMs: NOW_MS - HOUR_MS, ...over };
}

/** Key of an inspection of the version with all else equal. */
export function keyOf(version: string): string {
  return `key-of-${version}`;
}

export function inspecting(version: string, inspection: InspectionState = { key: keyOf(version), attempt: 1, state: 'Running', last: undefined }): Candidate & { stage: 'Inspecting' } {
  return { stage: 'Inspecting', repository: REPOSITORY, requested: version, startedAtMs: NOW_MS - MINUTE_MS, inspection };
}

export function deployed(version: string, over: Partial<Candidate & { stage: 'Deployed' }> = {}): Candidate & { stage: 'Deployed' } {
  return {
    stage: 'Deployed',
    identity: identity(version),
    inspectionKey: keyOf(version),
    startedAtMs: NOW_MS - 2 * MINUTE_MS,
    deployedAtMs: NOW_MS - MINUTE_MS,
    heldSinceMs: undefined,
    heldBy: undefined,
    message: 'passed',
    report: undefined,
    ...UNEXPOSED,
    ...over,
  };
}

const EVALUATION_REASONS = { Pass: 'Proven', Fail: 'AUCTooLow', Inconclusive: 'TooFewLabels', NotDue: 'TooFewNewLabels', Error: 'EvaluationFailed' } as const;

/** What an evaluation reports of a candidate. */
export function evaluation(hash: string, verdict: EvaluationReport['verdict'], finishedAtMs = NOW_MS - 1000, over: Partial<EvaluationReport> = {}): EvaluationReport {
  const auc = { value: 0.81, lower: 0.7, upper: 0.9, variance: 0.003 };
  return {
    schemaVersion: 1,
    kind: 'EvaluationReport',
    candidateHash: hash,
    verdict,
    reason: EVALUATION_REASONS[verdict],
    message: 'as it is',
    candidate: { rows: 60, positives: 12, negatives: 48, auc },
    finishedAt: new Date(finishedAtMs).toISOString(),
    report: null,
    ...over,
  };
}

/** What a gate found. */
export function finding(over: Partial<GateFinding> = {}): GateFinding {
  return {
    verdict: 'Inconclusive',
    reason: 'TooFewLabels',
    message: '12 of 50 known leavers.',
    atMs: NOW_MS - HOUR_MS,
    auc: { value: 0.81, lower: 0.7, upper: 0.9 },
    rows: 60,
    positives: 12,
    negatives: 48,
    difference: { value: 0.01, lower: -0.05, upper: 0.07 },
    missing: { positives: 38, negatives: 2, labels: 400 },
    expectedDecisionAtMs: NOW_MS + 100 * HOUR_MS,
    evidence: { path: 's3://churn/evaluations/telco-churn/x-gate.json', sha256: 'ab'.repeat(32) },
    ...over,
  };
}

/** A candidate that has stood beside stable for a minute. */
export function besides(version: string, over: Partial<Candidate & { stage: 'Deployed' }> = {}): Candidate & { stage: 'Deployed' } {
  return deployed(version, { readyAtMs: NOW_MS - MINUTE_MS, ...over });
}

export function rejected(version: string, over: Partial<Rejected> = {}): Rejected {
  return { version, hash: identity(version).hash, key: keyOf(version), reason: 'OfflineGateFailed', message: 'too weak', atMs: NOW_MS - HOUR_MS, ...over };
}

/** What the newest version is asked for by. */
export function wantedLatest(over: Partial<Wanted> = {}): Wanted {
  return wanted('latest', { poll: { intervalMs: HOUR_MS, offsetMs: 50 * MINUTE_MS, whileUnderWay: false }, ...over });
}

/** What `latest` was resolved to ten minutes ago. */
export function latest(version: string, over: Partial<Latest> = {}): Latest {
  const checkedAtMs = over.checkedAtMs ?? NOW_MS - 10 * MINUTE_MS;
  return { key: keyOf('latest'), version, checkedAtMs, nextCheckAtMs: checkedAtMs + HOUR_MS, failed: undefined, ...over };
}

/** A gate that is fed by labels, and asked every hour. */
export const GATE: WantedGate = { key: 'gate-1', labels: 'Feedback', intervalMs: HOUR_MS };
export const TRAFFIC: WantedTraffic = { mirrorPercent: 100, maxErrorPercent: 1, candidateAddress: 'telco-churn-candidate.retention.svc:8080' };

export function wanted(version: string, over: Partial<Wanted> = {}): Wanted {
  return { repository: REPOSITORY, requested: version, inspectionKey: keyOf(version), replicas: 2, autoscaling: undefined, rollbackWindowMs: 24 * HOUR_MS, gate: undefined, traffic: TRAFFIC, poll: undefined, ...over };
}

export const NO_PODS: VersionPods = { requested: undefined, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined };
export const READY_PODS: VersionPods = { requested: 2, ready: 2, readyUpToDate: 2, outdated: 0, problem: undefined };

/** Pods that do not become ready, for a reason of their own or of the outside. */
export function failingPods(over: Partial<PodProblem> = {}): VersionPods {
  return { requested: 2, ready: 1, readyUpToDate: 1, outdated: 0, problem: { code: 'GoldenMismatch', message: '3 of 500 rows differ', outside: false, ...over } };
}

/** Pods by version name; versions left out have none. */
export function podsOf(byVersion: Readonly<Record<string, VersionPods>>): Facts['pods'] {
  const byHash = new Map(Object.entries(byVersion).map(([version, pods]) => [String(identity(version).hash), pods]));
  return (hash) => [...byHash].find(([each]) => each.startsWith(hash))?.[1] ?? NO_PODS;
}

export function facts(over: Partial<Facts> = {}): Facts {
  const candidate = over.state?.candidate;
  // A candidate's Service is there from when it is deployed.
  const found = candidate?.stage === 'Deployed' ? candidate.identity.hash.slice(0, 8) : undefined;
  return { nowMs: NOW_MS, wanted: wanted('a'), state: INITIAL_STATE, selected: undefined, serving: undefined, found, pods: podsOf({}), policyOnPods: undefined, autoscaler: undefined, inspectionJob: { state: 'Absent' }, evaluationJob: { state: 'Absent' }, ...over };
}

export function report(version: string, over: Partial<InspectionReport> = {}): InspectionReport {
  const { digest, hash } = identity(version);
  return {
    schemaVersion: 1,
    kind: 'InspectionReport',
    verdict: 'Pass',
    reason: 'Inspected',
    message: 'all is well',
    version,
    packageDigest: digest,
    candidateHash: hash,
    entityColumn: 'customerID',
    testAUC: { value: 0.84, lower: 0.82, upper: 0.86 },
    finishedAt: '2026-11-21T06:59:00Z',
    report: { path: 'evaluations/telco-churn/inspection.json', sha256: digest },
    ...over,
  };
}

/** A Job that ended with the given report. */
export function finished(from: InspectionReport): InspectionJob {
  return { state: 'Finished', report: from, finishedAtMs: NOW_MS - 1000 };
}
