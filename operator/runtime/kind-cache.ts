import type { KubeObject, ObjectRef } from './kube-object.ts';
import type { IndexKeys } from './object-store.ts';
import { WatchCache, type ChangeHandler, type WatchCacheInput } from './watch-cache.ts';

/** Where to look: every namespace by one watch, or each of these by a watch of its own. */
export type Namespaces = 'All' | readonly string[];

/** What a namespace's copy of a kind is good for. */
export type CacheState = 'Synced' | 'Waiting' | 'Refused';

/**
 * One kind's objects in the namespaces that are looked after. With names, no call goes beyond them, so that Roles are enough, and one
 * namespace that refuses us does not keep the others waiting.
 */
export class KindCache<T extends KubeObject> {
  /** By namespace; under '' where one watch sees all. */
  readonly #caches: ReadonlyMap<string, WatchCache<T>>;

  constructor(input: Omit<WatchCacheInput<T>, 'scope' | 'indexes'> & Readonly<{ namespaces: Namespaces; labelSelector?: string | undefined; indexes?: Readonly<Record<string, IndexKeys<T>>> }>) {
    const { namespaces, labelSelector, ...rest } = input;
    const cache = (namespace: string | undefined): WatchCache<T> => new WatchCache({ ...rest, scope: { namespace, labelSelector } });
    this.#caches = new Map(namespaces === 'All' ? [['', cache(undefined)]] : namespaces.map((namespace) => [namespace, cache(namespace)]));
  }

  /** Follows the API server until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.run(signal)));
  }

  /** Resolves once every namespace is synced, or has refused us; rejects with the signal's reason. */
  async settled(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.settled(signal)));
  }

  /** Lists everything anew and resolves when that is taken over; namespaces that refuse us are passed over. Rejects with the signal's reason. */
  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().filter((cache) => cache.hasSynced).map(async (cache) => cache.refresh(signal)));
  }

  /** The state of the copy that a namespace's objects are in. */
  stateOf(namespace: string | undefined): CacheState {
    const cache = this.#of(namespace);
    if (cache === undefined || cache.isRefused) return 'Refused';
    return cache.hasSynced ? 'Synced' : 'Waiting';
  }

  /** When the API server was last heard of in the namespace that it was least heard of, epoch ms; undefined before the first word. */
  get lastProgressMs(): number | undefined {
    const times = this.#all().map((cache) => cache.lastProgressMs);
    return times.some((time) => time === undefined) ? undefined : Math.min(...times.filter((time) => time !== undefined));
  }

  get(ref: ObjectRef): T | undefined {
    return this.#of(ref.namespace)?.get(ref);
  }

  list(): readonly T[] {
    return this.#all().flatMap((cache) => cache.list());
  }

  /** Objects of one namespace by an index. @throws TypeError for an index that was not declared */
  byIndex(index: string, key: string, namespace: string | undefined): readonly T[] {
    return this.#of(namespace)?.byIndex(index, key) ?? [];
  }

  /** Calls `handler` on every change from now on. */
  onChange(handler: ChangeHandler<T>): void {
    for (const cache of this.#all()) cache.onChange(handler);
  }

  recordWrite(written: KubeObject): void {
    this.#of(written.metadata.namespace)?.recordWrite(written);
  }

  recordDelete(deleted: KubeObject): void {
    this.#of(deleted.metadata.namespace)?.recordDelete(deleted);
  }

  /** True while an own write of the object has not come back. */
  isStale(ref: ObjectRef): boolean {
    return this.#of(ref.namespace)?.isStale(ref) ?? false;
  }

  /** True while an own write of something that this owner controls has not come back. */
  isStaleFor(owner: string, namespace: string | undefined): boolean {
    return this.#of(namespace)?.isStaleFor(owner) ?? false;
  }

  #all(): readonly WatchCache<T>[] {
    return [...this.#caches.values()];
  }

  #of(namespace: string | undefined): WatchCache<T> | undefined {
    return this.#caches.get('') ?? this.#caches.get(namespace ?? '');
  }
}
