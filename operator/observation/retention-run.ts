import type { RetentionRun } from '../../contracts/churn-model/status.ts';
import { LABELS } from '../../contracts/names.ts';
import { RetentionReport } from '../../contracts/reports.ts';
import { podsOfJob, type Job, type Pod } from './kinds.ts';
import { failureReportOf } from './pod-problem.ts';
import { reportOf } from './termination-message.ts';

function runOf(job: Job, pods: readonly Pod[]): RetentionRun | undefined {
  const startedAt = job.metadata.creationTimestamp;
  const ended = pods.flatMap((pod) => pod.status.containerStatuses).find((status) => status.name === 'retain' && status.state.terminated !== undefined)?.state.terminated;
  const report = reportOf(RetentionReport, ended?.message);
  if (report !== undefined) return { outcome: report.outcome, reason: report.code ?? report.reason, message: report.message, startedAt, finishedAt: report.finishedAt };
  const failed = job.status?.conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  if (failed === undefined) return undefined;
  const failure = failureReportOf(ended?.message);
  const why = failure?.message ?? (ended === undefined ? (failed.message ?? 'its pod is gone') : `exit code ${ended.exitCode}, ${ended.reason ?? 'no reason'}`);
  return { outcome: 'Failed', reason: failure?.code ?? 'RetentionBroken', message: `Job ${job.metadata.name} ended without a report: ${why}`.slice(0, 1024), startedAt, finishedAt: failed.lastTransitionTime ?? '' };
}

/**
 * What the newest finished run of the retention Job ended with; undefined where none is to be seen any more (the status remembers).
 * @param jobs retention Jobs of the model, by label
 */
export function observeRetention(jobs: readonly Job[], pods: readonly Pod[]): RetentionRun | undefined {
  const runs = jobs
    .filter((job) => job.metadata.labels?.[LABELS.component] === 'retention')
    .flatMap((job) => runOf(job, podsOfJob(pods, job.metadata.name)) ?? []);
  // By one clock for all: a node may be a year ahead.
  return runs.toSorted((a, b) => (b.startedAt ?? '').localeCompare(a.startedAt ?? ''))[0];
}
