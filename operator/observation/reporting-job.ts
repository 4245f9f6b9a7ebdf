import type { z } from 'zod';
import { EvaluationReport, InspectionReport } from '../../contracts/reports.ts';
import type { EvaluationJob, InspectionJob, PodProblem, ReportingJob } from '../rollout/facts.ts';
import { NO_POD_MS } from '../rollout/inspection.ts';
import type { Job, Pod } from './kinds.ts';
import { failureReportOf, podProblem } from './pod-problem.ts';
import { reportOf } from './termination-message.ts';

/** A container reports RFC 3339 in seconds; without one the Job's own time serves, else the look itself. */
function timeMs(text: string | null | undefined, otherwiseMs: number): number {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? otherwiseMs : ms;
}

/** The Job controller says in events only that quota or admission refuses its pod. */
function noPod(code: string, job: Job, pods: readonly Pod[], nowMs: number): PodProblem | undefined {
  if (pods.length > 0 || nowMs - timeMs(job.metadata.creationTimestamp, nowMs) < NO_POD_MS) return undefined;
  return { code, message: `Job ${job.metadata.name} has no pod: quota or admission may refuse it; see kubectl describe job ${job.metadata.name}.`, outside: true };
}

/** The Job controller takes the pod away with the reason why it did not get to its end: that is in events only. */
function lateReason(failed: NonNullable<Job['status']>['conditions'][number] | undefined): string | undefined {
  if (failed?.reason !== 'DeadlineExceeded') return undefined;
  return `${failed.message ?? 'DeadlineExceeded'}; if its pod never started, kubectl get events tells why: image, volume or node`;
}

/** Jobs and pods come by two watches, in any order: that of the pods may be behind by this, after a new list by seconds. */
const POD_SEEN_WITHIN_MS = 15_000;

/** A clock that is further off than that makes no wait, either. */
function isJustNow(text: string | null | undefined, nowMs: number): boolean {
  return typeof text === 'string' && Math.abs(nowMs - Date.parse(text)) < POD_SEEN_WITHIN_MS;
}

/** What tells one kind of reporting Job from the other. */
type Reporting<Schema extends z.ZodType> = Readonly<{ schema: Schema; container: string; what: string; /** Reason where its pod is refused. */ noPodCode: string }>;

const INSPECTION = { schema: InspectionReport, container: 'inspect', what: 'the inspection', noPodCode: 'NoInspectionPod' } as const satisfies Reporting<typeof InspectionReport>;
const EVALUATION = { schema: EvaluationReport, container: 'evaluate', what: 'the evaluation', noPodCode: 'NoEvaluationPod' } as const satisfies Reporting<typeof EvaluationReport>;

/**
 * What became of an inspect Job, from its pods' termination messages. A missing or broken message is an Error, never a pass.
 * @param pods of this Job
 */
export function observeInspection(job: Job | undefined, pods: readonly Pod[], nowMs: number): InspectionJob {
  return observeReporting(INSPECTION, job, pods, nowMs);
}

/** What became of an evaluate Job, likewise. */
export function observeEvaluation(job: Job | undefined, pods: readonly Pod[], nowMs: number): EvaluationJob {
  return observeReporting(EVALUATION, job, pods, nowMs);
}

function observeReporting<Schema extends z.ZodType>({ schema, container, what, noPodCode }: Reporting<Schema>, job: Job | undefined, pods: readonly Pod[], nowMs: number): ReportingJob<z.output<Schema>> {
  if (job === undefined) return { state: 'Absent' };
  const ends = pods.map((pod) => pod.status.containerStatuses.find((status) => status.name === container)?.state.terminated);
  for (const ended of ends) {
    const report = reportOf(schema, ended?.message);
    if (report !== undefined) return { state: 'Finished', report, finishedAtMs: timeMs(ended?.finishedAt, nowMs) };
  }
  const failed = job.status?.conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  const complete = job.status?.conditions.find((condition) => condition.type === 'Complete' && condition.status === 'True');
  if (failed !== undefined || complete !== undefined) {
    const last = ends.find((ended) => ended !== undefined);
    if (last === undefined && isJustNow((failed ?? complete)?.lastTransitionTime, nowMs)) return { state: 'Running', problem: undefined };
    const failure = failureReportOf(last?.message);
    const why = failure === undefined ? (last === undefined ? (lateReason(failed) ?? failed?.message ?? 'its pod is gone') : `exit code ${last.exitCode}, ${last.reason ?? 'no reason'}`) : `${failure.code}: ${failure.message}`;
    return { state: 'Broken', message: `${what} ended without a report (${why.slice(0, 600)})`, finishedAtMs: timeMs((failed ?? complete)?.lastTransitionTime, nowMs) };
  }
  return { state: 'Running', problem: pods.map(podProblem).find((problem) => problem !== undefined) ?? noPod(noPodCode, job, pods, nowMs) };
}
