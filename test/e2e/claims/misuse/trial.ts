import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { API_VERSION } from '../../../../contracts/names.ts';
import { CHURN_MODELS } from '../../kinds.ts';
import { conditionOf, untilServing } from '../../serving.ts';
import type { ClaimContext } from '../../context.ts';
import { NotInTime } from '../../until.ts';
import { BASE, IN_TIME, KEPT_BY_KUBERNETES } from './base.ts';
import type { Change } from './changes.ts';
import { isEmpty, isListed, isShown, namesField, newValues, valuesUnder } from './judge.ts';
import { declared, lasting, type Seen, type World } from './world.ts';
import type { Json } from './values.ts';

/** What became of one change. `Lost`: taken, and nothing tells of it; `Silent`: refused without its field, or taken though it must not be. */
export type Outcome = Readonly<{ change: Change; result: 'Refused' | 'Shown' | 'Listed' | 'Told' | 'AsBefore' | 'InTime' | 'Lost' | 'Silent' | 'NotReverted'; detail: string }>;

const Stored = z.looseObject({ metadata: z.looseObject({ generation: z.number() }), spec: z.unknown() });

/** Looks without any change after which a model has come to rest. */
const RESTING_LOOKS = 5;
const RESTED_WITHIN_MS = 60_000;
/** A real pod may have to end: those that a change moves to the real node. */
const REVERTED_WITHIN_MS = 120_000;
/** Progress is told by these. */
const TELLING = ['Ready', 'Available', 'Progressing'] as const;

/** One model to which changes are made, one after the other, each taken back before the next. */
export class Trial {
  readonly #context: ClaimContext;
  readonly #world: World;
  readonly #name: string;
  /** What the status remembers takes a full run to be sure of. */
  readonly #compared: Readonly<{ thorough: boolean }>;
  /** As it was at rest; undefined until it was, and after a change that left something behind. */
  #before: Seen | undefined;
  #spec: unknown;

  constructor(context: ClaimContext, world: World, name: string) {
    this.#context = context;
    this.#world = world;
    this.#name = name;
    this.#compared = { thorough: context.form === 'full' };
  }

