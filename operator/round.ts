import { isApiError, type ApiError, type ApiErrorCode } from './runtime/api-error.ts';
import type { KubeObject, OwnerReference } from './runtime/kube-object.ts';
import type { ChildProblem } from './status/report.ts';

/**
 * What became of one round of writes. `failed`: errors of the API server's own (a webhook that is away), which kept no other child from
 * being written. `outdated`: what was decided on is not so (the model is gone, a Deployment is there that no cache knew), so that nothing
 * was written but what put that right: look again. `ending`: the namespace is being deleted, and the model with it.
 */
export type ApplyResult = Readonly<{ problems: readonly ChildProblem[]; failed: readonly ApiError[]; serviceSwitched: boolean; /** Something of the children falls due then, milliseconds from now. */ recheckMs: number | undefined; pending: boolean; outdated: boolean; ending: boolean }>;

/** A child on its way out for longer is held by somebody's finalizer. */
const TERMINATES_WITHIN_MS = 30_000;

/** The API server's no: quota, admission, rights, a spec that it does not take. */
const REFUSALS: readonly ApiErrorCode[] = ['Invalid', 'BadRequest', 'Forbidden'];
/** Its own failures, for one object and not for another: mostly a webhook that is away, or does not answer. */
const FAILURES: readonly ApiErrorCode[] = ['Internal', 'Timeout'];

/**
 * One write whose refusal or failure keeps no other from being made.
 * @param what is refused, for people
 * @throws whatever else the write throws
 */
export async function attempt<T>(what: string, write: () => Promise<Put<T>>): Promise<Put<T>> {
  try {
    return await write();
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (REFUSALS.includes(error.code)) return { problem: { reason: 'ApplyRefused', message: `the API server refuses ${what}: ${error.message} Tried again every 30 s.` } };
    if (FAILURES.includes(error.code)) return { failed: error };
    if (error.code === 'NamespaceTerminating') return { ending: true };
    throw error;
  }
}

/** What became of one write. */
export type Put<T> = Readonly<{ object?: T; problem?: ChildProblem; failed?: ApiError; pending?: boolean; ending?: boolean }>;

/** Collects what a round of writes met. */
export class Round {
  readonly problems: ChildProblem[] = [];
  readonly failed: ApiError[] = [];
  pending = false;
  outdated = false;
  ending = false;
  recheckMs: number | undefined;
  readonly #lookForOwner: () => Promise<boolean>;
  #ownerIsThere: boolean | undefined;

  constructor(lookForOwner: () => Promise<boolean>) {
    this.#lookForOwner = lookForOwner;
  }

  /** Whether the owner is there; looked for once, and only where something is to be created. */
  async ownerIsThere(): Promise<boolean> {
    this.#ownerIsThere ??= await this.#lookForOwner();
    if (!this.#ownerIsThere) this.outdated = true;
    return this.#ownerIsThere;
  }

  result(serviceSwitched: boolean): ApplyResult {
    const { problems, failed, pending, outdated, ending, recheckMs } = this;
    return { problems, failed, pending, outdated, ending, recheckMs, serviceSwitched };
  }

  async do<T>(put: Promise<Put<T>>): Promise<T | undefined> {
    const { object, problem, failed, pending, ending } = await put;
    if (problem !== undefined) this.problems.push(problem);
    if (failed !== undefined) this.failed.push(failed);
    if (pending === true) this.pending = true;
    if (ending === true) this.ending = true;
    return object;
  }
}

/** An object of somebody else in a child's place. */
export function nameConflict(kind: string, name: string, owner: OwnerReference | undefined): ChildProblem {
  const whose = owner === undefined ? 'it is not ours' : `it belongs to ${owner.kind} ${owner.name}`;
  return { reason: 'NameConflict', message: `${kind} ${name} is in the way: ${whose}, so it was not touched. Delete it or rename the ChurnModel; looked at again every 30 s.` };
}

/** Its end wakes us; one that does not come is told, with what holds it. */
export function heldChild(kind: string, { metadata }: KubeObject, nowMs: number): Put<never> {
  const { name, deletionTimestamp = '', finalizers = [] } = metadata;
  if (nowMs - Date.parse(deletionTimestamp) < TERMINATES_WITHIN_MS) return { pending: true };
  const holders = finalizers.length === 0 ? 'its pods or its children end slowly' : `held by the finalizers ${finalizers.join(', ')}`;
  return { problem: { reason: 'ChildTerminating', message: `${kind} ${name} is on its way out since ${deletionTimestamp}, ${holders}; it is made anew once it is gone. Looked at again every 30 s.` } };
}
