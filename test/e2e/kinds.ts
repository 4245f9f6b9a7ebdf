import { z } from 'zod';
import { ChurnModel } from '../../contracts/churn-model/churn-model.ts';
import { AUTOSCALERS, CHURN_MODELS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, PODS, SERVICE_ACCOUNTS, SERVICES } from '../../operator/observation/kinds.ts';
import { eventKind } from '../../operator/runtime/event-recorder.ts';
import { StoredObject } from '../../operator/runtime/kube-object.ts';
import type { KubeObject } from '../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../operator/runtime/resource-kind.ts';

export { AUTOSCALERS, CHURN_MODELS, CRON_JOBS, DEPLOYMENTS, DISRUPTION_BUDGETS, JOBS, NETWORK_POLICIES, PODS, SERVICE_ACCOUNTS, SERVICES, type Pod } from '../../operator/observation/kinds.ts';
export { eventKind as EVENTS } from '../../operator/runtime/event-recorder.ts';

/** ChurnModels with spec and status parsed by their contract. */
export const MODELS: ResourceKind<ChurnModel> = { ...CHURN_MODELS, schema: ChurnModel };

export const NAMESPACES: ResourceKind<KubeObject> = {
  group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false, schema: StoredObject,
};

export const CONFIG_MAPS: ResourceKind<KubeObject> = {
  group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, schema: StoredObject,
};

const Lease = StoredObject.extend({ spec: z.looseObject({ holderIdentity: z.string().nullish() }).prefault({}) });
export const LEASES: ResourceKind<z.infer<typeof Lease>> = {
  group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true, schema: Lease,
};

const Secret = StoredObject.extend({ data: z.record(z.string(), z.string()).default({}) });
export type Secret = z.infer<typeof Secret>;
export const SECRETS: ResourceKind<Secret> = {
  group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true, schema: Secret,
};

/** A Service with the address that the host reaches too. */
const AddressedService = StoredObject.extend({
  spec: z.looseObject({ clusterIP: z.string(), ports: z.array(z.looseObject({ port: z.number() })).min(1) }),
});
export const ADDRESSED_SERVICES: ResourceKind<z.infer<typeof AddressedService>> = { ...SERVICES, schema: AddressedService };

/** A pod with its address, once it has one. */
const AddressedPod = StoredObject.extend({ status: z.looseObject({ podIP: z.string().optional() }).prefault({}) });
export const ADDRESSED_PODS: ResourceKind<z.infer<typeof AddressedPod>> = { ...PODS, schema: AddressedPod };

export const VOLUME_CLAIMS: ResourceKind<KubeObject> = {
  group: '', version: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true, schema: StoredObject,
};

export const RESOURCE_QUOTAS: ResourceKind<KubeObject> = {
  group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true, schema: StoredObject,
};

/** Kinds that {@link Kube.apply} finds by `kind`. */
export const APPLICABLE: readonly ResourceKind<KubeObject>[] = [
  AUTOSCALERS, CHURN_MODELS, CONFIG_MAPS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, PODS, RESOURCE_QUOTAS, SECRETS, SERVICE_ACCOUNTS, SERVICES, NAMESPACES, VOLUME_CLAIMS, eventKind,
];
