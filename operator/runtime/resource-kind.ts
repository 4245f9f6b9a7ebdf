import type { z } from 'zod';
import type { KubeObject, ObjectRef } from './kube-object.ts';

/**
 * One kind of object and where it lives.
 * `schema` parses what the server sends, and decides what is kept: a strict `z.object` makes a small cache; kinds that
 * `OwnedApply` compares need every field we apply (extend `StoredObject`, which is loose). Keep it lenient: an object that
 * it refuses is skipped by caches.
 */
export type ResourceKind<T extends KubeObject> = Readonly<{
  /** Empty for the core group. */
  group: string;
  version: string;
  /** Lower case, as in paths: `deployments`. */
  plural: string;
  kind: string;
  namespaced: boolean;
  schema: z.ZodType<T>;
}>;

/** A kind without its schema: enough for paths, metrics and errors. */
export type KindName = Pick<ResourceKind<KubeObject>, 'group' | 'version' | 'plural' | 'kind' | 'namespaced'>;

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(kind: KindName): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/**
 * Path of all objects of a kind, in one namespace or in all.
 * @throws TypeError when a namespace is given for a kind of the cluster
 */
export function collectionPath(kind: KindName, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  if (namespace === undefined) return `${root}/${kind.plural}`;
  if (!kind.namespaced) throw new TypeError(`${kind.kind} has no namespace, ${namespace} was given`);
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`;
}

/**
 * Path of one object or of a subresource.
 * @throws TypeError when the name is empty, or a namespace is missing or too much
 */
export function objectPath(kind: KindName, ref: ObjectRef, subresource?: 'status' | 'scale'): string {
  if (ref.name === '') throw new TypeError(`${kind.kind} without a name: the path would be the whole collection`);
  if (kind.namespaced && (ref.namespace === undefined || ref.namespace === '')) {
    throw new TypeError(`${kind.kind} ${ref.name} needs a namespace`);
  }
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