  /** Creates the model. */
  async start(): Promise<void> {
    const { status, message, body } = await this.#context.kube.applyStrictly(CHURN_MODELS, this.#manifest(BASE));
    if (status >= 300) throw new Error(`the API server does not take the manifest that all changes start from: ${message}`);
    this.#spec = Stored.parse(body).spec;
    await untilServing(this.#context.kube, this.#name, { deadlineMs: 180_000 });
  }

  /** Applies a change, judges what comes of it, and takes it back. */
  async run(change: Change): Promise<Outcome> {
    const before = (this.#before ??= await this.#resting(0));
    const { status, message, body } = await this.#context.kube.applyStrictly(CHURN_MODELS, this.#manifest(change.spec));
    // Kubernetes itself answers 500 to an apply whose types are wrong; what counts is whether it says where.
    if (status >= 300) {
      const named = change.fields.some((field) => namesField(message, field));
      return { change, result: named ? 'Refused' : 'Silent', detail: message };
    }
    const taken = await this.#judged(change, before, body);
    const left = await this.#reverted(before, KEPT_BY_KUBERNETES[change.name]);
    if (left !== undefined) this.#before = undefined;
    if (taken.result === 'Lost' || taken.result === 'Silent') return taken;
    return left === undefined ? taken : { change, result: 'NotReverted', detail: left };
  }

  async #judged(change: Change, before: Seen, stored: unknown): Promise<Outcome> {
    if (change.expected === 'Refused') return { change, result: 'Silent', detail: 'the API server took it' };
    const { spec, metadata: { generation } } = Stored.parse(stored);
    if (isDeepStrictEqual(spec, this.#spec)) return { change, result: 'AsBefore', detail: '' };
    let now: Seen;
    try {
      now = await this.#resting(generation, (seen) => unlisted(change, before, seen).length === 0);
    } catch (thrown) {
      if (!(thrown instanceof NotInTime)) throw thrown;
      return { change, result: 'Lost', detail: thrown.message };
    }
    if (change.values.length > 0 && change.values.every(isEmpty) && isDeepStrictEqual(declared(now.owned), declared(before.owned))) return { change, result: 'AsBefore', detail: '' };
    if (unseen(change, before, now).length === 0) return { change, result: 'Shown', detail: '' };
    const silent = unlisted(change, before, now);
    if (silent.length === 0) return { change, result: 'Listed', detail: '' };
    if (!isDeepStrictEqual(told(now), told(before))) return { change, result: 'Told', detail: now.model.status?.message ?? '' };
    const waiting = silent.filter((field) => !Object.keys(IN_TIME).some((one) => field === one || field.startsWith(`${one}.`)));
    return { change, result: waiting.length === 0 ? 'InTime' : 'Lost', detail: waiting.join(', ') };
  }

  /** Takes the change back; what differs from before when it does not come back, undefined when all does. */
  async #reverted(before: Seen, kept: (typeof KEPT_BY_KUBERNETES)[string] | undefined): Promise<string | undefined> {
    const { body } = await this.#context.kube.applyStrictly(CHURN_MODELS, this.#manifest(BASE));
    // Only where it is so: else the exception has outlived its reason.
    if (kept !== undefined && !isDeepStrictEqual(Stored.parse(body).spec, this.#spec)) await this.#context.kube.patch(CHURN_MODELS, this.#name, { spec: kept.reset });
    const wanted = lasting(before, this.#compared);
    let last: Json = null;
    try {
      await this.#context.kube.untilAny(
        { what: 'as before', deadlineMs: REVERTED_WITHIN_MS },
        async () => this.#world.seen(this.#name).seen,
        (seen) => {
          last = seen === undefined ? null : lasting(seen, this.#compared);
          return seen !== undefined && seen.model.status?.observedGeneration === seen.model.metadata.generation && isDeepStrictEqual(last, wanted);
        },
      );
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof NotInTime)) throw thrown;
      return `left behind: ${JSON.stringify(newValues(wanted, last)).slice(0, 600)}; missing: ${JSON.stringify(newValues(last, wanted)).slice(0, 600)}`;
    }
  }

  /** Waits until a generation was seen and nothing moves any more, or until it is `enough`. @throws NotInTime */
  async #resting(generation: number, enough: (seen: Seen) => boolean = () => false): Promise<Seen> {
    let [lastLook, restingLooks, last] = [-1, 0, ''];
    const seen = await this.#context.kube.untilAny(
      { what: `${this.#name} rests at generation ${generation}`, deadlineMs: RESTED_WITHIN_MS },
      async () => this.#world.seen(this.#name),
      ({ look, seen }) => {
        if (seen === undefined || look === lastLook) return false;
        lastLook = look;
        const { status, metadata } = seen.model;
        if ((metadata.generation ?? 0) < generation || status?.observedGeneration !== metadata.generation) return false;
        const state = JSON.stringify([lasting(seen, this.#compared), declared(seen.owned)]);
        restingLooks = state === last ? restingLooks + 1 : 0;
        last = state;
        return restingLooks >= RESTING_LOOKS || enough(seen);
      },
    );
    if (seen.seen === undefined) throw new Error('a model that rests is a model');
    return seen.seen;
  }

  #manifest(spec: Json) {
    return { apiVersion: API_VERSION, kind: 'ChurnModel', metadata: { name: this.#name }, spec } as const;
  }
}

/** Fields of a change whose value no object shows; a field that was taken away shows when anything became different. */
function unseen(change: Change, before: Seen, now: Seen): readonly string[] {
  const fresh = newValues(declared(before.owned), declared(now.owned));
  const differs = !isDeepStrictEqual(declared(before.owned), declared(now.owned));
  return change.fields.filter((_, index) => {
    const value = change.values[index];
    if (value === undefined || value === null) return !differs;
    // Declared beside what it is by default, a value is not new; it stands under its name then.
    const key = change.paths[index]?.findLast((step) => typeof step === 'string') ?? '';
    const isThere = isShown(value, fresh) || valuesUnder(key, declared(now.owned)).some((found) => isDeepStrictEqual(found, value));
    return !isEmpty(value) && !(differs && isThere);
  });
}

/** Fields of a change that neither an object shows nor SpecHonoured lists. */
function unlisted(change: Change, before: Seen, now: Seen): readonly string[] {
  const honoured = conditionOf(now.model, 'SpecHonoured')?.message ?? '';
  return unseen(change, before, now).filter((field) => !isListed(honoured, field));
}

function told(seen: Seen): readonly unknown[] {
  return TELLING.map((type) => {
    const condition = conditionOf(seen.model, type);
    return { status: condition?.status, reason: condition?.reason, message: condition?.message };
  });
}
