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
 * The state of a model whose status does not say who serves, by what the Service selects. Status is a record that people, a restored backup or a
 * mistaken write may lose; a candidate with a gate must not seem to be a first version by that, nor what serves be taken away. Where status names
 * another version, which cannot answer (an older status came back), the one that does is stable.
 */
function rebuilt({ state, serving, pods, nowMs }: Facts): Promotion | undefined {
  if (serving === undefined) return undefined;
  const { stable, candidate } = state;
  const move: Move = { move: 'StableRebuilt', version: serving.version };
  if (stable !== undefined) return pods(serving.hash).ready === 0 ? undefined : { ...promoted(state, serving, nowMs), move };
  const isCandidate = candidate?.stage === 'Deployed' && candidate.identity.hash === serving.hash;
  return { state: { ...state, stable: { ...serving, startedAtMs: nowMs, downSinceMs: undefined }, candidate: isCandidate ? undefined : candidate }, move };
}

/** Whether callers have a version of which nothing can be known: its Deployment is of an older release, and status does not say. */
export function servesUnknown({ selected, pods, serving }: Facts, { stable }: Pick<RolloutState, 'stable'>): boolean {
  return stable === undefined && serving === undefined && selected !== undefined && pods(selected).requested !== undefined;
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
  return answering === undefined ? rebuilt(facts) : promoted(state, identityOf(answering), nowMs);
}
