import type { Move } from './decision.ts';
import type { Facts } from './facts.ts';
import type { RolloutState, VersionIdentity } from './state.ts';
import { shortHash } from '../../contracts/digest.ts';

/** What a promotion leaves behind. */
export type Promotion = Readonly<{ state: RolloutState; move: Move }>;

/** The state in which a version has become stable. */
export function promoted(state: RolloutState, identity: VersionIdentity, nowMs: number): Promotion {
  const from = state.stable;
  return {
    state: {
      stable: { ...identity, startedAtMs: nowMs, downSinceMs: undefined },
      candidate: undefined,
      previous: from === undefined ? state.previous : { ...identityOf(from), replacedAtMs: nowMs },
      latest: state.latest,
      policy: state.policy,
      // It has proven itself since: an old rejection must not keep it from coming back later.
      rejected: state.rejected.filter((entry) => entry.hash !== identity.hash),
    },
    move: { move: 'Promoted', version: identity.version, from: from?.version, wasDown: from?.downSinceMs !== undefined },
  };
}

/** The version alone, without what a state knows about it. */
export function identityOf(version: VersionIdentity): VersionIdentity {
  const { repository, requested, digest, hash, entityColumn, testAUC } = version;
  return { repository, requested, version: version.version, digest, hash, entityColumn, testAUC };
}

/**
 * A promotion that happened and was not written down: the Service went over, then the operator was cut off. While stable can answer,
 * deciding again is enough; where it cannot, going back would leave callers with nobody (DESIGN section 4, invariant 1), so that the
 * side which answers is stable from now on.
 */
export function unrecordedPromotion(facts: Facts): Promotion | undefined {
  const { state, selected, pods, nowMs } = facts;
  const { stable, candidate, previous } = state;
  if (selected === undefined || (stable !== undefined && (shortHash(stable.hash) === selected || pods(stable.hash).ready > 0))) return undefined;
  const known = [candidate?.stage === 'Deployed' ? candidate.identity : undefined, previous];
  const answering = known.find((identity) => identity !== undefined && shortHash(identity.hash) === selected && pods(identity.hash).ready > 0);
  return answering === undefined ? undefined : promoted(state, identityOf(answering), nowMs);
}
