import { OUTAGE_MS } from '../../../../operator/rollout/callers.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { Facts } from '../../../../operator/rollout/facts.ts';
import type { TrafficPolicy } from '../../../../contracts/traffic.ts';

/** An invariant of DESIGN section 4 that did not hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** A write, in words. */
export type Write = Readonly<
  | { write: 'CreateJob'; key: string; attempt: number }
  | { write: 'CreateDeployment' | 'DeleteDeployment' | 'CreateBudget' | 'DeleteBudget'; hash: string }
  | { write: 'ApplyAutoscaler'; hash: string; min: number; max: number }
  | { write: 'DeleteAutoscaler' }
  | { write: 'Scale'; hash: string; from: number; to: number }
  | { write: 'Select'; from: string | undefined; to: string | undefined }
  | { write: 'Status' }
  /** What a pod of a version bears from now on; undefined: no policy. */
  | { write: 'Policy'; hash: string; pod: number; policy: TrafficPolicy | undefined }
  | { write: 'ApplyCandidateService' | 'CreateEvaluation'; hash: string }
  | { write: 'DeleteCandidateService' }
>;

/** The cluster just before a write; versions by hash. */
export type ClusterNow = Readonly<{
  selected: string | undefined;
  /** Pods that were needed when the operator looked: by number, or what the autoscaler had made of whoever served. What it adds since is not ready yet. */
  demand: number;
  replicas: number;
  isAutoscaling: boolean;
  /** What the autoscaler sizes. */
  autoscaled: string | undefined;
  /** Pods of `selected` when callers came to it. */
  sizeFound: number;
  size: (hash: string) => number | undefined;
  /** Whether candidates must prove something. */
  gated: boolean;
  ready: (hash: string) => number;
  /** Callers left it less than a minute ago. */
  isDraining: (hash: string) => boolean;
  /** Policies that pods bear, each once. */
  borne: readonly TrafficPolicy[];
  /** The newest that any pod has ever borne. */
  newestPolicy: TrafficPolicy | undefined;
  /** Whose pods the headless Service finds. */
  found: string | undefined;
}>;

/** An invariant of DESIGN section 4, and how it does not hold. */
export type BrokenInvariant = Readonly<{ invariant: number; what: string }>;

function broken(invariant: number, what: string): BrokenInvariant {
  return { invariant, what };
}

/** What must hold at every single write (DESIGN section 4). */
export function brokenBy(write: Write, now: ClusterNow, facts: Facts, decision: Decision): BrokenInvariant | undefined {
  switch (write.write) {
    case 'Select':
      return brokenBySelect(write, now, facts);
    case 'Scale':
      if (write.to < write.from && now.borne.some((policy) => policy.candidateHash === write.hash && write.to < sizeFor(policy, now))) return broken(2, 'a candidate is made smaller than what pods ask of it');
      if (write.hash === now.autoscaled) return broken(9, 'replicas are written that the autoscaler owns');
      if (write.to > write.from) return undefined;
      if (write.hash === now.selected && (now.isAutoscaling || write.to !== now.replicas)) return broken(2, 'the selected side is scaled down');
      if (write.hash === facts.state.previous?.hash && now.isDraining(write.hash)) return broken(2, 'the side before is scaled down while it drains');
      return undefined;
    case 'DeleteDeployment':
      if (write.hash === now.selected) return broken(7, 'the selected side is deleted');
      if (now.borne.some((policy) => policy.candidateHash === write.hash)) return broken(2, 'a candidate is deleted that pods still ask');
      if (now.isDraining(write.hash) && (write.hash === facts.state.stable?.hash || write.hash === facts.state.previous?.hash)) return broken(2, 'a version is deleted that callers left just now');
      return write.hash === decision.state.stable?.hash ? broken(7, 'stable is deleted') : undefined;
    case 'DeleteBudget':
      return now.size(write.hash) === undefined ? undefined : broken(9, 'pods are left without their budget');
    case 'ApplyAutoscaler':
      return (now.size(write.hash) ?? 0) > 0 ? undefined : broken(9, 'an autoscaler for a Deployment that is not there, or has no pods');
    case 'CreateBudget':
    case 'DeleteAutoscaler':
    case 'ApplyCandidateService':
      return undefined;
    case 'Policy':
      return brokenByPolicy(write, now, facts);
    case 'DeleteCandidateService':
      return now.borne.length > 0 ? broken(2, 'pods lose the address that their policy names') : undefined;
    case 'CreateEvaluation':
      return facts.state.candidate?.stage === 'Deployed' && facts.state.candidate.identity.hash === write.hash ? undefined : broken(4, 'what is measured is not the candidate');
    case 'CreateJob':
      return facts.state.rejected.some(({ key, version }) => key === facts.wanted.inspectionKey && decision.inspection?.known.includes(version) !== true) ? broken(10, 'a rejected version is inspected again') : undefined;
    case 'CreateDeployment': {
      const rejected = decision.state.rejected.filter(({ hash, key }) => hash === write.hash && key === facts.wanted.inspectionKey);
      const isRejected = decision.versions.some(({ identity }) => identity.hash === write.hash && rejected.some(({ version }) => version === identity.version));
      return isRejected ? broken(10, 'a rejected version is deployed again') : undefined;
    }
    case 'Status':
      // Progress is written down only after what it stands for is there.
      if (decision.state.stable === undefined || decision.state.stable.hash === now.selected) return undefined;
      return broken(3, 'the status names a stable version that the Service does not select');
  }
}

