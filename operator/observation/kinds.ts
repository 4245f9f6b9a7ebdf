import { z } from 'zod';
import { StoredMeta, StoredObject } from '../runtime/kube-object.ts';
import type { ResourceKind } from '../runtime/resource-kind.ts';

/** Parts of objects that we read; all else is kept as the server sent it, for the comparison with what we want. */

const StoredChurnModel = StoredObject.extend({ spec: z.unknown(), status: z.unknown().optional() });
export type StoredChurnModel = z.infer<typeof StoredChurnModel>;
/** Spec and status are parsed later: an object that predates the schema must be reported, not skipped. */
export const CHURN_MODELS: ResourceKind<StoredChurnModel> = { group: 'churnops.dev', version: 'v1alpha1', plural: 'churnmodels', kind: 'ChurnModel', namespaced: true, schema: StoredChurnModel };

const Deployment = StoredObject.extend({
  spec: z.looseObject({ replicas: z.number().default(1) }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional(), message: z.string().optional() })).default([]),
    })
    .optional(),
});
export type Deployment = z.infer<typeof Deployment>;
export const DEPLOYMENTS: ResourceKind<Deployment> = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true, schema: Deployment };

const Service = StoredObject.extend({ spec: z.looseObject({ selector: z.record(z.string(), z.string()).optional() }) });
export type Service = z.infer<typeof Service>;
export const SERVICES: ResourceKind<Service> = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true, schema: Service };

export type ServiceAccount = z.infer<typeof StoredObject>;
export const SERVICE_ACCOUNTS: ResourceKind<ServiceAccount> = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true, schema: StoredObject };

const ConditionOf = z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional(), message: z.string().optional(), lastTransitionTime: z.string().nullish() });

const Job = StoredObject.extend({
  spec: z.looseObject({}),
  status: z.looseObject({ conditions: z.array(ConditionOf).default([]), completionTime: z.string().optional() }).optional(),
});
export type Job = z.infer<typeof Job>;
export const JOBS: ResourceKind<Job> = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true, schema: Job };

/** A Job as it is followed: a finished one stays for an hour, and its pod template is looked at by nobody. Never compare one with what we want. */
const SeenJob = z.object({ apiVersion: z.string(), kind: z.string(), metadata: StoredMeta, spec: z.object({}), status: z.object({ conditions: z.array(z.object(ConditionOf.shape)).default([]), completionTime: z.string().optional() }).optional() });
export const SEEN_JOBS: ResourceKind<Job> = { ...JOBS, schema: SeenJob };

const CronJob = StoredObject.extend({ spec: z.looseObject({}) });
export type CronJob = z.infer<typeof CronJob>;
export const CRON_JOBS: ResourceKind<CronJob> = { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true, schema: CronJob };

const Autoscaler = StoredObject.extend({
  spec: z.looseObject({ scaleTargetRef: z.looseObject({ kind: z.string(), name: z.string() }) }),
  status: z.looseObject({ conditions: z.array(ConditionOf).default([]) }).optional(),
});
export type Autoscaler = z.infer<typeof Autoscaler>;
export const AUTOSCALERS: ResourceKind<Autoscaler> = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true, schema: Autoscaler };

const Plain = StoredObject.extend({ spec: z.looseObject({}).optional() });
export type DisruptionBudget = z.infer<typeof Plain>;
export const DISRUPTION_BUDGETS: ResourceKind<DisruptionBudget> = { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', namespaced: true, schema: Plain };

export type NetworkPolicy = z.infer<typeof Plain>;
export const NETWORK_POLICIES: ResourceKind<NetworkPolicy> = { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy', namespaced: true, schema: Plain };

const ContainerState = z.object({
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  running: z.object({ startedAt: z.string().nullish() }).optional(),
  terminated: z
    .object({ exitCode: z.number(), reason: z.string().optional(), message: z.string().optional(), finishedAt: z.string().nullish() })
    .optional(),
});
const ContainerStatus = z.object({ name: z.string(), ready: z.boolean().default(false), restartCount: z.number().default(0), state: ContainerState.default({}), lastState: ContainerState.default({}) });
export type ContainerStatus = z.infer<typeof ContainerStatus>;

const Pod = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: StoredMeta,
  spec: z.object({ restartPolicy: z.string().default('Always') }),
  status: z
    .object({
      phase: z.string().default('Pending'),
      reason: z.string().optional(),
      message: z.string().optional(),
      podIP: z.string().optional(),
      conditions: z.array(z.object(ConditionOf.shape)).default([]),
      initContainerStatuses: z.array(ContainerStatus).default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.infer<typeof Pod>;
/** Pods are only read: what we do not read is not kept. They are the largest objects of all, and there are the most of them. */
export const PODS: ResourceKind<Pod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, schema: Pod };

/** Of these pods those of one Job, by the label that the Job controller puts on them. */
export function podsOfJob(pods: readonly Pod[], jobName: string): readonly Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] === jobName);
}
