import { shortHash, type CandidateHash } from '../../contracts/digest.ts';
import type { DesiredAutoscaler } from './decision.ts';
import type { Facts } from './facts.ts';
import type { RolloutState } from './state.ts';

/**
 * How long after a switch the autoscaler may not go below the size it found: the new pods have no figures of their own yet, and the first
 * ones tell of the time before callers came. As long as its own window for scaling down.
 */
export const SETTLE_MS = 5 * 60_000;

/** What sizing looks at. */
type Sized = Pick<Facts, 'wanted' | 'pods' | 'selected' | 'autoscaler'>;

/**
 * Pods that are needed to answer all callers now, and so what a version must have before they move to it. By number: that. By autoscaler: what
 * it has made of the version that serves, within its bounds.
 * @param stable undefined: whom the Service selects counts
 */
export function demandOf({ wanted, pods, selected }: Sized, stable: RolloutState['stable']): number {
  if (wanted.autoscaling === undefined) return wanted.replicas;
  const serving = stable?.hash ?? selected;
  const size = serving === undefined ? 0 : (pods(serving).requested ?? 0);
  return Math.min(Math.max(size, wanted.replicas), wanted.autoscaling.maxReplicas);
}

/** Whether an autoscaler that stays sizes this version: then nobody else writes its replicas. */
export function isAutoscaled({ wanted, autoscaler }: Sized, hash: CandidateHash): boolean {
  return wanted.autoscaling !== undefined && autoscaler !== undefined && autoscaler.target === shortHash(hash);
}

/** Size to write for a version that is to have `replicas` pods; undefined: it is not ours to write. */
export function sizeOf(facts: Sized, hash: CandidateHash, replicas: number): number | undefined {
  return isAutoscaled(facts, hash) ? undefined : replicas;
}

/**
 * Size to write for the stable version. An autoscaler that is about to take it over gets it no smaller than its smallest size,
 * and shrinks it itself. One that callers come back to, because the switch away was cut off, gets it no smaller than the side they leave.
 */
export function stableSize(facts: Sized, stable: NonNullable<RolloutState['stable']>): number | undefined {
  const demand = Math.max(demandOf(facts, stable), demandOf(facts, undefined));
  const size = facts.pods(stable.hash).requested ?? 0;
  // Without pods it loses its autoscaler first: see decideAutoscaling.
  if (facts.wanted.autoscaling === undefined || size === 0) return demand;
  return sizeOf(facts, stable.hash, Math.max(size, demand));
}

/** What should autoscale, and until when it is kept from shrinking. */
export type Autoscaling = Readonly<{ autoscaler: DesiredAutoscaler | undefined; holding: DesiredAutoscaler | undefined; recheckMs: number | undefined }>;

/**
 * The autoscaler of the version that serves. There is none for a Deployment without pods: Kubernetes switches an autoscaler off there, so
 * that the operator brings it to its smallest size first.
 * @param serving first 8 digits of the hash that the Service selects once this decision is carried out
 * @param isCanary whether a candidate beside stable answers callers, or is about to
 */
export function decideAutoscaling(facts: Facts, stable: RolloutState['stable'], serving: string | undefined, isCanary: boolean): Autoscaling {
  const { wanted, pods, nowMs, selected, autoscaler: live } = facts;
  const { autoscaling, replicas } = wanted;
  const size = serving === undefined ? 0 : (pods(serving).requested ?? 0);
  if (autoscaling === undefined || serving === undefined || size === 0) return { autoscaler: undefined, holding: undefined, recheckMs: undefined };
  const { maxReplicas, targetCPUPercent } = autoscaling;
  const within = (pinned: number): number => Math.min(Math.max(pinned, replicas), maxReplicas);
  // Since when callers are there may not be written down.
  const leftMs = stable === undefined ? SETTLE_MS : stable.startedAtMs + SETTLE_MS - nowMs;
  // A canary takes load from stable: pods that stable loses by that would be missing when the callers come back.
  const pinned = leftMs > 0 || isCanary;
  const autoscaler = { target: serving, minReplicas: pinned ? within(size) : replicas, maxReplicas, targetCPUPercent };
  // Callers leave what it sizes now: should they have to come back, they find as many pods as they left.
  const left = live?.target === selected && selected !== serving ? selected : undefined;
  const leftSize = left === undefined ? 0 : (pods(left).requested ?? 0);
  const holding = left === undefined || leftSize === 0 ? undefined : { target: left, minReplicas: within(leftSize), maxReplicas, targetCPUPercent };
  return { autoscaler, holding, recheckMs: leftMs > 0 && autoscaler.minReplicas > replicas ? Math.min(leftMs, SETTLE_MS) : undefined };
}
