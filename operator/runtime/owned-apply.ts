import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ApiClient } from './api-client.ts';
import { firstUncovered } from './coverage.ts';
import { controllerOf, refOf, type DesiredObject, type KubeObject, type OwnerReference } from './kube-object.ts';
import type { Logger } from './logger.ts';
import type { ResourceKind } from './resource-kind.ts';

/** What became of one desired child. */
export type OwnedOutcome<T> = Readonly<
  | { outcome: 'Unchanged'; object: T }
  | { outcome: 'Created'; object: T }
  | { outcome: 'Updated'; object: T }
  /** Someone else's object has the name; it was not touched. */
  | { outcome: 'Foreign'; owner: OwnerReference | undefined }
  /** Ours, but being deleted: its end will wake us. */
  | { outcome: 'Terminating'; object: T }
>;

/** One child to apply. */
export type OwnedChild<T extends KubeObject> = Readonly<{
  kind: ResourceKind<T>;
  /** uid of the object that controls the child; `desired` carries the controller ownerReference with it. */
  ownerUid: string;
  desired: DesiredObject;
  /** From the cache (its schema must keep every field we apply); undefined makes us look by name first. */
  current: T | undefined;
  /** Changes only the very state that was compared; else Conflict. For objects that nobody else writes often; default false. */
  exact?: boolean;
}>;

/**
 * Applies desired children: creates what is missing, puts hand-changed fields back, removes what we applied before and no
 * longer want, leaves other people's fields and objects alone, and writes nothing when nothing differs.
 */
export class OwnedApply {
  readonly #client: ApiClient;
  readonly #annotation: string;
  readonly #logger: Logger;

  /** @param input.annotation holds the sha256 of what we applied last, by which a removal is seen: `churnops.dev/applied` */
  constructor(input: { client: ApiClient; annotation: string; logger: Logger }) {
    this.#client = input.client;
    this.#annotation = input.annotation;
    this.#logger = input.logger;
  }

  /**
   * @throws ApiError; Conflict means that the object changed hands meanwhile: observe again
   * @throws TypeError when `desired` lacks the controller ownerReference: it would be an orphan that we then call foreign
   */
  async apply<T extends KubeObject>(child: OwnedChild<T>, signal: AbortSignal): Promise<OwnedOutcome<T>> {
    const { kind, ownerUid } = child;
    if (controllerOf(child.desired)?.uid !== ownerUid) throw new TypeError(`${kind.kind} ${child.desired.metadata.name} does not name its owner`);
    const desired = this.#withDigest(child.desired);
    const live = child.current ?? (await this.#client.get(kind, refOf(desired), signal));
    if (live === undefined) return this.#create(kind, desired, signal);
    const owner = controllerOf(live);
    if (owner?.uid !== ownerUid) return { outcome: 'Foreign', owner };
    if (live.metadata.deletionTimestamp !== undefined) return { outcome: 'Terminating', object: live };
    const difference = firstUncovered(desired, live);
    if (difference === undefined) return { outcome: 'Unchanged', object: live };
    return this.#update(child, desired, live, difference, signal);
  }

  /** Not forced: should someone else create the name in this moment, a different field is a Conflict, not taken over. */
  async #create<T extends KubeObject>(kind: ResourceKind<T>, desired: DesiredObject, signal: AbortSignal): Promise<OwnedOutcome<T>> {
    return { outcome: 'Created', object: await this.#client.apply(kind, desired, { force: false }, signal) };
  }

  async #update<T extends KubeObject>(
    { kind, exact = false }: OwnedChild<T>,
    desired: DesiredObject,
    live: T,
    difference: string,
    signal: AbortSignal,
  ): Promise<OwnedOutcome<T>> {
    const object = await this.#client.apply(kind, desired, { uid: live.metadata.uid, force: true, ...(exact ? { resourceVersion: live.metadata.resourceVersion } : {}) }, signal);
    const fields = { kind: kind.kind, ...refOf(desired), difference };
    if (object.metadata.resourceVersion === live.metadata.resourceVersion) {
      this.#logger.warn(fields, 'an apply changed nothing: the API server stores this field in another form, it costs a call each time');
      return { outcome: 'Unchanged', object };
    }
    this.#logger.info(fields, 'applied');
    return { outcome: 'Updated', object };
  }

  #withDigest(desired: DesiredObject): DesiredObject {
    const digest = createHash('sha256').update(canonicalize(desired) ?? '').digest('hex');
    return { ...desired, metadata: { ...desired.metadata, annotations: { ...desired.metadata.annotations, [this.#annotation]: digest } } };
  }
}
