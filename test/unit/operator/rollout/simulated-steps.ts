import * as fc from 'fast-check';
import type { WantedGate } from '../../../../operator/rollout/facts.ts';
import { GATE, HOUR_MS, keyOf, MINUTE_MS } from './builders.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { PackageBehaviour } from './simulated-packages.ts';
import type { LostPart } from './simulated-status.ts';

/** What happens to the cluster and to its operator. */
export type Step = Readonly<
  | { do: 'Reconcile'; cutOffAfter: number | undefined; autoscaledAfter: number | undefined }
  | { do: 'Wait'; ms: number }
  | { do: 'Want'; version: string; replicas: number; room: number | undefined }
  | { do: 'Load'; pods: number | undefined }
  | { do: 'Autoscale' }
  | { do: 'ScaleToZero' }
  | { do: 'KillPod'; version: string }
  | { do: 'LoseJobs' }
  | { do: 'LoseStatus'; part: LostPart }
  | { do: 'Publish'; version: string }
  | { do: 'Unpublish'; version: string }
  | { do: 'Store'; dead: boolean }
  | { do: 'Gate'; gate: WantedGate | undefined }
  | { do: 'Mirror'; percent: number }
  | { do: 'GiveWeight'; weight: number }
  | { do: 'Evaluations'; end: SimulatedCluster['evaluations'] }
>;

const VERSIONS = ['a', 'b', 'c', 'd', 'e'] as const;
const version = fc.constantFrom(...VERSIONS);
const durationMs = fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 0, max: 40 * MINUTE_MS }));

const packageBehaviour: fc.Arbitrary<PackageBehaviour> = fc.record({
  sameAs: fc.constant(undefined),
  inspection: fc.record({
    errors: fc.constantFrom(0, 0, 0, 1, 4),
    errorKind: fc.constantFrom('Error' as const, 'Broken' as const),
    verdict: fc.constantFrom('Pass' as const, 'Pass' as const, 'Pass' as const, 'Fail' as const),
    tookMs: fc.integer({ min: 0, max: 60_000 }),
  }),
  pods: fc.oneof(
    { weight: 4, arbitrary: fc.record({ start: fc.constant('Ready' as const), afterMs: fc.integer({ min: 0, max: 60_000 }) }) },
    { weight: 1, arbitrary: fc.record({ start: fc.constant('HeldUp' as const), untilMs: fc.integer({ min: 0, max: 2 * HOUR_MS }), afterMs: fc.integer({ min: 0, max: 60_000 }) }) },
    { weight: 1, arbitrary: fc.constant({ start: 'Never' as const }) },
  ),
});

/** `e` is the package of `a` under another name, now and then. */
export const packages = fc
  .record({ a: packageBehaviour, b: packageBehaviour, c: packageBehaviour, d: packageBehaviour, e: packageBehaviour, alias: fc.boolean() })
  .map(({ alias, ...each }): Readonly<Record<string, PackageBehaviour>> => ({ ...each, e: alias ? { ...each.e, sameAs: 'a' } : each.e }));

/** Of all kinds. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('Reconcile' as const), cutOffAfter: fc.oneof(fc.constant(undefined), fc.constant(undefined), fc.integer({ min: 0, max: 6 })), autoscaledAfter: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('Wait' as const), ms: durationMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('Want' as const), version: fc.oneof(version, { weight: 2, arbitrary: fc.constant('latest') }), replicas: fc.integer({ min: 0, max: 3 }), room: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Load' as const), pods: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'Autoscale' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'ScaleToZero' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('KillPod' as const), version }) },
  { weight: 1, arbitrary: fc.constant({ do: 'LoseJobs' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('LoseStatus' as const), part: fc.constantFrom('All' as const, 'All' as const, 'Stable' as const, 'Inspection' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('Publish' as const), version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('Unpublish' as const), version }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Store' as const), dead: fc.boolean() }) },
);

/** A package without faults. */
export const good: PackageBehaviour = { sameAs: undefined, inspection: { errors: 0, errorKind: 'Error', verdict: 'Pass', tookMs: 3000 }, pods: { start: 'Ready', afterMs: 4000 } };

/** Packages that start, versions that change often, a load that moves, and an autoscaler that looks between any two writes. */
export const underLoad: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('Reconcile' as const), cutOffAfter: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.integer({ min: 0, max: 4 })), autoscaledAfter: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('Wait' as const), ms: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1000, max: 8000 }) }, fc.integer({ min: 0, max: 8 * MINUTE_MS })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Want' as const), version: fc.constantFrom('a', 'b'), replicas: fc.integer({ min: 0, max: 3 }), room: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(undefined)) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('Load' as const), pods: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 8 }) }, fc.constant(undefined)) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'Autoscale' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('KillPod' as const), version: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.constant({ do: 'ScaleToZero' as const }) },
);


const gates = fc.constantFrom<WantedGate | undefined>(GATE, GATE, { ...GATE, key: 'gate-2' }, { ...GATE, key: 'gate-3', labels: 'Replay' }, undefined);

