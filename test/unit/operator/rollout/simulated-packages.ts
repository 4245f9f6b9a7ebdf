import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { InspectionJob, PodProblem } from '../../../../operator/rollout/facts.ts';
import type { VersionIdentity } from '../../../../operator/rollout/state.ts';
import { NOW_MS, report } from './builders.ts';

/** How a version's inspections end: the first `errors` tries without a verdict, then with one. */
export type InspectionBehaviour = Readonly<{ errors: number; errorKind: 'Error' | 'Broken'; verdict: 'Pass' | 'Fail'; tookMs: number }>;
/** How a version's pods start. */
export type PodBehaviour = Readonly<{ start: 'Ready'; afterMs: number } | { start: 'HeldUp'; untilMs: number; afterMs: number } | { start: 'Never' }>;
/** A package of the simulated store; two names may hold the same one. */
export type PackageBehaviour = Readonly<{ sameAs: string | undefined; inspection: InspectionBehaviour; pods: PodBehaviour }>;

/** A try of an inspection. `version` is what `latest` was when the Job was made; undefined: the store did not answer, or had nothing. */
export type SimulatedJob = Readonly<{ version: string | undefined; unchanged: boolean; attempt: number; bornMs: number }>;

/** What is in the repository, and whether it answers. */
export type SimulatedStore = Readonly<{ published: readonly string[]; dead: boolean }>;

export function newestOf(published: readonly string[]): string | undefined {
  return published.toSorted().at(-1);
}

/** The try that a Job begins. */
export function newTry({ published, dead }: SimulatedStore, { requested, attempt, known }: NonNullable<Decision['inspection']>, stable: VersionIdentity | undefined, bornMs: number): SimulatedJob {
  const base = { attempt, bornMs, unchanged: false };
  if (requested !== 'latest') return { ...base, version: dead ? undefined : requested };
  const newest = newestOf(published);
  if (dead || newest === undefined) return { ...base, version: undefined };
  return { ...base, version: newest, unchanged: known.includes(newest) || (stable !== undefined && newest < stable.version) };
}

/** What became of a try by now. */
export function inspectionJob(job: SimulatedJob, behaviour: InspectionBehaviour | undefined, identityOf: (version: string) => VersionIdentity, nowMs: number): InspectionJob {
  const { version } = job;
  if (version === undefined) return { state: 'Finished', finishedAtMs: job.bornMs, report: report('a', { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer', version: undefined }) };
  if (job.unchanged) return { state: 'Finished', finishedAtMs: job.bornMs, report: report(version, { verdict: 'Unchanged', reason: 'NothingNewer', message: 'as before' }) };
  if (behaviour === undefined || nowMs < job.bornMs + behaviour.tookMs) return { state: 'Running', problem: undefined };
  const finishedAtMs = job.bornMs + behaviour.tookMs;
  if (job.attempt <= behaviour.errors && behaviour.errorKind === 'Broken') return { state: 'Broken', message: 'OOMKilled', finishedAtMs };
  const { digest, hash } = identityOf(version);
  const base = { packageDigest: digest, candidateHash: hash };
  if (job.attempt <= behaviour.errors) return { state: 'Finished', finishedAtMs, report: report(version, { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer' }) };
  if (behaviour.verdict === 'Fail') return { state: 'Finished', finishedAtMs, report: report(version, { ...base, verdict: 'Fail', reason: 'OfflineGateFailed', message: 'too weak' }) };
  return { state: 'Finished', finishedAtMs, report: report(version, base) };
}

/** Whether a pod that was born then is ready now. */
export function isReadyAt(nowMs: number, pods: PodBehaviour, bornMs: number): boolean {
  switch (pods.start) {
    case 'Never':
      return false;
    case 'Ready':
      return nowMs >= bornMs + pods.afterMs;
    case 'HeldUp':
      return nowMs >= Math.max(bornMs, NOW_MS + pods.untilMs) + pods.afterMs;
  }
}

/** What a pod that is not ready says of itself now. */
export function podProblemAt(nowMs: number, pods: PodBehaviour): PodProblem | undefined {
  if (pods.start === 'Never') return { code: 'GoldenMismatch', message: '3 rows differ', outside: false };
  if (pods.start === 'HeldUp' && nowMs < NOW_MS + pods.untilMs) return { code: 'StoreUnreachable', message: 'no answer', outside: true };
  return undefined;
}

/** What tells one try's Job from another's. */
export function jobName(key: string, attempt: number, startedAtMs: number): string {
  return `${key}/${attempt}/${startedAtMs}`;
}
