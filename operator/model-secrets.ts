import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SECRETS as NAMES } from '../contracts/names.ts';
import { planFeedback, planPredictionKeys, rotationOf, type SecretPlan } from './resources/model-secrets.ts';
import { modelSecretName } from './resources/pod-parts.ts';
import type { Subject } from './resources/subject.ts';
import { attempt, heldChild, nameConflict, type Put, type Round } from './round.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { BoundedMap } from './runtime/bounded-map.ts';
import type { Clock, Random } from './runtime/clock.ts';
import { controllerOf, StoredMeta, type KubeObject } from './runtime/kube-object.ts';
import type { ResourceKind } from './runtime/resource-kind.ts';

const Secret = z.object({ apiVersion: z.string().default('v1'), kind: z.string().default('Secret'), metadata: StoredMeta, data: z.record(z.string(), z.string()).optional() });
type Secret = z.infer<typeof Secret>;
/** Never cached, never logged: read where something is to be found out, and forgotten. */
export const SECRETS: ResourceKind<Secret> = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true, schema: Secret };

/** Nobody tells us when a Secret is deleted, or taken away by somebody: they are not watched, for that is a right to read all of them. */
const LOOK_EVERY_MS = 3_600_000;
/** Looks of a thousand models must not come together. */
const JITTER = 0.5;
/** A process that begins meets all models at once: those that run, whose Secrets were there before their pods, are looked at over this time. */
const MET_WITHIN_MS = 60_000;
const REMEMBERED_MODELS = 20_000;

type Which = keyof typeof NAMES;
/** When each is to be looked at next, epoch milliseconds; those left out: at once. */
type Look = Readonly<{ rotation: string; dueMs: Readonly<Partial<Record<Which, number>>> }>;
const BOTH = ['feedback', 'predictionKeys'] as const satisfies readonly Which[];
const PLANS: Readonly<Record<Which, typeof planFeedback>> = { feedback: planFeedback, predictionKeys: planPredictionKeys };

/**
 * Keeps the two Secrets about labels: made once, never written over, rotated when a person asks for it. They are looked at when this process first meets
 * the model (within a minute of it where the model runs), when a rotation is asked for, when something in them falls due, and once an hour.
 */
export class ModelSecrets {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By uid. To forget one costs a look. */
  readonly #looks = new BoundedMap<Look>(REMEMBERED_MODELS);

  constructor(parts: Readonly<{ client: ApiClient; clock: Clock; random: Random }>) {
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /**
   * Looks at those that are due. One that is refused, fails or has somebody else in its place keeps the other from nothing, and is looked at again by whoever
   * tries again.
   * @param input.runs whether every Deployment that the model is to have is there, and mounts them: then they were made before it
   * @returns how long until they are to be looked at again, milliseconds
   */
  async keep(round: Round, { subject, runs }: Readonly<{ subject: Subject; runs: boolean }>, signal: AbortSignal): Promise<number> {
    const rotation = rotationOf(subject);
    const nowMs = this.#clock.nowMs();
    const known = this.#looks.get(subject.uid) ?? (runs && rotation === '' ? this.#met(subject, nowMs) : undefined);
    const dueMs = { ...(known?.rotation === rotation ? known.dueMs : {}) };
    const due = BOTH.filter((which) => isDue(dueMs[which], nowMs));
    if (due.length > 0) {
      const nextMs = nowMs + LOOK_EVERY_MS * (1 - JITTER * this.#random());
      for (const which of due) {
        delete dueMs[which];
        const kept = await round.do(this.#keepOne(which, round, subject, signal));
        if (kept !== undefined) dueMs[which] = Math.min(nextMs, kept.dueMs ?? nextMs);
      }
      this.#looks.set(subject.uid, { rotation, dueMs });
    }
    return Math.max(Math.min(LOOK_EVERY_MS, ...Object.values(dueMs).map((ms) => ms - nowMs)), 0);
  }

  #met({ uid }: Subject, nowMs: number): Look {
    const atMs = nowMs + MET_WITHIN_MS * this.#random();
    const look = { rotation: '', dueMs: { feedback: atMs, predictionKeys: atMs } };
    this.#looks.set(uid, look);
    return look;
  }

  async #keepOne(which: Which, round: Round, subject: Subject, signal: AbortSignal): Promise<Put<Readonly<{ dueMs: number | undefined }>>> {
    const name = modelSecretName(subject, which);
    return attempt(`Secret ${name}`, async () => {
      const ref = { namespace: subject.namespace, name };
      const stored = await this.#client.get(SECRETS, ref, signal);
      const owner = stored === undefined ? undefined : controllerOf(stored);
      if (stored !== undefined && owner?.uid !== subject.uid) return { problem: nameConflict('Secret', name, owner) };
      if (stored?.metadata.deletionTimestamp !== undefined) return heldChild('Secret', stored, this.#clock.nowMs());
      const content = stored === undefined ? undefined : { annotations: stored.metadata.annotations ?? {}, data: stored.data ?? {} };
      const plan = PLANS[which]({ subject, stored: content, nowMs: this.#clock.nowMs(), random: randomBytes });
      return this.#carryOut(plan, stored, round, ref, signal);
    });
  }

  async #carryOut(plan: SecretPlan, stored: KubeObject | undefined, round: Round, ref: Readonly<{ namespace: string; name: string }>, signal: AbortSignal): Promise<Put<Readonly<{ dueMs: number | undefined }>>> {
    switch (plan.plan) {
      case 'Refuse':
        return { problem: { reason: 'SecretUnreadable', message: plan.message } };
      case 'Keep':
        return { object: { dueMs: plan.dueMs } };
      case 'Create':
        if (!(await round.ownerIsThere())) return {};
        await this.#client.create(SECRETS, plan.secret, signal);
        return { object: { dueMs: plan.dueMs } };
      case 'Patch': {
        // Only the very state that was looked at: what somebody wrote meanwhile is looked at first.
        const { uid, resourceVersion } = stored?.metadata ?? {};
        await this.#client.mergePatch(SECRETS, ref, plan.patch, { uid, resourceVersion }, signal);
        return { object: { dueMs: plan.dueMs } };
      }
    }
  }
}

/** A clock that jumped back must not make the wait longer than any that we set. */
function isDue(dueMs: number | undefined, nowMs: number): boolean {
  return dueMs === undefined || dueMs <= nowMs || dueMs > nowMs + LOOK_EVERY_MS;
}