/** Pods of a candidate for what is mirrored or answered by it, by stable's ready pods. */
function sizeFor({ percent, stableHash }: TrafficPolicy, now: ClusterNow): number {
  return Math.ceil((now.ready(stableHash) * percent) / 100);
}

/** Pods that it must have before more is asked of it: pods of stable that are away for a moment come back, and their callers find what they were told. */
function sizeToRaise(policy: TrafficPolicy, now: ClusterNow): number {
  return policy.mode === 'Canary' ? Math.max(sizeFor(policy, now), Math.ceil((now.demand * policy.percent) / 100)) : sizeFor(policy, now);
}

function brokenByPolicy({ hash, policy }: Write & { write: 'Policy' }, now: ClusterNow, { wanted, state }: Facts): BrokenInvariant | undefined {
  if (policy === undefined) return undefined;
  if (policy.stableHash !== hash) return broken(4, 'a pod bears a policy for others');
  const newest = now.newestPolicy;
  if (newest !== undefined && policy.revision <= newest.revision && JSON.stringify(policy) !== JSON.stringify(newest)) return broken(3, 'pods that know of a newer policy refuse this one');
  if (policy.mode === 'Canary' && now.ready(policy.candidateHash) === 0) return broken(1, 'callers are sent to a candidate with no ready pod');
  const before = now.borne.find((other) => other.candidateHash === policy.candidateHash && other.stableHash === policy.stableHash);
  const isMore = before === undefined || (policy.mode === before.mode ? policy.percent > before.percent : policy.mode === 'Canary');
  if (isMore && now.ready(policy.candidateHash) < sizeToRaise(policy, now)) return broken(2, 'more is asked of a candidate than it has pods for');
  if (now.found !== policy.candidateHash) return broken(2, 'a policy names a candidate that nobody finds');
  if (wanted.gate === undefined) return broken(5, 'a model without a gate mirrors');
  const { candidate } = state;
  const weight = candidate?.stage === 'Deployed' && candidate.exposure.mode === 'Canary' ? candidate.exposure.weight : 0;
  return policy.mode === 'Canary' && policy.percent > weight && (before?.mode !== 'Canary' || policy.percent > before.percent) ? broken(5, 'callers are moved that nobody gave') : undefined;
}

function brokenBySelect({ from, to }: Write & { write: 'Select' }, now: ClusterNow, { state: { stable, previous }, nowMs }: Facts): BrokenInvariant | undefined {
  // By what is there, not by what a status says: one that was lost opens no gate. Only where nothing is left that served is a version the first.
  const isServed = from !== undefined && now.size(from) !== undefined;
  if (now.gated && isServed && to !== stable?.hash && to !== previous?.hash) return broken(5, 'a candidate with a gate takes over');
  const answering = from === undefined ? 0 : now.ready(from);
  if (to === undefined) return answering > 0 ? broken(1, 'the Service leaves pods that answer for nobody') : undefined;
  // Where a hand took all pods away on both sides it does not matter whom callers are sent to.
  if (now.ready(to) === 0 && (from === undefined || answering > 0)) return broken(1, 'callers are sent to a side with no ready pod');
  const callersHaveNobody = answering === 0 && stable?.downSinceMs !== undefined && nowMs - stable.downSinceMs >= OUTAGE_MS;
  if (to !== stable?.hash && callersHaveNobody) return undefined;
  if (to !== stable?.hash) return now.ready(to) < (from === undefined ? now.replicas : now.demand) ? broken(2, 'callers move before the other side is whole') : undefined;
  // Back to stable, where pods may have died meanwhile: no smaller than what callers found when they left it.
  return from !== undefined && (now.size(to) ?? 0) < Math.min(now.sizeFound, answering, now.demand) ? broken(2, 'callers go back to a smaller side') : undefined;
}
