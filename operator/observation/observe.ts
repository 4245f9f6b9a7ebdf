import type { z } from 'zod';
import { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import { ChurnModelStatus, type RetentionRun } from '../../contracts/churn-model/status.ts';
import { isCandidateHash, shortHash } from '../../contracts/digest.ts';
import { CANDIDATE_SERVICE, LABELS } from '../../contracts/names.ts';
import { evaluateJobName } from '../resources/evaluate-job.ts';
import { inspectJobName } from '../resources/inspect-job.ts';
import { NOBODY } from '../resources/service.ts';
import { childName, type Subject } from '../resources/subject.ts';
import { readVersionRecord } from '../resources/version-record.ts';
import type { EvaluationJob, Facts, InspectionJob, VersionPods, Wanted } from '../rollout/facts.ts';
import { pollTry, type Try } from '../rollout/latest.ts';
import type { RolloutState } from '../rollout/state.ts';
import { observeAutoscaler } from './autoscaler.ts';
import { observeEvaluation, observeInspection } from './reporting-job.ts';
import { podsOfJob, type Autoscaler, type CronJob, type Deployment, type DisruptionBudget, type Job, type NetworkPolicy, type Pod, type Service, type StoredChurnModel } from './kinds.ts';
import { newestPolicyOn } from './pod-policy.ts';
import { observeRetention } from './retention-run.ts';
import { rolloutStateOf } from './rollout-state.ts';
import { observeVersion } from './version-pods.ts';
import { wantedOf } from './wanted.ts';

/** The model's objects as the caches have them; only those it controls. */
export type Children = Readonly<{
  deployments: readonly Deployment[];
  services: readonly Service[];
  jobs: readonly Job[];
  cronJobs: readonly CronJob[];
  /** Jobs that one of its CronJobs made, or somebody from one by hand. */
  scheduledJobs: readonly Job[];
  autoscalers: readonly Autoscaler[];
  budgets: readonly DisruptionBudget[];
  networkPolicies: readonly NetworkPolicy[];
  pods: readonly Pod[];
}>;

export type Observation = Readonly<
  | { readable: true; subject: Subject; generation: number; facts: Facts; stored: ChurnModelStatus | undefined; children: Children; retention: RetentionRun | undefined }
  | { readable: false; generation: number; part: 'spec' | 'status'; problem: string; stored: ChurnModelStatus | undefined }
>;

/** The inspection whose Job matters now: the candidate's, else that of the look for a newer version. */
export function currentTry(wanted: Wanted, state: RolloutState): Try | undefined {
  const { candidate } = state;
  if (candidate?.stage !== 'Inspecting') return pollTry(wanted, state);
  return { key: candidate.inspection.key, attempt: candidate.inspection.attempt, startedAtMs: candidate.startedAtMs };
}

function jobOf(wanted: Wanted, state: RolloutState, subject: Subject, children: Children, nowMs: number): InspectionJob {
  const current = currentTry(wanted, state);
  if (current === undefined) return { state: 'Absent' };
  const name = inspectJobName(subject, current);
  const job = children.jobs.find((each) => each.metadata.name === name);
  return observeInspection(job, podsOfJob(children.pods, name), nowMs);
}

function evaluationOf({ candidate }: RolloutState, subject: Subject, children: Children, nowMs: number): EvaluationJob {
  if (candidate?.stage !== 'Deployed' || candidate.gate?.state !== 'Running') return { state: 'Absent' };
  const name = evaluateJobName(subject, { candidate: candidate.identity, startedAtMs: candidate.startedAtMs, run: candidate.gate.run });
  const job = children.jobs.find((each) => each.metadata.name === name);
  return observeEvaluation(job, podsOfJob(children.pods, name), nowMs);
}

function firstIssue(root: string, error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? `${root} does not follow the schema.` : `${[root, ...issue.path].join('.')}: ${issue.message}.`;
}

/** Plain facts of one ChurnModel, or why it cannot be read. */
export function observe(model: StoredChurnModel, children: Children, nowMs: number): Observation {
  const generation = model.metadata.generation ?? 0;
  const status = ChurnModelStatus.safeParse(model.status ?? {});
  // Progress that cannot be read must not be taken for none: the same rollout would begin again and again.
  if (!status.success) return { readable: false, generation, stored: undefined, part: 'status', problem: `${firstIssue('status', status.error)} Is the CRD older than the operator?` };
  const stored = status.data;
  const spec = ChurnModelSpec.safeParse(model.spec);
  if (!spec.success) return { readable: false, generation, stored, part: 'spec', problem: firstIssue('spec', spec.error) };
  const { name, namespace, uid, annotations } = model.metadata;
  const subject: Subject = { name, namespace: namespace ?? 'default', uid, spec: spec.data, annotations: annotations ?? {} };
  const state = rolloutStateOf(stored);
  const deploymentOf = (short: string) => children.deployments.find(({ metadata }) => metadata.name === childName(subject, short) && metadata.deletionTimestamp === undefined);
  const pods = (hash: string): VersionPods => {
    const short = isCandidateHash(hash) ? shortHash(hash) : hash;
    return observeVersion(short, deploymentOf(short), children.pods);
  };
  const selectorOf = (service: string): string | undefined => children.services.find(({ metadata }) => metadata.name === service && metadata.deletionTimestamp === undefined)?.spec.selector?.[LABELS.hash];
  const selector = selectorOf(name);
  const selected = selector === NOBODY ? undefined : selector;
  const serving = selected === undefined ? undefined : readVersionRecord(deploymentOf(selected)?.metadata.annotations, selected);
  const wanted = wantedOf(subject, state);
  const facts: Facts = { nowMs, selected, serving, found: selectorOf(childName(subject, CANDIDATE_SERVICE)), wanted, state, pods, policyOnPods: newestPolicyOn(children.pods), autoscaler: observeAutoscaler(subject, children.autoscalers), inspectionJob: jobOf(wanted, state, subject, children, nowMs), evaluationJob: evaluationOf(state, subject, children, nowMs) };
  return { readable: true, subject, generation, facts, stored, children, retention: observeRetention(children.scheduledJobs, children.pods) };
}
