import { z } from 'zod';
import { LABELS } from '../../../../contracts/names.ts';
import { StoredObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { DEPLOYMENTS, MODELS, PODS } from '../../kinds.ts';
import type { Kube } from '../../kube.ts';

const ServingPod = StoredObject.extend({
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })).min(1) }),
  status: z.looseObject({ containerStatuses: z.array(z.looseObject({ restartCount: z.number(), ready: z.boolean() })).default([]) }).prefault({}),
});
const SERVING_PODS: ResourceKind<z.infer<typeof ServingPod>> = { ...PODS, schema: ServingPod };
const ServingDeployment = StoredObject.extend({
  spec: z.looseObject({ replicas: z.number(), template: z.looseObject({ metadata: z.looseObject({}), spec: z.looseObject({}) }) }),
  status: z.looseObject({ availableReplicas: z.number().default(0) }).prefault({}),
});
const SERVING_DEPLOYMENTS: ResourceKind<z.infer<typeof ServingDeployment>> = { ...DEPLOYMENTS, schema: ServingDeployment };

/** A serving pod, as far as an upgrade may not touch it. */
export type ServingPod = Readonly<{ uid: string; name: string; image: string; restarts: number; ready: boolean }>;

/** Where a model is. */
export type Place = Readonly<{ namespace: string; name: string }>;

/** Pods that serve a model now; those that are going away are not among them. */
export async function servingPods(kube: Kube, { namespace, name }: Place): Promise<readonly ServingPod[]> {
  const pods = await kube.list(SERVING_PODS, { namespace, labelSelector: `${LABELS.model}=${name},${LABELS.component}=serving` });
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => ({
      uid: metadata.uid,
      name: metadata.name,
      image: spec.containers[0]?.image ?? '',
      restarts: status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
      ready: status.containerStatuses.length > 0 && status.containerStatuses.every(({ ready }) => ready),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The Deployment of a model that serves one version. */
export async function servingDeployment(kube: Kube, { namespace, name }: Place): Promise<z.infer<typeof ServingDeployment>> {
  const [deployment, ...others] = (await kube.list(SERVING_DEPLOYMENTS, { namespace, labelSelector: `${LABELS.model}=${name},${LABELS.component}=serving` })).filter(({ spec }) => spec.replicas > 0);
  if (deployment === undefined || others.length > 0) throw new Error(`${name} has ${others.length + (deployment === undefined ? 0 : 1)} Deployments with pods`);
  return deployment;
}

/** What an upgrade must leave of a status: whom it serves, since when, and since when it has been ready. */
export async function keptStatus(kube: Kube, { namespace, name }: Place): Promise<string> {
  const { status } = await kube.get(MODELS, { namespace, name });
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const { version, hash, digest } = status?.stable ?? {};
  return JSON.stringify({ phase: status?.phase, stable: { version, hash, digest }, ready: ready?.status, readySince: ready?.lastTransitionTime });
}
