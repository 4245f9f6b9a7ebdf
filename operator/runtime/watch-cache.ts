import type { ApiClient, ListScope } from './api-client.ts';
import { ApiError, isApiError } from './api-error.ts';
import { Backoff, reflectorBackoff } from './backoff.ts';
import { sleep, type Clock, type Random } from './clock.ts';
import { keyOf, refOf, type KubeObject, type ObjectRef } from './kube-object.ts';
import { withFields, type Logger } from './logger.ts';
import { ListGuard } from './list-guard.ts';
import { parseStored, type SkippedObject } from './object-parsing.ts';
import { ownerUids } from './index-keys.ts';
import { ObjectStore, type Change, type IndexKeys } from './object-store.ts';
import { orAborted } from './or-aborted.ts';
import { OwnWrites, type CacheView } from './own-writes.ts';
import { Refreshes } from './refreshes.ts';
import { Refusal } from './refusal.ts';
import type { ResourceKind } from './resource-kind.ts';
import { isOlder } from './resource-version.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { WatchEvent } from './watch-stream.ts';

/** client-go's: between 5 and 10 minutes, at random, so that watches do not all end together. */
const shortestWatchSeconds = 300;
/** Bookmarks come about once a minute; a watch silent for longer than one and a half is taken for dead. */
const defaultIdleMs = 100_000;
/** A watch that ends sooner and brought nothing counts as a failure, or a broken proxy would make a hot loop. */
const shortWatchMs = 1_000;

const ownerIndex = 'ownerUid';

/** A change of one object. `initial`: from the first list, so that a queue can put it behind live changes. */
export type ChangeHandler<T> = (previous: T | undefined, current: T | undefined, initial: boolean) => void;

/** What a cache needs. */
export type WatchCacheInput<T extends KubeObject> = Readonly<{
  client: ApiClient;
  kind: ResourceKind<T>;
  scope?: ListScope;
  indexes?: Readonly<Record<string, IndexKeys<T>>>;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** Longest silence of a watch; default 100 s. */
  idleMs?: number;
}>;

/**
 * A local copy of one kind's objects that follows the API server: client-go's reflector and indexed store.
 * Lists, then watches from that version on; resumes after every kind of failure, relists when its version is too old,
 * never takes an older state for a newer one, and never stops by itself. Objects are deeply frozen.
 */
export class WatchCache<T extends KubeObject> {
  readonly #input: WatchCacheInput<T>;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #store: ObjectStore<T>;
  readonly #ownWrites = new OwnWrites();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  /** Resolves at the first list, or at the first refusal. */
  readonly #settled = Promise.withResolvers<void>();
  readonly #refreshes = new Refreshes();
  readonly #refusal: Refusal;
  readonly #guard: ListGuard;
  #hasSynced = false;
  #running = false;
  /** Where the watch goes on; undefined asks for a list. */
  #resumeFrom: string | undefined;
  /** The newest version seen, whatever came of it. */
  #position: string | undefined;
  /** The last failure was Gone too: a second one in a row waits. */
  #relistedAfterGone = false;
  #lastProgressMs: number | undefined;

  constructor(input: WatchCacheInput<T>) {
    this.#input = input;
    this.#name = `${input.kind.plural}${input.kind.group === '' ? '' : `.${input.kind.group}`}`;
    this.#logger = withFields(input.logger, { cache: this.#name });
    this.#refusal = new Refusal(this.#name, input.scope?.namespace, this.#logger);
    this.#guard = new ListGuard(this.#name, this.#logger, input.metrics);
    this.#store = new ObjectStore<T>({ ...input.indexes, [ownerIndex]: ownerUids });
  }

