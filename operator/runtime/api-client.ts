import { z } from 'zod';
import { jsonOrUndefined } from '../../contracts/json.ts';
import { ApiError, apiErrorOf, isApiError } from './api-error.ts';
import type { DesiredObject, KubeObject, ObjectRef } from './kube-object.ts';
import { mergePatchBetween } from './json-merge-patch.ts';
import { parseJson, parseList, parseObject, type ListPage, type SkippedObject } from './object-parsing.ts';
import { collectionPath, objectPath, type KindName, type ResourceKind } from './resource-kind.ts';
import { ScaleAnswer, type Scale } from './scale.ts';
import type { ApiRequest, Transport } from './transport.ts';
import { readWatch, type WatchEvent } from './watch-stream.ts';

export type { SkippedObject } from './object-parsing.ts';

const defaultPageSize = 100; // ten kinds at a time: pages of 500 of a thousand models took 100 MB for a moment
/** A watch's head comes at once; its body is guarded by idleMs. */
const watchHeadTimeoutMs = 30_000;

/** Which objects of a kind. */
export type ListScope = Readonly<{
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}>;

/** One whole list, and the objects in it that the kind's schema refused. */
export type ObjectList<T> = Readonly<{ items: readonly T[]; resourceVersion: string; skipped: readonly SkippedObject[] }>;

/** "Only if it still is this object (uid) and in this state (resourceVersion)"; else ApiError Conflict. */
export type Preconditions = Readonly<{ uid?: string | undefined; resourceVersion?: string | undefined }>;

/** Labels or annotations to set; null removes. */
export type MetadataPatch = Readonly<{
  labels?: Readonly<Record<string, string | null>>;
  annotations?: Readonly<Record<string, string | null>>;
}>;

/** A merge patch; its metadata is completed by the preconditions. */
export type MergePatch = Readonly<{ metadata?: object; [field: string]: unknown }>;

/**
 * Typed calls to the API server. Objects come back parsed by the kind's schema and deeply frozen.
 * Every method throws ApiError; retries, counting and credentials belong to the transport.
 */
export class ApiClient {
  readonly #transport: Transport;
  readonly #fieldManager: string;
  readonly #pageSize: number;

  /** @param input.fieldManager one stable name for all our writes; at most 128 characters */
  constructor(input: { transport: Transport; fieldManager: string; pageSize?: number }) {
    this.#transport = input.transport;
    this.#fieldManager = input.fieldManager;
    this.#pageSize = input.pageSize ?? defaultPageSize;
  }

  /** One object; undefined when there is none. */
  async get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await this.#object(kind, { verb: 'get', method: 'GET', path: objectPath(kind, ref) }, signal);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /**
   * All objects of a scope, page by page, as of one resource version: a quorum read, never older than what was read before.
   * A continue token that expired between pages costs one read without pages.
   */
  async list<T extends KubeObject>(kind: ResourceKind<T>, scope: ListScope, signal: AbortSignal): Promise<ObjectList<T>> {
    try {
      return await this.#pages(kind, scope, this.#pageSize, signal);
    } catch (error) {
      if (!isApiError(error, 'Gone')) throw error;
      return this.#pages(kind, scope, undefined, signal);
    }
  }

  /**
   * Events after `resourceVersion` until the server ends the watch. Objects are not parsed here.
   * @param options.idleMs longest silence; bookmarks break it about once a minute
   * @throws ApiError Gone when the version is too old, Timeout after a silence, Malformed for a line that is not an event
   */
  watch(
    kind: KindName,
    scope: ListScope,
    options: Readonly<{ resourceVersion: string; timeoutSeconds: number; idleMs: number }>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const request: ApiRequest = {
      verb: 'watch',
      method: 'GET',
      path: collectionPath(kind, scope.namespace),
      query: {
        ...selectorsOf(scope),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.timeoutSeconds),
      },
      timeoutMs: watchHeadTimeoutMs,
    };
    return readWatch(this.#transport, request, options.idleMs, signal);
  }

  /** Creates; for names that must be new. Children go through {@link apply}, so that removed fields are removed. */
  async create<T extends KubeObject>(kind: ResourceKind<T>, object: DesiredObject, signal: AbortSignal): Promise<T> {
    const path = collectionPath(kind, object.metadata.namespace);
    return this.#object(kind, { verb: 'create', method: 'POST', path, query: this.#manager(), ...jsonBody(object) }, signal);
  }

