import { z } from 'zod';

/**
 * What the operator asks of the serving pods, as the value of a pod annotation (DESIGN section 3).
 * A pod without it serves stable only.
 */
export const TrafficPolicy = z.object({
  schemaVersion: z.literal(1),
  /** Grows with every change; a pod reports the one it follows. */
  revision: z.int().min(1),
  mode: z.enum(['Shadow', 'Canary']),
  candidateHash: z.string().regex(/^[0-9a-f]{64}$/),
  candidateVersion: z.string().max(63),
  /** host:port of the candidate's headless Service. */
  candidateAddress: z.string().max(253),
  /** Shadow: share of requests mirrored; Canary: share of callers by entity. 0..100. */
  percent: z.number().min(0).max(100),
  /** Breaker: opens when errors exceed this share of 50 forwards. */
  maxErrorPercent: z.number().min(0).max(100),
});
export type TrafficPolicy = z.infer<typeof TrafficPolicy>;

/**
 * Counters of one side since a policy revision. `requests` reached scoring; `errors` are the 5xx among them.
 * `latency.counts[i]` counts all handler times up to `latency.boundsSeconds[i]` (cumulative, as Prometheus has it); one more entry is +Inf.
 */
const SideCounters = z.object({
  requests: z.int().min(0),
  errors: z.int().min(0),
  latency: z.object({ boundsSeconds: z.array(z.number()), counts: z.array(z.int().min(0)), sumSeconds: z.number() }),
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
  sides: z.object({ own: SideCounters, candidate: SideCounters.optional() }),
});
export type TrafficState = z.infer<typeof TrafficState>;
