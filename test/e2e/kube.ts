import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { ApiClient, type MergePatch } from '../../operator/runtime/api-client.ts';
import type { DesiredObject, KubeObject, ObjectRef } from '../../operator/runtime/kube-object.ts';
import { collectionPath, objectPath, type KindName, type ResourceKind } from '../../operator/runtime/resource-kind.ts';
import type { ApiResponse, Transport } from '../../operator/runtime/transport.ts';
import { output } from './command.ts';
import { APPLICABLE, EVENTS, PODS } from './kinds.ts';
import { until } from './until.ts';

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

const FIELD_MANAGER = 'churnops-e2e';
const Refusal = z.object({ message: z.string().default('') });

/** What the API server answers to an object that is only tried. */
export type Tried = Readonly<{ status: number; message: string; body: unknown }>;

/**
 * The cluster as a claim sees it: objects of the claim's own namespace, unless a ref names another.
 * Objects come back parsed by their kind.
 */
export class Kube {
  readonly client: ApiClient;
  readonly namespace: string;
  readonly #transport: Transport;
  readonly #signal: AbortSignal;

  constructor(input: Readonly<{ transport: Transport; namespace: string; signal: AbortSignal }>) {
    this.client = new ApiClient({ transport: input.transport, fieldManager: FIELD_MANAGER });
    this.namespace = input.namespace;
    this.#transport = input.transport;
    this.#signal = input.signal;
  }

  /** The object, or undefined where there is none. */
  async find<T extends KubeObject>(kind: ResourceKind<T>, name: string | ObjectRef): Promise<T | undefined> {
    return this.client.get(kind, this.#ref(kind, name), this.#signal);
  }

  /** The object. @throws Error when there is none */
  async get<T extends KubeObject>(kind: ResourceKind<T>, name: string | ObjectRef): Promise<T> {
    const object = await this.find(kind, name);
    if (object === undefined) throw new Error(`${kind.kind} ${describe(this.#ref(kind, name))} does not exist`);
    return object;
  }

  /** All objects of the kind in a namespace, the claim's own by default. */
  async list<T extends KubeObject>(kind: ResourceKind<T>, scope: Readonly<{ namespace?: string; labelSelector?: string }> = {}): Promise<readonly T[]> {
    const { items, skipped } = await this.client.list(kind, { namespace: this.namespace, ...scope }, this.#signal);
    if (skipped.length > 0) throw new Error(`${kind.kind}: the schema refuses ${JSON.stringify(skipped)}`);
    return items;
  }

  /**
   * Server-side apply, forced, of a manifest or of all in a YAML text; the claim's namespace where none is named.
   * @throws ApiError what the API server says
   */
  async apply(manifest: string | DesiredObject): Promise<void> {
    const documents = typeof manifest === 'string' ? loadAll(manifest).filter((document) => document !== null && document !== undefined) : [manifest];
    for (const document of documents) {
      const object = Manifest.parse(document);
      const kind = APPLICABLE.find((one) => one.kind === object.kind);
      if (kind === undefined) throw new Error(`add kind ${object.kind} to test/e2e/kinds.ts`);
      await this.client.apply(kind, this.#placed(kind, object), {}, this.#signal);
    }
  }

  /** Asks the API server whether it would take the object (server-side dry run of an apply), and gives its whole answer. */
  async tryApply(kind: KindName, manifest: DesiredObject): Promise<Tried> {
    return this.#applyStrictly(kind, manifest, { dryRun: 'All' });
  }

  /** Server-side apply as people do it, with every unknown field refused; refusals are answers, too. */
  async applyStrictly(kind: KindName, manifest: DesiredObject): Promise<Tried> {
    return this.#applyStrictly(kind, manifest, {});
  }

  async #applyStrictly(kind: KindName, manifest: DesiredObject, query: Readonly<Record<string, string>>): Promise<Tried> {
    const object = this.#placed(kind, Manifest.parse(manifest));
    const answer = await this.#transport.send(
      {
        verb: 'apply',
        method: 'PATCH',
        path: objectPath(kind, object.metadata),
        query: { fieldManager: FIELD_MANAGER, force: 'true', fieldValidation: 'Strict', ...query },
        contentType: 'application/apply-patch+yaml',
        body: JSON.stringify(object),
      },
      this.#signal,
    );
    return tried(answer);
  }

  /** As {@link tryApply}, by a POST: what `kubectl create` does. */
  async tryCreate(kind: KindName, manifest: DesiredObject): Promise<Tried> {
    const object = this.#placed(kind, Manifest.parse(manifest));
    const answer = await this.#transport.send(
      {
        verb: 'create',
        method: 'POST',
        path: collectionPath(kind, object.metadata.namespace),
        query: { dryRun: 'All', fieldValidation: 'Strict' },
        contentType: 'application/json',
        body: JSON.stringify(object),
      },
      this.#signal,
    );
    return tried(answer);
  }

