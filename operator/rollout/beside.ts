import type { CandidateHash } from '../../contracts/digest.ts';
import { candidateSize, sharedPods } from './candidate-size.ts';
import type { Facts, VersionPods } from './facts.ts';
import { READY_DEADLINE_MS, startClock } from './promotion.ts';
import { demandOf } from './sizing.ts';
import type { Candidate, RolloutState, Stable } from './state.ts';
import { exposedPercent } from './traffic-policy.ts';

/** How long none of a shadow's pods may be ready before it is rejected (DESIGN section 4, Shadow). */
export const DOWN_DEADLINE_MS = 10 * 60_000;

type Deployed = Candidate & { stage: 'Deployed' };

/**
 * Whether a candidate stays beside stable until something is decided about it. Without a gate it takes over as soon as its pods are ready; so does the
 * version before that comes back within its window, which proved itself already (DESIGN section 4, invariant 5); and a first version has nothing to stand beside.
 */
export function isBesideStable({ wanted }: Pick<Facts, 'wanted'>, { stable, candidate, previous }: Pick<RolloutState, 'stable' | 'candidate' | 'previous'>): boolean {
  if (wanted.gate === undefined || stable === undefined || candidate?.stage !== 'Deployed') return false;
  // By both: a record of the inspection that somebody pruned must not open the gate.
  const comesBack = candidate.inspectionKey === undefined && previous?.hash === candidate.identity.hash;
  return !comesBack && candidate.identity.hash !== stable.hash;
}

/** Pods that a candidate beside stable is to have. */
export function besideSize(facts: Pick<Facts, 'wanted' | 'pods' | 'selected' | 'autoscaler'>, stable: Stable, { identity, exposure }: Deployed): number {
  const { pods, wanted } = facts;
  const percent = exposedPercent(wanted.traffic, exposure);
  const wantedStable = demandOf(facts, stable);
  return candidateSize({ sharedPods: sharedPods(exposure.mode, { ready: pods(stable.hash).ready, wanted: wantedStable }), wantedStable, percent, current: pods(identity.hash).requested });
}

export type BesideMove = Readonly<
  | { move: 'Wait'; candidate: Deployed; recheckMs: number | undefined }
  /** All its pods are ready for the first time. */
  | { move: 'ShadowStarted'; candidate: Deployed }
  | { move: 'Reject'; message: string }
>;

/**
 * The next move of a candidate beside stable: it waits until its pods are ready, then stays, whatever its gate says (who moves traffic on a verdict is not
 * decided here). It is rejected where its pods never become ready by its own fault, or stay down for longer than any restart takes.
 * @param size of {@link besideSize}
 */
export function decideBeside(input: Readonly<{ nowMs: number; candidate: Deployed; pods: VersionPods; size: number }>): BesideMove {
  const { nowMs, candidate, pods, size } = input;
  if (candidate.readyAtMs !== undefined) return standing(nowMs, candidate, candidate.readyAtMs, pods, size);
  const clock = startClock(candidate, pods, size, nowMs);
  const started = { ...candidate, ...clock };
  if (size > 0 && pods.requested !== undefined && pods.requested >= size && pods.readyUpToDate >= size) {
    return { move: 'ShadowStarted', candidate: { ...started, readyAtMs: nowMs } };
  }
  if (clock.heldBy !== undefined) return { move: 'Wait', candidate: started, recheckMs: undefined };
  const leftMs = clock.deployedAtMs + READY_DEADLINE_MS - nowMs;
  if (leftMs > 0) return { move: 'Wait', candidate: started, recheckMs: Math.min(leftMs, READY_DEADLINE_MS) };
  return { move: 'Reject', message: `${pods.readyUpToDate} of ${size} pods became ready within ${READY_DEADLINE_MS / 60_000} minutes${because(pods)}` };
}

function standing(nowMs: number, candidate: Deployed, readyAtMs: number, pods: VersionPods, size: number): BesideMove {
  const isDown = size > 0 && pods.ready === 0 && pods.problem?.outside !== true;
  const downSinceMs = isDown ? (candidate.downSinceMs ?? nowMs) : undefined;
  const next: Deployed = { ...candidate, readyAtMs, downSinceMs };
  if (downSinceMs === undefined) return { move: 'Wait', candidate: next, recheckMs: undefined };
  const leftMs = downSinceMs + DOWN_DEADLINE_MS - nowMs;
  if (leftMs > 0) return { move: 'Wait', candidate: next, recheckMs: Math.min(leftMs, DOWN_DEADLINE_MS) };
  return { move: 'Reject', message: `none of its pods was ready for ${DOWN_DEADLINE_MS / 60_000} minutes${because(pods)}` };
}

function because({ problem }: VersionPods): string {
  return problem === undefined ? '' : `: ${problem.code}: ${problem.message}`;
}

/** Whose pods stable's are to find by the headless Service; undefined: there is none. */
export function besideStable(facts: Pick<Facts, 'wanted'>, state: RolloutState): CandidateHash | undefined {
  return isBesideStable(facts, state) && state.candidate?.stage === 'Deployed' ? state.candidate.identity.hash : undefined;
}
