import type { RetentionRun } from '../../contracts/churn-model/status.ts';
import { LABELS } from '../../contracts/names.ts';
import { RetentionReport } from '../../contracts/reports.ts';
import type { Job, Pod } from './kinds.ts';
import { failureReportOf } from './pod-problem.ts';

/** Label that the Job controller puts on a Job's pods. */
const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name';

function reportOf(message: string | undefined): RetentionReport | undefined {
  if (message === undefined) return undefined;
  try {
    return RetentionReport.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}

function runOf(job: Job, pods: readonly Pod[]): RetentionRun | undefined {
  const ended = pods.flatMap((pod) => pod.status.containerStatuses).find((status) => status.name === 'retain' && status.state.terminated !== undefined)?.state.terminated;
  const report = reportOf(ended?.message);
  if (report !== undefined) return { outcome: report.outcome, reason: report.code ?? report.reason, message: report.message, finishedAt: report.finishedAt };
  const failed = job.status?.conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  if (failed === undefined) return undefined;
  const failure = failureReportOf(ended?.message);
  const why = failure?.message ?? (ended === undefined ? (failed.message ?? 'its pod is gone') : `exit code ${ended.exitCode}, ${ended.reason ?? 'no reason'}`);
  return { outcome: 'Failed', reason: failure?.code ?? 'RetentionBroken', message: `Job ${job.metadata.name} ended without a report: ${why}`.slice(0, 1024), finishedAt: failed.lastTransitionTime ?? '' };
}

/**
 * What the newest finished run of the retention Job ended with; undefined where none is to be seen any more (the status remembers).
 * @param jobs retention Jobs of the model, by label
 */
export function observeRetention(jobs: readonly Job[], pods: readonly Pod[]): RetentionRun | undefined {
  const runs = jobs
    .filter((job) => job.metadata.labels?.[LABELS.component] === 'retention')
    .flatMap((job) => runOf(job, pods.filter((pod) => pod.metadata.labels?.[JOB_NAME_LABEL] === job.metadata.name)) ?? []);
  return runs.toSorted((a, b) => b.finishedAt.localeCompare(a.finishedAt))[0];
}
