import { shortHash } from '../../contracts/digest.ts';
import type { TrafficPolicy } from '../../contracts/traffic.ts';
import type { Facts, VersionPods, WantedTraffic } from './facts.ts';
import { candidateSize, sharedPods } from './candidate-size.ts';
import { demandOf } from './sizing.ts';
import type { Candidate, Exposure, PolicyRecord, PolicyTerms, RolloutState, Stable, VersionIdentity } from './state.ts';

/** How much of a candidate a policy takes: a canary takes more than any shadow, since callers wait for it. */
function takes({ mode, percent }: Pick<PolicyTerms, 'mode' | 'percent'>): number {
  return mode === 'Canary' ? 1000 + percent : percent;
}

function termsOf(wanted: WantedTraffic, stable: Stable, { identity, exposure }: Candidate & { stage: 'Deployed' }): PolicyTerms {
  const { candidateAddress, maxErrorPercent, mirrorPercent } = wanted;
  const share = exposure.mode === 'Shadow' ? { mode: 'Shadow' as const, percent: mirrorPercent } : { mode: 'Canary' as const, percent: exposure.weight };
  return { ...share, stableHash: stable.hash, candidateHash: identity.hash, candidateVersion: identity.version, candidateAddress, maxErrorPercent };
}

/** Percent of stable's requests that the candidate must be large enough for: both what is mirrored and what it answers. */
export function exposedPercent({ mirrorPercent }: WantedTraffic, exposure: Exposure): number {
  return exposure.mode === 'Shadow' ? mirrorPercent : Math.max(mirrorPercent, exposure.weight);
}

/**
 * What stable's pods should be told about the candidate beside them, by what its pods can carry now:
 * less than before at once, more only when it has the pods for it (DESIGN section 4, invariant 2), and no caller where none of its pods is
 * ready (invariant 1). A shadow that loses its pods for a while keeps its policy: nobody waits for it.
 * @param input.wantedStable pods that stable is meant to have: those that are away for a moment bring their callers back
 * @param input.isFound whether the address leads to the candidate's pods
 * @param input.before what pods were told last
 */
export function decideTerms(input: Readonly<{ wanted: WantedTraffic; stable: Stable; candidate: Candidate & { stage: 'Deployed' }; stablePods: VersionPods; wantedStable: number; pods: VersionPods; isFound: boolean; before: PolicyTerms | undefined }>): PolicyTerms | undefined {
  const { wanted, stable, candidate, stablePods, wantedStable, pods, isFound } = input;
  const terms = termsOf(wanted, stable, candidate);
  const isOfPair = input.before?.candidateHash === terms.candidateHash && input.before.stableHash === terms.stableHash;
  const before = isOfPair ? input.before : undefined;
  if (pods.ready === 0 && (terms.mode === 'Canary' || before?.mode === 'Canary' || before === undefined)) return undefined;
  if (before !== undefined && takes(terms) <= takes(before)) return terms;
  const shared = sharedPods(terms.mode, { ready: stablePods.ready, wanted: wantedStable });
  // Rows of customers go to a name: it must lead to this candidate before it is told, and to nobody else.
  if (!isFound) return before;
  const carries = pods.readyUpToDate >= candidateSize({ sharedPods: shared, wantedStable: shared, percent: exposedPercent(wanted, candidate.exposure), current: undefined });
  return carries ? terms : before;
}

/** Whether stable's pods find this version's pods by the address that a policy names. */
export function isFound({ found }: Pick<Facts, 'found'>, { hash }: Pick<VersionIdentity, 'hash'>): boolean {
  return found === shortHash(hash);
}

/** The newest that is known of: what was written down, or, where the operator was cut off before it could, what pods bear. */
function newestRecord({ policy }: Pick<RolloutState, 'policy'>, policyOnPods: Facts['policyOnPods']): PolicyRecord | undefined {
  if (policyOnPods === undefined || (policy !== undefined && policy.revision >= policyOnPods.revision)) return policy;
  const { schemaVersion: _, revision, ...terms } = policyOnPods;
  return { revision, writtenAtMs: revision, terms };
}

function isSame(one: PolicyTerms | undefined, other: PolicyTerms | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
}

/** The terms with their fields in one order, whoever remembered them, so that the same ones are the same text. */
function inOrder({ mode, percent, stableHash, candidateHash, candidateVersion, candidateAddress, maxErrorPercent }: PolicyTerms): PolicyTerms {
  return { mode, percent, stableHash, candidateHash, candidateVersion, candidateAddress, maxErrorPercent };
}

/**
 * The policy after this look. Revisions are epoch milliseconds where the clock allows: they grow from rollout to rollout, and past what any pod
 * bears, even where a status was lost (pods never follow an older one).
 * @param state whose candidate is decided on
 * @param isBeside whether the candidate runs beside stable, and does not merely start to take its place
 */
export function decidePolicy(facts: Facts, state: RolloutState, isBeside: boolean): PolicyRecord | undefined {
  const { nowMs, wanted, pods } = facts;
  const { stable, candidate } = state;
  const before = newestRecord(state, facts.policyOnPods);
  const terms =
    !isBeside || stable === undefined || candidate?.stage !== 'Deployed'
      ? undefined
      : decideTerms({ wanted: wanted.traffic, stable, candidate, stablePods: pods(stable.hash), wantedStable: demandOf(facts, stable), isFound: isFound(facts, candidate.identity), pods: pods(candidate.identity.hash), before: before?.terms });
  if (isSame(before?.terms, terms)) return before;
  return { revision: Math.max((before?.revision ?? 0) + 1, nowMs), writtenAtMs: nowMs, terms };
}

/** The document that pods bear; the same policy is the same text. */
export function policyOf(record: PolicyRecord | undefined): TrafficPolicy | undefined {
  return record?.terms === undefined ? undefined : { schemaVersion: 1, revision: record.revision, ...inOrder(record.terms) };
}
