import { expect, test } from '@jest/globals';
import { observeInspection } from '../../../../operator/observation/reporting-job.ts';
import type { Job, Pod } from '../../../../operator/observation/kinds.ts';
import type { InspectionJob } from '../../../../operator/rollout/facts.ts';
import { NOW_MS, report } from '../rollout/builders.ts';
import { ended, failure, job, pod } from './objects.ts';

const NAME = 'telco-churn-inspect-00000000';
const ENDED_MS = Date.parse('2026-11-21T06:59:00Z');
const passed = report('a');
const failedCondition = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit', lastTransitionTime: '2026-11-21T06:59:30Z' };
const deadline = { ...failedCondition, reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
const inspectPod = (status: object): Pod => pod('p', { job: NAME, status });
const exit = (code: number, message: string | undefined): Pod => inspectPod({ phase: code === 0 ? 'Succeeded' : 'Failed', containerStatuses: [ended('inspect', code, message)] });

test.each<{ name: string; job: Job | undefined; pods: readonly Pod[]; expected: InspectionJob }>([
  { name: 'not there', job: undefined, pods: [], expected: { state: 'Absent' } },
  { name: 'just created', job: job(NAME), pods: [], expected: { state: 'Running', problem: undefined } },
  {
    name: 'waits for a node',
    job: job(NAME),
    pods: [inspectPod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }] })],
    expected: { state: 'Running', problem: { code: 'Unschedulable', message: 'no node', outside: true } },
  },
  { name: 'the pod has reported, the Job has not noticed', job: job(NAME), pods: [exit(0, JSON.stringify(passed))], expected: { state: 'Finished', report: passed, finishedAtMs: ENDED_MS } },
  { name: 'a report counts whatever the exit code', job: job(NAME, [failedCondition]), pods: [exit(1, JSON.stringify(passed))], expected: { state: 'Finished', report: passed, finishedAtMs: ENDED_MS } },
  {
    name: 'killed without a word',
    job: job(NAME, [failedCondition]),
    pods: [exit(137, undefined)],
    expected: { state: 'Broken', message: 'the inspection ended without a report (exit code 137, Error)', finishedAtMs: Date.parse('2026-11-21T06:59:30Z') },
  },
  {
    name: 'it could not start',
    job: job(NAME, [failedCondition]),
    pods: [exit(1, failure('ConfigurationInvalid', 'CHURNOPS_REPOSITORY is missing'))],
    expected: { state: 'Broken', message: 'the inspection ended without a report (ConfigurationInvalid: CHURNOPS_REPOSITORY is missing)', finishedAtMs: Date.parse('2026-11-21T06:59:30Z') },
  },
  {
    name: 'a report of another schema',
    job: job(NAME, [{ ...failedCondition, type: 'Complete' }]),
    pods: [exit(0, JSON.stringify({ ...passed, schemaVersion: 9 }))],
    expected: { state: 'Broken', message: 'the inspection ended without a report (exit code 0, Completed)', finishedAtMs: Date.parse('2026-11-21T06:59:30Z') },
  },
  { name: 'half a report', job: job(NAME, [failedCondition]), pods: [exit(0, JSON.stringify(passed).slice(0, 100))], expected: { state: 'Broken', message: 'the inspection ended without a report (exit code 0, Completed)', finishedAtMs: Date.parse('2026-11-21T06:59:30Z') } },
  { name: 'complete a moment ago, and its pod is not seen to have ended yet: the other watch is behind', job: job(NAME, [{ ...deadline, type: 'Complete', lastTransitionTime: '2026-11-21T06:59:58Z' }]), pods: [], expected: { state: 'Running', problem: undefined } },
  { name: 'failed a moment ago, likewise', job: job(NAME, [{ ...deadline, lastTransitionTime: '2026-11-21T06:59:58Z' }]), pods: [], expected: { state: 'Running', problem: undefined } },
  { name: 'out of time, and its pod is deleted', job: job(NAME, [deadline]), pods: [], expected: { state: 'Broken', message: `the inspection ended without a report (${deadline.message}; if its pod never started, kubectl get events tells why: image, volume or node)`, finishedAtMs: Date.parse('2026-11-21T06:59:30Z') } },
  { name: 'an end without a time ended now', job: job(NAME, [{ ...deadline, lastTransitionTime: undefined }]), pods: [], expected: { state: 'Broken', message: `the inspection ended without a report (${deadline.message}; if its pod never started, kubectl get events tells why: image, volume or node)`, finishedAtMs: NOW_MS } },
  { name: 'conditions that do not hold', job: job(NAME, [{ ...failedCondition, status: 'False' }]), pods: [], expected: { state: 'Running', problem: undefined } },
])('$name', ({ job, pods, expected }) => expect(observeInspection(job, pods, NOW_MS)).toEqual(expected));
