import { z } from 'zod';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What the operator asks of the serving pods, as the value of a pod annotation (DESIGN section 3).
 * A pod without it serves stable only.
 */
export const TrafficPolicy = z.object({
  schemaVersion: z.literal(1),
  /** Grows with every change, also from rollout to rollout: a pod never follows one that is not newer than what it has seen. It reports the one it follows. */
  revision: z.int().min(1),
  mode: z.enum(['Shadow', 'Canary']),
  /** Candidate hash of the pods that this is meant for; others refuse it. */
  stableHash: Hash,
  candidateHash: Hash,
  candidateVersion: z.string().min(1).max(63),
  /** host:port of the candidate's headless Service. */
  candidateAddress: z.string().max(253).regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}$/, 'write host:port'),
  /** Shadow: share of requests mirrored; Canary: share of callers by entity. 0..100. */
  percent: z.number().min(0).max(100),
  /** Breaker: opens when errors exceed this share of 50 forwards. */
  maxErrorPercent: z.number().min(0).max(100),
});
export type TrafficPolicy = z.infer<typeof TrafficPolicy>;

/**
 * Why a row has no score of the candidate's, the same in records of the journal, logs and metrics. The candidate is to blame for the last
 * five, and they count among its errors.
 */
export const CandidateAbsence = z.enum([
  /** No candidate, or no policy that is followed. */
  'NoRollout',
  /** Shadow below 100 %: the request was not chosen. */
  'NotSampled',
  /** Canary: the entity is on the stable side. */
  'StableSide',
  /** Shadow: too much waits to be mirrored. */
  'QueueFull',
  /** Canary: too many forwards wait for their answers. */
  'Saturated',
  /** Canary: errors exceeded maxErrorPercent. */
  'BreakerOpen',
  /** No pod of the candidate is known, or none that is not skipped. */
  'NoAddress',
  /** The row alone is longer than a request may be. */
  'TooLarge',
  /** The pod stops, or the policy it was meant for is gone. */
  'Stopped',
  /** No answer within the time: 100 ms in Canary, 2 s in Shadow. */
  'Timeout',
  /** No connection, or it broke. */
  'Unreachable',
  /** The candidate answered 4xx to what stable took. */
  'Refused',
  /** The candidate answered 5xx. */
  'Failed',
  /** The answer was none for these rows and this version. */
  'InvalidAnswer',
]);
export type CandidateAbsence = z.infer<typeof CandidateAbsence>;

/**
 * Counters of one side since a policy revision. `requests` reached scoring; `errors` are the 5xx among them.
 * `latency.counts[i]` counts all handler times up to `latency.boundsSeconds[i]` (cumulative, as Prometheus has it); one more entry is +Inf.
 */
const SideCounters = z.object({
  requests: z.int().min(0),
  errors: z.int().min(0),
  latency: z.object({ boundsSeconds: z.array(z.number()), counts: z.array(z.int().min(0)), sumSeconds: z.number() }),
});

/**
 * What a pod saw of the candidate: requests it sent (forwards, or copies in Shadow) and those that brought no score by the candidate's
 * fault. Handler times are the candidate's own, as its answers tell them, without network; errors mostly have none.
 */
const CandidateCounters = SideCounters.extend({
  /** Rows meant for the candidate that were answered with the pod's own score. */
  fallbacks: z.int().min(0),
  /** Requests that were to be mirrored and were not: the queue was full. */
  dropped: z.int().min(0),
  breaker: z.enum(['Closed', 'Open', 'HalfOpen']),
});

/** Answer of `GET :9090/control/traffic`. */
export const TrafficState = z.object({
  schemaVersion: z.literal(1),
  model: z.string(),
  version: z.string(),
  hash: z.string(),
  /** Revision of the policy that this pod follows; 0: none, it serves itself only. */
  revision: z.int().min(0),
  /** Why the policy in the annotation is not followed, where that is so. */
  refused: z.string().optional(),
  sides: z.object({ own: SideCounters, candidate: CandidateCounters.optional() }),
});
export type TrafficState = z.infer<typeof TrafficState>;
