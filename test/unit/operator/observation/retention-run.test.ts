import { describe, expect, test } from '@jest/globals';
import type { RetentionReport } from '../../../../contracts/reports.ts';
import { JOBS, type Job } from '../../../../operator/observation/kinds.ts';
import { observeRetention } from '../../../../operator/observation/retention-run.ts';
import { ended, failure, job, pod } from './objects.ts';

const none = { objects: 0, partitions: 0 };
const done: RetentionReport = { schemaVersion: 1, kind: 'RetentionReport', outcome: 'Done', reason: 'Cleaned', message: 'Deleted 3 of raw (1 days).', deleted: { raw: { objects: 3, partitions: 1 }, predictions: none, labels: none, evaluations: none }, notDeleted: 0, finishedAt: '2026-11-21T03:00:00.000Z' };
const refused: RetentionReport = { ...done, outcome: 'Failed', reason: 'StoreError', code: 'AccessDenied', message: 'raw: refused', finishedAt: '2026-11-22T03:00:00.000Z' };

/** Jobs are made day by day, in the order of their names. */
const madeOn = (name: string): string => `2026-11-2${name.charCodeAt(0) - 96}T02:59:00Z`;

function retentionJob(name: string, conditions?: readonly object[], component = 'retention'): Job {
  const made = job(name, conditions);
  return JOBS.schema.parse({ ...made, metadata: { ...made.metadata, creationTimestamp: madeOn(name), labels: { ...made.metadata.labels, 'app.kubernetes.io/component': component } } });
}

const endedWith = (name: string, exitCode: number, message: string | undefined) => pod(`${name}-x`, { job: name, status: { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [ended('retain', exitCode, message)] } });
const FAILED = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often', lastTransitionTime: '2026-11-23T03:00:00Z' }];

describe('what the newest run ended with', () => {
  test.each<{ name: string; jobs: readonly Job[]; pods: Parameters<typeof observeRetention>[1]; expected: ReturnType<typeof observeRetention> }>([
    { name: 'none yet', jobs: [], pods: [], expected: undefined },
    { name: 'one that runs', jobs: [retentionJob('a')], pods: [pod('a-x', { job: 'a', status: { phase: 'Running', containerStatuses: [{ name: 'retain', ready: true, state: { running: {} } }] } })], expected: undefined },
    { name: 'done', jobs: [retentionJob('a')], pods: [endedWith('a', 0, JSON.stringify(done))], expected: { outcome: 'Done', reason: 'Cleaned', message: done.message, startedAt: madeOn('a'), finishedAt: done.finishedAt } },
    {
      name: 'the newest of two, by its code',
      jobs: [retentionJob('b'), retentionJob('a')],
      pods: [endedWith('a', 0, JSON.stringify(done)), endedWith('b', 1, JSON.stringify(refused))],
      expected: { outcome: 'Failed', reason: 'AccessDenied', message: 'raw: refused', startedAt: madeOn('b'), finishedAt: refused.finishedAt },
    },
    {
      name: 'the newest of two, though the node of the older one is a year ahead',
      jobs: [retentionJob('b'), retentionJob('a')],
      pods: [endedWith('a', 0, JSON.stringify({ ...done, finishedAt: '2027-11-21T03:00:00.000Z' })), endedWith('b', 1, JSON.stringify(refused))],
      expected: { outcome: 'Failed', reason: 'AccessDenied', message: 'raw: refused', startedAt: madeOn('b'), finishedAt: refused.finishedAt },
    },
    { name: 'given up', jobs: [retentionJob('a', FAILED)], pods: [endedWith('a', 1, failure('ConfigurationInvalid', 'Environment: x is not set'))], expected: { outcome: 'Failed', reason: 'ConfigurationInvalid', message: 'Job a ended without a report: Environment: x is not set', startedAt: madeOn('a'), finishedAt: '2026-11-23T03:00:00Z' } },
    { name: 'killed', jobs: [retentionJob('a', FAILED)], pods: [endedWith('a', 137, undefined)], expected: { outcome: 'Failed', reason: 'RetentionBroken', message: 'Job a ended without a report: exit code 137, Error', startedAt: madeOn('a'), finishedAt: '2026-11-23T03:00:00Z' } },
    { name: 'its pod is gone', jobs: [retentionJob('a', FAILED)], pods: [], expected: { outcome: 'Failed', reason: 'RetentionBroken', message: 'Job a ended without a report: too often', startedAt: madeOn('a'), finishedAt: '2026-11-23T03:00:00Z' } },
    { name: 'a Job of another kind', jobs: [retentionJob('a', FAILED, 'inspect')], pods: [], expected: undefined },
  ])('$name', ({ jobs, pods, expected }) => expect(observeRetention(jobs, pods)).toEqual(expected));
});
