import type { VersionPods } from './facts.ts';
import type { StartClock } from './state.ts';

/** Longest time for a candidate's pods to become ready before it is rejected (DESIGN section 4, Promoting). */
export const READY_DEADLINE_MS = 15 * 60_000;

export type PromotionMove = Readonly<
  | { move: 'Switch' }
  | { move: 'Wait'; recheckMs: number | undefined }
  | { move: 'Reject'; message: string }
>;

/**
 * The clock of the candidate's start after this look: deadlines pause on Error (DESIGN section 4, invariant 6), and a hold that ends
 * leaves the pods the time they had before it.
 */
export function startClock(clock: StartClock, pods: VersionPods, replicas: number, nowMs: number): StartClock {
  const { deployedAtMs, heldSinceMs } = clock;
  const heldBy = pods.problem?.outside === true ? pods.problem.code : replicas === 0 ? 'ScaledToZero' : undefined;
  if (heldBy !== undefined) return { deployedAtMs, heldSinceMs: heldSinceMs ?? nowMs, heldBy };
  // All it had were ready, and more are needed since (the autoscaler, or a person, raised the number): the new ones have their own time.
  const grows = pods.requested !== undefined && pods.requested > 0 && pods.requested < replicas && pods.readyUpToDate >= pods.requested;
  if (grows) return { deployedAtMs: nowMs, heldSinceMs: undefined, heldBy: undefined };
  const heldMs = heldSinceMs === undefined ? 0 : Math.max(nowMs - heldSinceMs, 0);
  return { deployedAtMs: deployedAtMs + heldMs, heldSinceMs: undefined, heldBy: undefined };
}

/**
 * Whether callers move to the candidate now: as soon as it has as many ready pods as are needed.
 * A pod that waits for something outside (store, Secret, node) holds the promotion and does not run into the deadline.
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
  if (!input.mayReject || pods.problem?.outside === true) return { move: 'Wait', recheckMs: outageLeftMs || undefined };
  const leftMs = input.deployedAtMs + READY_DEADLINE_MS - input.nowMs;
  if (leftMs > 0) return { move: 'Wait', recheckMs: Math.min(leftMs, READY_DEADLINE_MS, outageLeftMs || READY_DEADLINE_MS) };
  const why = pods.problem === undefined ? '' : `: ${pods.problem.code}: ${pods.problem.message}`;
  return { move: 'Reject', message: `${pods.readyUpToDate} of ${replicas} pods became ready within ${READY_DEADLINE_MS / 60_000} minutes${why}` };
}
