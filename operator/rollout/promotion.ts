import type { VersionPods } from './facts.ts';
import type { StartClock } from './state.ts';

/** Longest time for a candidate's pods to become ready before it is rejected (DESIGN section 4, Promoting). */
export const READY_DEADLINE_MS = 15 * 60_000;

export type PromotionMove = Readonly<
  | { move: 'Switch' }
  | { move: 'Wait'; recheckMs: number | undefined }
  | { move: 'Reject'; message: string }
>;

/** What holds a candidate whose pods are all ready while it is to have more. */
const SCALING_UP = 'ScalingUp';

/** All it has are ready, and more are needed since: the autoscaler, or a person, raised the number. */
function growsFrom({ requested, readyUpToDate }: VersionPods, replicas: number): boolean {
  return requested !== undefined && requested > 0 && requested < replicas && readyUpToDate >= requested;
}

/**
 * The clock of the candidate's start after this look: deadlines pause on Error (DESIGN section 4, invariant 6), and a hold that ends
 * leaves the pods the time they had before it. Pods that are asked for in addition have a time of their own, from when they are asked for: until
 * then the clock stands, or a size that the API server refuses would move it, and so write a status, at every look.
 */
export function startClock(clock: StartClock, pods: VersionPods, replicas: number, nowMs: number): StartClock {
  const grows = growsFrom(pods, replicas);
  const { deployedAtMs, heldSinceMs } = clock.heldBy === SCALING_UP && !grows ? { deployedAtMs: nowMs, heldSinceMs: undefined } : clock;
  const heldBy = pods.problem?.outside === true ? pods.problem.code : replicas === 0 ? 'ScaledToZero' : grows ? SCALING_UP : undefined;
  if (heldBy !== undefined) return { deployedAtMs, heldSinceMs: heldSinceMs ?? nowMs, heldBy };
  const heldMs = heldSinceMs === undefined ? 0 : Math.max(nowMs - heldSinceMs, 0);
  return { deployedAtMs: deployedAtMs + heldMs, heldSinceMs: undefined, heldBy: undefined };
}

/**
 * Whether callers move to the candidate now: as soon as it has as many ready pods as are needed.
 * A pod that waits for something outside (store, Secret, node), or to be asked for, holds the promotion and does not run into the deadline.
 * @param input.deployedAtMs of {@link startClock}
 * @param input.replicas pods that are needed to answer all callers
 * @param input.mayReject false for the first version: there is nothing to go back to
 * @param input.outageLeftMs of stable, see {@link outageLeftMs}: at 0 callers have nobody, and one ready pod is better than none
 */
export function decidePromotion(input: {
  readonly nowMs: number;
  readonly deployedAtMs: number;
  readonly replicas: number;
  readonly pods: VersionPods;
  readonly mayReject: boolean;
  readonly outageLeftMs: number | undefined;
}): PromotionMove {
  const { pods, replicas, outageLeftMs } = input;
  // Nobody is to serve: then nothing has shown that this version can.
  if (replicas === 0) return { move: 'Wait', recheckMs: undefined };
  if (pods.requested !== undefined && pods.requested >= replicas && pods.readyUpToDate >= replicas) return { move: 'Switch' };
  if (outageLeftMs === 0 && pods.readyUpToDate > 0) return { move: 'Switch' };
  if (!input.mayReject || pods.problem?.outside === true || growsFrom(pods, replicas)) return { move: 'Wait', recheckMs: outageLeftMs || undefined };
  const leftMs = input.deployedAtMs + READY_DEADLINE_MS - input.nowMs;
  if (leftMs > 0) return { move: 'Wait', recheckMs: Math.min(leftMs, READY_DEADLINE_MS, outageLeftMs || READY_DEADLINE_MS) };
  const why = pods.problem === undefined ? '' : `: ${pods.problem.code}: ${pods.problem.message}`;
  return { move: 'Reject', message: `${pods.readyUpToDate} of ${replicas} pods became ready within ${READY_DEADLINE_MS / 60_000} minutes${why}` };
}
