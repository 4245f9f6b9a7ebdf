import type { KubeObject } from './kube-object.ts';
import type { IndexKeys } from './object-store.ts';

/** Index by the value of a label. */
export function byLabel(label: string): IndexKeys<KubeObject> {
  return (object) => {
    const value = object.metadata.labels?.[label];
    return value === undefined ? [] : [value];
  };
}

/** Index by the uids of all owners. */
export function ownerUids(object: KubeObject): readonly string[] {
  return object.metadata.ownerReferences?.map((reference) => reference.uid) ?? [];
}
