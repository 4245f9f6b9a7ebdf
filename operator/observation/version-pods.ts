import { LABELS } from '../../contracts/names.ts';
import type { PodProblem, VersionPods } from '../rollout/facts.ts';
import type { Deployment, Pod } from './kinds.ts';
import { podProblem } from './pod-problem.ts';

/** Whether callers can reach a pod. */
export function isReady(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

function bornMs(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}

function isScheduled(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'PodScheduled' && condition.status === 'True');
}

/**
 * Facts of one version's pods.
 * @param hash first 8 digits, as the label has it
 */
export function observeVersion(hash: string, deployment: Deployment | undefined, pods: readonly Pod[]): VersionPods {
  const own = pods.filter((pod) => pod.metadata.labels?.[LABELS.hash] === hash && pod.metadata.deletionTimestamp === undefined);
  const ready = own.filter(isReady).length;
  // What the Deployment controller says of a template that is not the newest says nothing.
  const status = deployment?.status !== undefined && deployment.status.observedGeneration >= (deployment.metadata.generation ?? 0) ? deployment.status : undefined;
  // The newest first: while a template is replaced, pods of the old one still fail for reasons that are gone. Births are told in seconds:
  // of two in one, the pod that a node took tells more; the name keeps the choice the same at every look.
  const newestFirst = own
    .filter((pod) => !isReady(pod))
    .toSorted((a, b) => bornMs(b) - bornMs(a) || Number(isScheduled(b)) - Number(isScheduled(a)) || a.metadata.name.localeCompare(b.metadata.name));
  const failing = newestFirst.map(podProblem).find((problem) => problem !== undefined);
  return {
    requested: deployment?.spec.replicas,
    ready,
    // The controller counts by owner: ready pods of a model of the same name that is just being deleted are none of this one's.
    readyUpToDate: Math.min(ready, status?.updatedReplicas ?? 0, status?.readyReplicas ?? 0),
    outdated: status === undefined ? 0 : Math.max(status.replicas - status.updatedReplicas, 0),
    problem: failing ?? refusedPods(deployment) ?? stalledRoll(status),
  };
}

function refusedPods(deployment: Deployment | undefined): PodProblem | undefined {
  const refused = deployment?.status?.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  return refused === undefined ? undefined : { code: refused.reason ?? 'ReplicaFailure', message: refused.message ?? 'pods cannot be created', outside: true };
}

/** Ten minutes without a step forward, by the Deployment controller's own word, whatever its pods say. */
function stalledRoll(status: Deployment['status']): PodProblem | undefined {
  const stalled = status?.conditions.find((condition) => condition.type === 'Progressing' && condition.status === 'False');
  return stalled === undefined ? undefined : { code: stalled.reason ?? 'ProgressDeadlineExceeded', message: stalled.message ?? 'no pod became ready in time', outside: false };
}