const fewVersions = fc.constantFrom('a', 'b', 'c');

/** Candidates with a gate: weights that somebody gives, looks that end in all ways, gates that change or go; mostly of packages that come to stand beside another. */
export const gated: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: step },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('Reconcile' as const), cutOffAfter: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.integer({ min: 0, max: 6 })), autoscaledAfter: fc.constant(undefined) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('Wait' as const), ms: fc.integer({ min: 500, max: 8000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Want' as const), version: fewVersions, replicas: fc.integer({ min: 1, max: 6 }), room: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('GiveWeight' as const), weight: fc.constantFrom(0, 5, 25, 50, 100) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('KillPod' as const), version: fewVersions }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Mirror' as const), percent: fc.constantFrom(1, 20, 100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Gate' as const), gate: gates }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('Evaluations' as const), end: fc.constantFrom('Pass' as const, 'Fail' as const, 'Inconclusive' as const, 'Error' as const, 'Broken' as const, 'NotDue' as const) }) },
);

export function perform(cluster: SimulatedCluster, step: Step): void {
  switch (step.do) {
    case 'Reconcile':
      cluster.reconcile(step.cutOffAfter, step.autoscaledAfter);
      return;
    case 'Wait':
      cluster.nowMs += step.ms;
      return;
    case 'Want':
      cluster.version = step.version;
      cluster.autoscaling = step.room === undefined ? undefined : { maxReplicas: Math.max(step.replicas, 1) + step.room, targetCPUPercent: 70 };
      cluster.replicas = step.room === undefined ? step.replicas : Math.max(step.replicas, 1);
      cluster.log.push(`${step.version} x ${cluster.replicas} to ${cluster.autoscaling?.maxReplicas ?? cluster.replicas} is wanted`);
      return;
    case 'Load':
      cluster.load = step.pods;
      return;
    case 'Autoscale':
      cluster.autoscale();
      return;
    case 'ScaleToZero':
      cluster.scaleToZero();
      return;
    case 'KillPod':
      cluster.killPod(step.version);
      return;
    case 'LoseJobs':
      cluster.loseJobs();
      return;
    case 'LoseStatus':
      cluster.loseStatus(step.part);
      return;
    case 'Publish':
      cluster.published = [...new Set([...cluster.published, step.version])];
      cluster.log.push(`${step.version} is published`);
      return;
    case 'Unpublish':
      cluster.published = cluster.published.filter((each) => each !== step.version);
      cluster.log.push(`${step.version} is removed from the repository`);
      return;
    case 'Gate':
      cluster.gate = step.gate;
      cluster.log.push(`the gate is ${step.gate?.key ?? 'gone'}`);
      return;
    case 'Mirror':
      cluster.mirrorPercent = step.percent;
      return;
    case 'GiveWeight':
      cluster.giveWeight(step.weight);
      return;
    case 'Evaluations':
      cluster.evaluations = step.end;
      return;
    case 'Store':
      cluster.storeDead = step.dead;
      cluster.log.push(`the store is ${step.dead ? 'dead' : 'back'}`);
  }
}

/** Whether what is wanted has come about, as far as it can: it serves, or it was rejected, or (first version) its pods never become ready. */
export function isSettled(cluster: SimulatedCluster, packages: Readonly<Record<string, PackageBehaviour>>): boolean {
  const { state } = cluster;
  const version = cluster.version === 'latest' ? (cluster.newest ?? '') : cluster.version;
  const isRejected = state.rejected.some((entry) => entry.key === keyOf(cluster.version) && entry.version === version);
  const { candidate } = state;
  if (candidate !== undefined) {
    // With a gate it stays beside stable: told to stable's pods, measured.
    if (state.stable !== undefined && cluster.gate !== undefined && candidate.stage === 'Deployed' && (candidate.inspectionKey !== undefined || state.previous?.hash !== candidate.identity.hash)) {
      // What is under way is not overtaken where nobody asked for that, nor by something older because it is gone from the repository.
      const isWanted = candidate.identity.version === version || (cluster.version === 'latest' && (!cluster.overtakes || candidate.identity.version > version));
      return isWanted && candidate.readyAtMs !== undefined && cluster.isToldAsWanted && candidate.gate?.finding !== undefined;
    }
    if (state.stable !== undefined || candidate.stage !== 'Deployed') return false;
    const name = packages[candidate.identity.version]?.sameAs ?? candidate.identity.version;
    return packages[name]?.pods.start === 'Never' && (candidate.identity.version === version || isRejected);
  }
  if (!cluster.isAutoscaledAsWanted || !cluster.isToldAsWanted) return false;
  if (isRejected) return true;
  // What is no longer there, and newer than all that is, serves on.
  if (cluster.version === 'latest' && state.stable !== undefined && state.stable.version > version) return true;
  return state.stable?.version === version && cluster.selected === cluster.identityOf(version).hash;
}
