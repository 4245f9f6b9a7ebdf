import { controllerOf, keyOf, refOf, refOfKey, type KubeObject, type ObjectRef } from './kube-object.ts';
import { isOlder } from './resource-version.ts';

type OwnWrite = Readonly<{ owner: string | undefined } & ({ kind: 'Write'; resourceVersion: string } | { kind: 'Delete'; uid: string; resourceVersion: string })>;

/** What a cache knows about an object and about its own position. */
export type CacheView = Readonly<{ object: KubeObject | undefined; resourceVersion: string | undefined }>;

/**
 * Read your own writes: which objects were written by us and have not come back through the watch.
 * Acting on such an object would mean deciding on a state that we ourselves have changed.
 */
export class OwnWrites {
  readonly #waiting = new Map<string, OwnWrite>();

  record(written: KubeObject): void {
    const { resourceVersion } = written.metadata;
    const known = this.#waiting.get(keyOf(refOf(written)));
    if (known !== undefined && isOlder(resourceVersion, known.resourceVersion)) return;
    this.#waiting.set(keyOf(refOf(written)), { kind: 'Write', resourceVersion, owner: controllerOf(written)?.uid });
  }

  recordDelete(deleted: KubeObject): void {
    const { uid, resourceVersion } = deleted.metadata;
    this.#waiting.set(keyOf(refOf(deleted)), { kind: 'Delete', uid, resourceVersion, owner: controllerOf(deleted)?.uid });
  }

  /** Forgets them all: the API server has gone back behind them (a restored etcd), so they will never be seen. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Whether `view` is behind an own write of `ref`; forgets a write that was seen. */
  isStale(ref: ObjectRef, view: CacheView): boolean {
    const key = keyOf(ref);
    const write = this.#waiting.get(key);
    if (write === undefined) return false;
    if (!hasSeen(write, view)) return true;
    this.#waiting.delete(key);
    return false;
  }

  /** Whether `viewOf` is behind an own write of anything that this owner controls, whatever its name: no way to write is left out. */
  isStaleFor(owner: string, viewOf: (ref: ObjectRef) => CacheView): boolean {
    const keys = [...this.#waiting].filter(([, write]) => write.owner === owner).map(([key]) => key);
    return keys.some((key) => this.isStale(refOfKey(key), viewOf(refOfKey(key))));
  }

  /** Forgets writes of an object that has gone, or that the cache's position has passed, so that the memory stays small. */
  settle(ref: ObjectRef, view: CacheView): void {
    this.isStale(ref, view);
  }

  /** Objects whose writes wait. */
  get refs(): readonly ObjectRef[] {
    return [...this.#waiting.keys()].map(refOfKey);
  }
}

function hasSeen(write: OwnWrite, { object, resourceVersion }: CacheView): boolean {
  if (write.kind === 'Delete') {
    return object === undefined || object.metadata.uid !== write.uid || object.metadata.deletionTimestamp !== undefined;
  }
  const seen = [object?.metadata.resourceVersion, resourceVersion];
  return seen.some((version) => version !== undefined && !isOlder(version, write.resourceVersion));
}