  /** A merge patch, as a hand would do. */
  async patch<T extends KubeObject>(kind: ResourceKind<T>, name: string | ObjectRef, patch: MergePatch): Promise<T> {
    return this.client.mergePatch(kind, this.#ref(kind, name), patch, {}, this.#signal);
  }

  /** A merge patch of the status, as whoever decides in the operator's place would write it; the operator goes on from there. */
  async patchStatus<T extends KubeObject>(kind: ResourceKind<T>, name: string | ObjectRef, status: MergePatch): Promise<void> {
    const path = objectPath(kind, this.#ref(kind, name), 'status');
    const answer = await this.#transport.send({ verb: 'patch', method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, contentType: 'application/merge-patch+json', body: JSON.stringify({ status }) }, this.#signal);
    if (answer.status >= 300) throw new Error(`status of ${kind.kind} ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
  }

  /** Asks for a pod to be evicted, as `kubectl drain` does. False: a disruption budget does not allow it now. */
  async evict(pod: string): Promise<boolean> {
    const ref = this.#ref(PODS, pod);
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: ref };
    const { status, text } = await this.#transport.send({ verb: 'create', method: 'POST', path: `${objectPath(PODS, ref)}/eviction`, contentType: 'application/json', body: JSON.stringify(body) }, this.#signal);
    if (status === 429) return false;
    if (status >= 300) throw new Error(`eviction of ${pod}: ${status} ${text.slice(0, 300)}`);
    return true;
  }

  /** Deletes; false when there was nothing. Dependents follow in the background. */
  async delete(kind: KindName, name: string | ObjectRef): Promise<boolean> {
    return this.client.delete(kind, this.#ref(kind, name), {}, this.#signal);
  }

  /**
   * Waits until the object is as wanted, and gives it. An absent object is undefined.
   * @throws NotInTime with the object as it was last seen
   */
  async until<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string | ObjectRef,
    wait: Readonly<{ what: string; deadlineMs: number; everyMs?: number }>,
    holds: (object: T) => boolean,
  ): Promise<T> {
    const object = await this.untilAny(wait, async () => this.find(kind, name), (seen) => seen !== undefined && holds(seen));
    if (object === undefined) throw new Error('an object that holds is an object');
    return object;
  }

  /** Waits until something read from the cluster is as wanted. @throws NotInTime */
  async untilAny<Value>(wait: Readonly<{ what: string; deadlineMs: number; everyMs?: number }>, read: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
    return until({ ...wait, signal: this.#signal }, read, holds);
  }

  /** Events about an object, oldest first. */
  async events(name: string): Promise<readonly z.infer<(typeof EVENTS)['schema']>[]> {
    const all = await this.list(EVENTS);
    return all.filter((event) => event.regarding?.name === name).toSorted((a, b) => (a.eventTime ?? '').localeCompare(b.eventTime ?? ''));
  }

  /** `hack/cluster kubectl`, in the claim's namespace. @throws Error with what kubectl says */
  async kubectl(...args: readonly string[]): Promise<string> {
    return output('hack/cluster', ['kubectl', '--namespace', this.namespace, ...args], { signal: this.#signal });
  }

  #ref(kind: KindName, name: string | ObjectRef): ObjectRef {
    if (typeof name === 'string') return kind.namespaced ? { namespace: this.namespace, name } : { name };
    return name;
  }

  #placed<O extends DesiredObject>(kind: KindName, object: O): O {
    if (!kind.namespaced) return object;
    return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? this.namespace } };
  }
}

function describe(ref: ObjectRef): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

function tried(answer: ApiResponse): Tried {
  const body: unknown = JSON.parse(answer.text);
  return { status: answer.status, message: answer.status < 300 ? '' : Refusal.parse(body).message, body };
}
