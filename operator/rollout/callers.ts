import { shortHash } from '../../contracts/digest.ts';
import type { Facts } from './facts.ts';
import type { RolloutState } from './state.ts';

/** How long callers find no ready pod of stable before a candidate that has one takes over, whole or not (DESIGN section 4, invariant 1). */
export const OUTAGE_MS = 30_000;

type Called = Pick<Facts, 'state' | 'selected' | 'pods' | 'wanted' | 'nowMs'>;

/** The state, put right by what callers meet now: how long stable has not answered them, and whether they have left the version before. */
export function asCallersSee(facts: Called): RolloutState {
  return { ...facts.state, stable: answering(facts), previous: stillCalled(facts) };
}

function answering({ state: { stable }, pods, wanted, nowMs }: Called): RolloutState['stable'] {
  if (stable === undefined) return undefined;
  const isDown = wanted.replicas > 0 && pods(stable.hash).ready === 0;
  return { ...stable, downSinceMs: isDown ? (stable.downSinceMs ?? nowMs) : undefined };
}

/** A version before that the Service still selects is called until now, whatever was written down: its drain begins when callers leave it. */
function stillCalled({ state: { stable, previous }, selected, nowMs }: Called): RolloutState['previous'] {
  if (stable === undefined || previous === undefined || shortHash(previous.hash) !== selected) return previous;
  return { ...previous, replacedAtMs: nowMs };
}

/**
 * What is to be remembered where the Service could not be written: whom it does not select is not stable, and whom callers have not left is as
 * it was. Its drain begins at each look anew, but is written down once it has begun: each status wakes the model, and the next look would write another.
 * @param decided the state after the look
 * @param before the state that it found
 */
export function withoutSwitch(decided: RolloutState, before: RolloutState): RolloutState {
  return decided.stable?.hash === before.stable?.hash ? { ...decided, previous: before.previous } : before;
}

/** How long until callers have waited long enough; undefined: stable answers, or there is none. */
export function outageLeftMs(stable: RolloutState['stable'], nowMs: number): number | undefined {
  if (stable?.downSinceMs === undefined) return undefined;
  return Math.min(Math.max(stable.downSinceMs + OUTAGE_MS - nowMs, 0), OUTAGE_MS);
}
