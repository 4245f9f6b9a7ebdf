import type { VersionPods } from './facts.ts';

/** Longest time for a candidate's pods to become ready before it is rejected (DESIGN section 4, Promoting). */
export const READY_DEADLINE_MS = 15 * 60_000;

export type PromotionMove = Readonly<
  | { move: 'Switch' }
  | { move: 'Wait'; recheckMs: number | undefined }
  | { move: 'Reject'; message: string }
>;

/**
 * Whether callers move to the candidate now: as soon as it has as many ready pods as stable should have.
 * A pod that waits for something outside (store, Secret, node) holds the promotion and does not run into the deadline.
 * @param input.mayReject false for the first version: there is nothing to go back to
 */
export function decidePromotion(input: {
  readonly nowMs: number;
  readonly deployedAtMs: number;
  readonly replicas: number;
  readonly pods: VersionPods;
  readonly mayReject: boolean;
}): PromotionMove {
  const { pods, replicas } = input;
  if (pods.requested === replicas && pods.readyUpToDate >= replicas) return { move: 'Switch' };
  if (!input.mayReject || pods.problem?.outside === true) return { move: 'Wait', recheckMs: undefined };
  const leftMs = input.deployedAtMs + READY_DEADLINE_MS - input.nowMs;
  if (leftMs > 0) return { move: 'Wait', recheckMs: Math.min(leftMs, READY_DEADLINE_MS) };
  const why = pods.problem === undefined ? '' : `: ${pods.problem.code}: ${pods.problem.message}`;
  return { move: 'Reject', message: `${pods.readyUpToDate} of ${replicas} pods became ready within ${READY_DEADLINE_MS / 60_000} minutes${why}` };
}
