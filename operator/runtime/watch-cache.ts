import type { ApiClient, ListScope } from './api-client.ts';
import type { Clock, Random } from './clock.ts';
import type { KubeObject, ObjectRef } from './kube-object.ts';
import type { Logger } from './logger.ts';
import type { ResourceKind } from './resource-kind.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** A change of one object. `initial`: part of the first list, so that a queue can put it behind live changes. */
export type ChangeHandler<T> = (previous: T | undefined, current: T | undefined, initial: boolean) => void;

/** Index keys of an object; an empty list leaves it out. */
export type IndexKeys<T> = (object: T) => readonly string[];

/** A local, always following copy of one kind's objects. Objects are deeply frozen. */
export declare class WatchCache<T extends KubeObject> {
  constructor(input: {
    client: ApiClient;
    kind: ResourceKind<T>;
    scope?: ListScope;
    indexes?: Readonly<Record<string, IndexKeys<T>>>;
    clock: Clock;
    random: Random;
    logger: Logger;
    metrics: RuntimeMetrics;
  });
  /** Follows the API server until `signal` aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  readonly hasSynced: boolean;
  /** Resolves after the first whole list was taken over and its handlers ran. */
  synced(signal: AbortSignal): Promise<void>;
  /** Last time something (event, bookmark, list) came from the server, epoch ms; for livez. */
  readonly lastProgressMs: number | undefined;
  get(ref: ObjectRef): T | undefined;
  list(namespace?: string): readonly T[];
  /** @throws TypeError for an index that was not declared */
  byIndex(index: string, key: string): readonly T[];
  /** Objects whose ownerReferences name this uid. */
  byOwner(uid: string): readonly T[];
  /** Calls `handler` on every change from now on; returns how to stop that. */
  onChange(handler: ChangeHandler<T>): () => void;
  /** After an own write: the cache is stale for the object until it has seen that write. */
  recordWrite(written: KubeObject): void;
  /** After an own delete: stale until the object is gone, going, or another one. */
  recordDelete(deleted: KubeObject): void;
  /** True while an own write has not come back: requeue instead of acting. */
  isStale(ref: ObjectRef): boolean;
}

/** Index by the value of a label. */
export declare function byLabel(label: string): IndexKeys<KubeObject>;
