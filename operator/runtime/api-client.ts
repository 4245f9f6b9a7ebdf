import type { DesiredObject, KubeObject, ObjectRef } from './kube-object.ts';
import type { ResourceKind } from './resource-kind.ts';
import type { Transport } from './transport.ts';

/** Which objects of a kind. */
export type ListScope = Readonly<{
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}>;

/** One whole list. */
export type ObjectList<T> = Readonly<{
  items: readonly T[];
  resourceVersion: string;
  /** Objects that the kind's schema refused, as far as they could be named. */
  skipped: readonly SkippedObject[];
}>;
export type SkippedObject = Readonly<{ ref: ObjectRef | undefined; problem: string }>;

/** "Only if it still is this object (uid) / this state (resourceVersion)"; else ApiError Conflict. */
export type Preconditions = Readonly<{ uid?: string | undefined; resourceVersion?: string | undefined }>;

/** Labels or annotations to set; null removes. */
export type MetadataPatch = Readonly<{
  labels?: Readonly<Record<string, string | null>>;
  annotations?: Readonly<Record<string, string | null>>;
}>;

/** What the scale subresource answers. */
export type Scale = Readonly<{ desiredReplicas: number; currentReplicas: number; resourceVersion: string }>;

/** Typed calls to the API server. All throw ApiError. */
export declare class ApiClient {
  constructor(input: { transport: Transport; fieldManager: string; pageSize?: number });
  /** undefined when there is none. */
  get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, signal: AbortSignal): Promise<T | undefined>;
  list<T extends KubeObject>(kind: ResourceKind<T>, scope: ListScope, signal: AbortSignal): Promise<ObjectList<T>>;
  create<T extends KubeObject>(kind: ResourceKind<T>, object: DesiredObject, signal: AbortSignal): Promise<T>;
  /** Server-side apply. `force` takes fields over from other managers (default true). */
  apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: DesiredObject,
    options: Readonly<{ uid?: string | undefined; force?: boolean }>,
    signal: AbortSignal,
  ): Promise<T>;
  /** Writes the difference between `current.status` and `status`; no call at all when there is none. */
  patchStatus<T extends KubeObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    current: T,
    status: object,
    signal: AbortSignal,
  ): Promise<T>;
  patchScale<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    replicas: number,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<Scale>;
  patchMetadata<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: MetadataPatch,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<T>;
  /** Any merge patch (RFC 7386). */
  mergePatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: object,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<T>;
  /** false when there was none. */
  delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    options: Preconditions & Readonly<{ propagation?: 'Background' | 'Foreground' | 'Orphan' }>,
    signal: AbortSignal,
  ): Promise<boolean>;
}
