import { z } from 'zod';

/** `metadata.ownerReferences[]`. */
export const OwnerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
});
export type OwnerReference = Readonly<z.infer<typeof OwnerReference>>;

/** What the runtime keeps of a stored object's metadata. `managedFields`, half of a small object's bytes, is left out here. */
export const StoredMeta = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(OwnerReference).optional(),
  finalizers: z.array(z.string()).optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
});

/** Base schema of a stored object: metadata checked, everything else kept as the server sent it. Extend it per kind. */
export const StoredObject = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: StoredMeta });

/** An object as the API server stores it; `uid` and `resourceVersion` are always there. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<{
    name: string;
    namespace?: string | undefined;
    uid: string;
    resourceVersion: string;
    generation?: number | undefined;
    labels?: Readonly<Record<string, string>> | undefined;
    annotations?: Readonly<Record<string, string>> | undefined;
    ownerReferences?: readonly OwnerReference[] | undefined;
    finalizers?: readonly string[] | undefined;
    creationTimestamp?: string | undefined;
    deletionTimestamp?: string | undefined;
  }>;
}

/** An object as we want it: no uid, no resourceVersion. Fields of the kind come beside these. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<{
    name: string;
    namespace?: string | undefined;
    labels?: Readonly<Record<string, string>> | undefined;
    annotations?: Readonly<Record<string, string>> | undefined;
    ownerReferences?: readonly OwnerReference[] | undefined;
  }>;
}

/** Names one object of a kind; without `namespace` for kinds of the cluster. */
export type ObjectRef = Readonly<{ namespace?: string | undefined; name: string }>;

/** Ref of an object. */
export function refOf(object: DesiredObject | KubeObject): ObjectRef {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}

/** `namespace/name`, or `name` for kinds of the cluster: what the work queue carries. */
export function keyOf(ref: ObjectRef): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The inverse of {@link keyOf}. */
export function refOfKey(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The owner that controls the object: at most one, the API server sees to it. */
export function controllerOf(object: DesiredObject | KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}