  /**
   * Replaces the whole object as it was read (PUT); Conflict when it has changed since. For objects whose every field we keep:
   * what the kind's schema drops is lost.
   */
  async replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, signal: AbortSignal): Promise<T> {
    return this.#object(kind, { verb: 'update', method: 'PUT', path: objectPath(kind, object.metadata), query: this.#manager(), ...jsonBody(object) }, signal);
  }

  /**
   * Server-side apply: creates or updates; fields that we applied before and leave out now are removed.
   * @param options.uid applies only to this very object, and resourceVersion only to this very state of it; else Conflict
   * @param options.force takes fields over from other managers (default true); false gives Conflict instead
   */
  async apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    object: DesiredObject,
    options: Preconditions & Readonly<{ force?: boolean }>,
    signal: AbortSignal,
  ): Promise<T> {
    const { uid, resourceVersion } = options;
    const body = { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
    const request: ApiRequest = {
      verb: 'apply',
      method: 'PATCH',
      path: objectPath(kind, object.metadata),
      query: { ...this.#manager(), force: String(options.force ?? true) },
      contentType: 'application/apply-patch+yaml',
      body: JSON.stringify(body),
    };
    try {
      return await this.#object(kind, request, signal);
    } catch (error) {
      throw uid === undefined ? error : uidConflict(error);
    }
  }

  /**
   * Writes the difference between `current.status` and `status`; no call at all when there is none.
   * A merge patch bound to `current`'s resourceVersion and uid, not a server-side apply: the operator is the only writer of
   * status, so field ownership would only grow managedFields by the whole status, while the version makes sure that the
   * decision was taken on the object as it is (Conflict otherwise).
   */
  async patchStatus<T extends KubeObject & { readonly status?: unknown }>(
    kind: ResourceKind<T>,
    current: T,
    status: object,
    signal: AbortSignal,
  ): Promise<T> {
    const difference = mergePatchBetween(current.status, status);
    if (difference === undefined) return current;
    const { uid, resourceVersion } = current.metadata;
    const request = this.#patch(objectPath(kind, current.metadata, 'status'), { status: difference }, { uid, resourceVersion });
    return this.#conditional(kind, request, signal);
  }

  /** Sets replicas through the scale subresource, so that they never become a field that an apply could reset. */
  async patchScale<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    replicas: number,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<Scale> {
    const request = this.#patch(objectPath(kind, ref, 'scale'), { spec: { replicas } }, preconditions);
    const { metadata, spec, status } = await this.#call(request, ScaleAnswer, signal).catch((error: unknown) => {
      throw uidConflict(error);
    });
    return { desiredReplicas: spec.replicas, currentReplicas: status.replicas, resourceVersion: metadata.resourceVersion };
  }

  /** Sets or removes labels and annotations, nothing else. */
  async patchMetadata<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: MetadataPatch,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<T> {
    return this.mergePatch(kind, ref, { metadata: patch }, preconditions, signal);
  }

  /** Any merge patch (RFC 7386). */
  async mergePatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: MergePatch,
    preconditions: Preconditions,
    signal: AbortSignal,
  ): Promise<T> {
    return this.#conditional(kind, this.#patch(objectPath(kind, ref), patch, preconditions), signal);
  }

  /** Deletes; false when there was nothing. Dependents follow in the background unless said otherwise. */
  async delete(
    kind: KindName,
    ref: ObjectRef,
    options: Preconditions & Readonly<{ propagation?: 'Background' | 'Foreground' | 'Orphan' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { uid, resourceVersion, propagation = 'Background' } = options;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: propagation, preconditions: { uid, resourceVersion } };
    try {
      await this.#call({ verb: 'delete', method: 'DELETE', path: objectPath(kind, ref), ...jsonBody(body) }, z.unknown(), signal);
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      throw error;
    }
  }

  async #pages<T extends KubeObject>(
    kind: ResourceKind<T>,
    scope: ListScope,
    limit: number | undefined,
    signal: AbortSignal,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    const skipped: SkippedObject[] = [];
    let page: ListPage<T>;
    let next: string | undefined;
    do {
      const query = { ...selectorsOf(scope), ...(limit === undefined ? {} : { limit: String(limit) }), ...(next === undefined ? {} : { continue: next }) };
      const text = await this.#text({ verb: 'list', method: 'GET', path: collectionPath(kind, scope.namespace), query }, signal);
      page = parseList(kind, text);
      items.push(...page.items);
      skipped.push(...page.skipped);
      next = page.continue;
    } while (next !== undefined);
    return { items, skipped, resourceVersion: page.resourceVersion };
  }

  #manager(): Readonly<Record<string, string>> {
    return { fieldManager: this.#fieldManager };
  }

  #patch(path: string, patch: MergePatch, preconditions: Preconditions): ApiRequest {
    const body = { ...patch, metadata: { ...patch.metadata, ...preconditions } };
    return { verb: 'patch', method: 'PATCH', path, query: this.#manager(), contentType: 'application/merge-patch+json', body: JSON.stringify(body) };
  }

  async #conditional<T extends KubeObject>(kind: ResourceKind<T>, request: ApiRequest, signal: AbortSignal): Promise<T> {
    try {
      return await this.#object(kind, request, signal);
    } catch (error) {
      throw uidConflict(error);
    }
  }

  async #object<T extends KubeObject>(kind: ResourceKind<T>, request: ApiRequest, signal: AbortSignal): Promise<T> {
    return parseObject(kind, await this.#text(request, signal));
  }

  async #call<S extends z.ZodType>(request: ApiRequest, schema: S, signal: AbortSignal): Promise<z.infer<S>> {
    const parsed = schema.safeParse(parseJson(await this.#text(request, signal), request.path));
    if (!parsed.success) throw new ApiError({ code: 'Malformed', message: `${request.method} ${request.path}: ${z.prettifyError(parsed.error)}` });
    return parsed.data;
  }

  async #text(request: ApiRequest, signal: AbortSignal): Promise<string> {
    const { status, retryAfter, text } = await this.#transport.send(request, signal);
    if (status >= 200 && status < 300) return text;
    // An error body that is no JSON (a proxy's page) is not quoted.
    throw apiErrorOf({ what: `${request.method} ${request.path}`, status, body: jsonOrUndefined(text), retryAfter });
  }
}

function selectorsOf(scope: ListScope): Readonly<Record<string, string>> {
  return {
    ...(scope.labelSelector === undefined ? {} : { labelSelector: scope.labelSelector }),
    ...(scope.fieldSelector === undefined ? {} : { fieldSelector: scope.fieldSelector }),
  };
}

function jsonBody(body: object): Pick<ApiRequest, 'contentType' | 'body'> {
  return { contentType: 'application/json', body: JSON.stringify(body) };
}

/** A patch whose metadata.uid differs is refused as an edit of an immutable field (422): for us it is a lost precondition. */
function uidConflict(error: unknown): unknown {
  if (!isApiError(error, 'Invalid') || !error.message.includes('metadata.uid')) return error;
  return new ApiError({ code: 'Conflict', message: error.message, status: error.status, reason: error.reason, cause: error });
}
