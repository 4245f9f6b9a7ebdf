import type { Logger } from '../../platform/logging/logger.ts';
import type { TrafficPolicy, TrafficState } from '../../contracts/traffic.ts';
import type { TrafficMetrics } from '../telemetry/traffic-metrics.ts';
import { Breaker } from './breaker.ts';
import { CandidateClient } from './candidate-client.ts';
import { CandidatePods } from './candidate-pods.ts';
import type { Resolve } from './candidate-pods.ts';
import { CandidateTally } from './candidate-tally.ts';
import { Forwarder } from './forwarder.ts';
import { Mirror } from './mirror.ts';

/** What outlives a change of weight: a candidate that is bad at 5 % is not asked at once again at 25 %, and connections stay. */
export class CandidateLink {
  readonly pods: CandidatePods;
  readonly breaker = new Breaker();
  readonly #key: string;

  constructor(policy: TrafficPolicy, { model, logger, resolve }: Readonly<{ model: string; logger: Logger; resolve?: Resolve | undefined }>) {
    const { candidateAddress: address, candidateHash } = policy;
    this.pods = new CandidatePods({ model, address, candidateHash, logger, ...(resolve === undefined ? {} : { resolve }) });
    this.#key = keyOf(policy);
  }

  /** Whether another policy means the same candidate at the same place. */
  serves(policy: TrafficPolicy): boolean {
    return keyOf(policy) === this.#key;
  }
}

function keyOf({ candidateHash, candidateVersion, candidateAddress }: TrafficPolicy): string {
  return JSON.stringify([candidateHash, candidateVersion, candidateAddress]);
}

/** `random` gives a number from 0 (included) to 1 (not included). */
export type FollowOptions = Readonly<{ metrics: TrafficMetrics; random: () => number; forwardTimeoutMs: number }>;

/** One policy revision while it is followed: whom to ask, by which means, and what came of it. */
export class FollowedPolicy {
  readonly policy: TrafficPolicy;
  readonly link: CandidateLink;
  readonly tally = new CandidateTally();
  readonly forwarder: Forwarder;
  readonly mirror: Mirror;
  readonly #random: () => number;
  readonly #metrics: TrafficMetrics;

  constructor(policy: TrafficPolicy, link: CandidateLink, { metrics, random, forwardTimeoutMs }: FollowOptions) {
    this.policy = policy;
    this.link = link;
    this.#random = random;
    this.#metrics = metrics;
    const { candidateVersion: version, candidateHash: hash, mode, maxErrorPercent } = policy;
    const client = new CandidateClient({ pods: link.pods, identity: { version, hash }, mode, tally: this.tally, metrics });
    this.forwarder = new Forwarder({ client, breaker: link.breaker, maxErrorPercent, timeoutMs: forwardTimeoutMs });
    this.mirror = new Mirror({ client });
  }

  /** Whether this request is one of those that are mirrored: each is chosen by itself, since callers with a rhythm would be chosen badly by count. */
  choosesToMirror(): boolean {
    const { mode, percent } = this.policy;
    return mode === 'Shadow' && (percent >= 100 || this.#random() * 100 < percent);
  }

  /** A request that was to be mirrored, for which there was no room. */
  dropped(): void {
    this.tally.dropped();
    this.#metrics.countRequest('Shadow', 'QueueFull', undefined);
  }

  snapshot(): NonNullable<TrafficState['sides']['candidate']> {
    return this.tally.snapshot(this.link.breaker.state(performance.now()));
  }
}
