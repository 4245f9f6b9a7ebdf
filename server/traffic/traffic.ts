import type { Registry } from 'prom-client';
import type { TrafficPolicy, TrafficState } from '../../contracts/traffic.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { TrafficMetrics } from '../telemetry/traffic-metrics.ts';
import type { Resolve } from './candidate-pods.ts';
import { CandidateLink, FollowedPolicy } from './followed-policy.ts';
import { FORWARD_TIMEOUT_MS } from './forwarder.ts';
import { acceptPolicy, NO_POLICY } from './policy-acceptance.ts';
import type { PolicyMemory } from './policy-acceptance.ts';
import { SideCounters } from './side-counters.ts';

/** What a pod's traffic is made of. */
export type TrafficOptions = Readonly<{
  /** What this pod serves; `name` is the ChurnModel's. */
  model: Readonly<{ name: string; version: string; hash: string }>;
  registry: Registry;
  logger: Logger;
  /** How names become addresses; default: as this machine does it. */
  resolve?: Resolve;
  /** Default: Math.random. */
  random?: () => number;
  /** Default: FORWARD_TIMEOUT_MS. */
  forwardTimeoutMs?: number;
}>;

/** Which policy a pod follows, and its counters. Without one, `followed` is undefined, which is all that a request has to look at. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #metrics: TrafficMetrics;
  #memory: PolicyMemory = NO_POLICY;
  #own = new SideCounters();
  #followed: FollowedPolicy | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#metrics = new TrafficMetrics(options.registry, () => ({
      revision: this.#followed?.policy.revision ?? 0,
      refused: this.#memory.refusal !== undefined,
      breakerOpen: this.#followed !== undefined && this.#followed.link.breaker.state(performance.now()) !== 'Closed',
      mirrorWaiting: this.#followed?.mirror.waiting ?? 0,
    }));
  }

  /** Counters of this pod's own scoring since the revision that is followed (or since there is none any more). */
  get own(): SideCounters {
    return this.#own;
  }

  get metrics(): TrafficMetrics {
    return this.#metrics;
  }

  /** The policy that is followed; undefined: the pod serves itself only. */
  get followed(): FollowedPolicy | undefined {
    return this.#followed;
  }

  /** Takes the value of the annotation, as it is now. */
  read(text: string): void {
    const { model, logger } = this.#options;
    const before = this.#memory;
    this.#memory = acceptPolicy(before, text, model.hash);
    const { following, refusal } = this.#memory;
    if (refusal !== undefined) logger.warn({ reason: refusal.reason, detail: refusal.message, following: following?.revision ?? 0 }, 'traffic policy refused');
    if (following?.revision === before.following?.revision) return;
    this.#follow(following);
    logger.info(following === undefined ? { revision: 0 } : { ...summary(following) }, following === undefined ? 'no traffic policy: this pod serves its own version only' : 'traffic policy followed');
  }

  /** What the operator reads. */
  state(): TrafficState {
    const { name, version, hash } = this.#options.model;
    const { refusal } = this.#memory;
    const followed = this.#followed;
    return {
      schemaVersion: 1,
      model: name,
      version,
      hash,
      revision: followed?.policy.revision ?? 0,
      ...(refusal === undefined ? {} : { refused: `${refusal.reason}: ${refusal.message}` }),
      sides: { own: this.#own.snapshot(), ...(followed === undefined ? {} : { candidate: followed.snapshot() }) },
    };
  }

  /**
   * For the end of the process, once all callers have their answers: copies may still become pairs for some time, then what waits to be
   * mirrored is let go, and so are the connections.
   */
  async close(copiesMs = 0): Promise<void> {
    const followed = this.#followed;
    this.#followed = undefined;
    if (followed === undefined) return;
    await settledWithin(copiesMs, followed.mirror.idle());
    followed.mirror.close();
    await followed.link.pods.destroy();
  }

  #follow(policy: TrafficPolicy | undefined): void {
    const { model, logger, resolve, random = Math.random, forwardTimeoutMs = FORWARD_TIMEOUT_MS } = this.#options;
    const before = this.#followed;
    this.#own = new SideCounters();
    before?.mirror.close();
    if (policy === undefined) this.#followed = undefined;
    else {
      const link = before?.link.serves(policy) === true ? before.link : new CandidateLink(policy, { model: model.name, logger, resolve });
      this.#followed = new FollowedPolicy(policy, link, { metrics: this.#metrics, random, forwardTimeoutMs });
    }
    if (before === undefined || before.link === this.#followed?.link) return;
    // Callers that wait for it still get what it answers.
    before.link.pods.close().catch((error: unknown) => logger.warn({ error }, 'connections to a candidate that is gone did not close'));
  }
}

/** Waits for something, and no longer than it may take. */
async function settledWithin(ms: number, task: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([task, promise]);
  clearTimeout(timer);
}

function summary({ revision, mode, percent, candidateVersion, candidateHash }: TrafficPolicy) {
  return { revision, mode, percent, candidateVersion, candidateHash };
}