  /**
   * Follows the API server until `signal` aborts; never rejects.
   * @throws TypeError when it runs already: two watches would write one store
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#running) throw new TypeError(`cache ${this.#name} runs already`);
    this.#running = true;
    const backoff = new Backoff(reflectorBackoff, this.#input.clock, this.#input.random);
    try {
      while (!signal.aborted) {
        const waitMs = await this.#follow(signal, backoff);
        if (waitMs > 0) await sleep(this.#input.clock, waitMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#running = false;
    }
  }

  /** Whether the first whole list was taken over; for readyz. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves once {@link hasSynced} and its handlers ran; rejects with the signal's reason. */
  async synced(signal: AbortSignal): Promise<void> {
    await orAborted(this.#synced.promise, signal);
  }

  /** Resolves once {@link hasSynced}, or once the API server refused the list; rejects with the signal's reason. */
  async settled(signal: AbortSignal): Promise<void> {
    await orAborted(this.#settled.promise, signal);
  }

  /** Whether the newest list or watch was refused for want of rights. */
  get isRefused(): boolean {
    return this.#refusal.isRefused;
  }

  /**
   * Lists again, now, and resolves when that list is taken over: what comes after has seen everything written before the call.
   * Rejects with the signal's reason.
   */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#refreshes.next(signal);
  }

  /** When something (event, bookmark, list) last came from the server, epoch ms; for livez. */
  get lastProgressMs(): number | undefined {
    return this.#lastProgressMs;
  }

  get(ref: ObjectRef): T | undefined {
    return this.#store.get(ref);
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }

  /** @throws TypeError for an index that was not declared */
  byIndex(index: string, key: string): readonly T[] {
    return this.#store.byIndex(index, key);
  }

  /** Objects whose ownerReferences name this uid. */
  byOwner(uid: string): readonly T[] {
    return this.#store.byIndex(ownerIndex, uid);
  }

  /** Calls `handler` on every change from now on; what it returns stops that. */
  onChange(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** After an own write: the cache is stale for the object until it has seen that write. */
  recordWrite(written: KubeObject): void {
    this.#ownWrites.record(written);
  }

  /** After an own delete: stale until the object is gone, going, or another one. */
  recordDelete(deleted: KubeObject): void {
    this.#ownWrites.recordDelete(deleted);
  }

  /** True while an own write of the object has not come back: requeue instead of acting. Its coming back calls the handlers. */
  isStale(ref: ObjectRef): boolean {
    return this.#ownWrites.isStale(ref, this.#view(ref));
  }

  /** As {@link isStale}, of everything that this owner controls. */
  isStaleFor(owner: string): boolean {
    return this.#ownWrites.isStaleFor(owner, this.#view);
  }

  /** One list or one watch; gives how long to wait before the next. */
  async #follow(outer: AbortSignal, backoff: Backoff): Promise<number> {
    const { clock, metrics } = this.#input;
    const interrupt = this.#refreshes.interrupt();
    const signal = AbortSignal.any([outer, interrupt]);
    try {
      if (this.#resumeFrom === undefined || this.#refreshes.wanted) {
        await this.#relist(signal);
        return 0;
      }
      const startedMs = clock.nowMs();
      const events = await this.#watch(this.#resumeFrom, signal);
      if (interrupt.aborted || events > 0 || clock.nowMs() - startedMs >= shortWatchMs) return 0;
      throw new ApiError({ code: 'Unavailable', message: `WATCH ${this.#name}: ended at once` });
    } catch (error) {
      if (signal.aborted) return 0;
      const told = this.#noteRefusal(error);
      if (isApiError(error, 'Gone') || isApiError(error, 'Malformed')) this.#resumeFrom = undefined;
      const relistAtOnce = isApiError(error, 'Gone') && !this.#relistedAfterGone;
      this.#relistedAfterGone = relistAtOnce;
      const code = error instanceof ApiError ? error.code : 'Unexpected';
      metrics.watchFailures.inc({ name: this.#name, code });
      const askedMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      const waitMs = relistAtOnce ? 0 : Math.max(backoff.next(), askedMs);
      this.#logger[told ? 'debug' : 'warn']({ error, code, waitMs }, 'watch interrupted, will resume');
      return waitMs;
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, kind, scope = {}, metrics } = this.#input;
    metrics.lists.inc({ name: this.#name });
    const { asked } = this.#refreshes;
    const { items, resourceVersion, skipped } = await client.list(kind, scope, signal);
    if (this.#guard.judge(resourceVersion, this.#position) === 'GoneBack') {
      this.#position = undefined;
      this.#ownWrites.clear();
    }
    for (const object of skipped) this.#reportSkipped(object);
    const kept = new Set(skipped.flatMap(({ ref }) => (ref === undefined ? [] : [keyOf(ref)])));
    const changes = this.#store.replace(items, kept);
    this.#progress(resourceVersion);
    for (const change of changes) this.#emit(change, !this.#hasSynced);
    this.#hasSynced = true;
    this.#refusal.succeeded();
    this.#synced.resolve();
    this.#settled.resolve();
    this.#refreshes.listed(asked);
  }

  /** An answer is a sign of life, even this one. @returns whether it was told before */
  #noteRefusal(error: unknown): boolean {
    const told = this.#refusal.failed(error);
    if (!this.#refusal.isRefused) return false;
    this.#resumeFrom = undefined;
    this.#lastProgressMs = this.#input.clock.nowMs();
    this.#settled.resolve();
    this.#refreshes.listed(this.#refreshes.asked);
    return told;
  }

  /** @returns how many events and bookmarks came */
  async #watch(resourceVersion: string, signal: AbortSignal): Promise<number> {
    const { client, kind, scope = {}, random, metrics, idleMs = defaultIdleMs } = this.#input;
    const options = { resourceVersion, timeoutSeconds: Math.floor(shortestWatchSeconds * (1 + random())), idleMs };
    metrics.watches.inc({ name: this.#name });
    let count = 0;
    for await (const event of client.watch(kind, scope, options, signal)) {
      if (signal.aborted) return count;
      count += 1;
      this.#take(event);
    }
    return count;
  }

  #take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK') {
      this.#progress(event.resourceVersion);
      return;
    }
    const parsed = parseStored(this.#input.kind, event.object);
    if ('skipped' in parsed) {
      this.#reportSkipped(parsed.skipped);
      if (parsed.skipped.resourceVersion !== undefined) this.#progress(parsed.skipped.resourceVersion);
      return;
    }
    const { object } = parsed;
    const known = this.#store.get(refOf(object));
    const change = event.type === 'DELETED' ? this.#store.remove(object) : this.#store.put(object);
    if (change === undefined && known !== undefined) this.#input.metrics.olderVersions.inc({ name: this.#name });
    this.#progress(object.metadata.resourceVersion);
    if (change !== undefined) this.#emit(change, false);
  }

  /** Moves the position forward, never back, and lets own writes that it passed go. */
  #progress(resourceVersion: string): void {
    this.#lastProgressMs = this.#input.clock.nowMs();
    if (this.#position !== undefined && isOlder(resourceVersion, this.#position)) return;
    this.#position = resourceVersion;
    this.#resumeFrom = resourceVersion;
    for (const ref of this.#ownWrites.refs) this.#ownWrites.settle(ref, this.#view(ref));
  }

  readonly #view = (ref: ObjectRef): CacheView => ({ object: this.#store.get(ref), resourceVersion: this.#position });

  #emit(change: Change<T>, initial: boolean): void {
    for (const handler of this.#handlers) {
      try {
        handler(change.previous, change.current, initial);
      } catch (error) {
        this.#input.metrics.handlerErrors.inc({ name: this.#name });
        this.#logger.error({ error }, 'a change handler threw');
      }
    }
  }

  #reportSkipped(skipped: SkippedObject): void {
    this.#input.metrics.skippedObjects.inc({ name: this.#name });
    this.#logger.warn({ ...skipped.ref, problem: skipped.problem }, 'an object does not parse, it is skipped');
  }
}
