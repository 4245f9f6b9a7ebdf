import type { TrafficPolicy } from '../../../../contracts/traffic.ts';
import type { Facts, VersionPods } from '../../../../operator/rollout/facts.ts';
import { SETTLE_MS } from '../../../../operator/rollout/sizing.ts';
import type { VersionIdentity } from '../../../../operator/rollout/state.ts';
import type { BrokenInvariant } from './simulated-invariants.ts';
import { isReadyAt, podProblemAt, type PodBehaviour } from './simulated-packages.ts';

/** A Deployment with its pods: when each was born, and what it bears. */
export type SimulatedDeployment = { identity: VersionIdentity; replicas: number; podsBornMs: number[]; policies: (TrafficPolicy | undefined)[] };

/** Pods come, with nothing, and go from the end. */
export function resize(deployment: SimulatedDeployment, replicas: number, nowMs: number): void {
  deployment.replicas = replicas;
  deployment.podsBornMs = Array.from({ length: replicas }, (_, index) => deployment.podsBornMs[index] ?? nowMs);
  deployment.policies = Array.from({ length: replicas }, (_, index) => deployment.policies[index]);
}

/** Pods as the operator sees them now. */
export function podsAt(nowMs: number, behaviour: PodBehaviour, { replicas, podsBornMs }: SimulatedDeployment): VersionPods {
  const ready = podsBornMs.filter((bornMs) => isReadyAt(nowMs, behaviour, bornMs)).length;
  return { requested: replicas, ready, readyUpToDate: ready, outdated: 0, problem: ready === podsBornMs.length ? undefined : podProblemAt(nowMs, behaviour) };
}

/** The size that the autoscaler of Kubernetes makes of `from`. @param input.sinceMs since callers came to whoever is called */
export function autoscaledSize(input: Readonly<{ load: number | undefined; from: number; live: Readonly<{ min: number; max: number }>; isCalled: boolean; sinceMs: number }>): number {
  const { load, from, live, isCalled, sinceMs } = input;
  // Whoever is not called has nothing to do; and for a while the figures of new pods tell of that.
  const isIdle = !isCalled || sinceMs < SETTLE_MS / 2;
  const asked = load === undefined ? from : isIdle ? Math.min(load, 1) : load;
  return Math.min(Math.max(asked, live.min), live.max);
}

/** What an autoscaler must not be free to do. @param input.found pods that callers found when they came */
export function brokenByAutoscaler({ to, floor, isCalled, sinceMs, found }: Readonly<{ to: number; floor: number; isCalled: boolean; sinceMs: number; found: number }>): BrokenInvariant | undefined {
  if (to < floor && !isCalled) return { invariant: 2, what: 'what callers may have to come back to is shrunk' };
  return to < Math.min(floor, found) && sinceMs < SETTLE_MS ? { invariant: 2, what: 'what callers have just come to is shrunk' } : undefined;
}

/** What is seen of an autoscaler that sizes the version of this hash; undefined: there is none. */
export function autoscalerFacts(hash: string | undefined): Facts['autoscaler'] {
  return hash === undefined ? undefined : { target: hash.slice(0, 8), scaling: { status: 'True', reason: 'Scaling', message: '' } };
}
