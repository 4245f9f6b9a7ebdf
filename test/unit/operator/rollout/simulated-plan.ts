import type { TrafficPolicy } from '../../../../contracts/traffic.ts';
import type { Decision, DesiredAutoscaler } from '../../../../operator/rollout/decision.ts';
import { rolloutRecord } from '../../../../operator/status/rollout-record.ts';
import { evaluationName, policyWrites } from './simulated-beside.ts';
import type { Write } from './simulated-invariants.ts';
import { jobName } from './simulated-packages.ts';

/** The cluster as the operator's next write finds it. */
export type LiveCluster = Readonly<{
  deployments: ReadonlyMap<string, Readonly<{ replicas: number; policies: readonly (TrafficPolicy | undefined)[] }>>;
  budgets: ReadonlySet<string>;
  /** Of an inspection or an evaluation. */
  hasJob: (name: string) => boolean;
  autoscaler: () => Readonly<{ hash: string; min: number; max: number }> | undefined;
  /** Whose pods the headless Service finds. */
  found: () => string | undefined;
  selected: () => string | undefined;
  status: () => string;
}>;

/** The next thing to write, each time looking at what is there: what is as wanted already is not written. */
export function* plannedWrites(decision: Decision, live: LiveCluster): Generator<Write> {
  const { deployments, budgets } = live;
  yield* policyWrites(deployments, decision);
  const { inspection, evaluation, besideStable } = decision;
  if (inspection !== undefined && !live.hasJob(jobName(inspection.key, inspection.attempt, inspection.startedAtMs))) yield { write: 'CreateJob', key: inspection.key, attempt: inspection.attempt };
  if (evaluation !== undefined && !live.hasJob(evaluationName(evaluation))) yield { write: 'CreateEvaluation', hash: evaluation.candidate.hash };
  if (besideStable !== undefined && live.found() !== besideStable) yield { write: 'ApplyCandidateService', hash: besideStable };
  for (const { identity: { hash } } of decision.versions) {
    if (!deployments.has(hash)) yield { write: 'CreateDeployment', hash };
    if (!budgets.has(hash)) yield { write: 'CreateBudget', hash };
  }
  if (decision.autoscaler === undefined && live.autoscaler() !== undefined) yield { write: 'DeleteAutoscaler' };
  const shrinking: Write[] = [];
  for (const { identity: { hash }, replicas } of decision.versions) {
    const from = deployments.get(hash)?.replicas ?? 1;
    if (replicas !== undefined && replicas > from) yield { write: 'Scale', hash, from, to: replicas };
    else if (replicas !== undefined && replicas < from) shrinking.push({ write: 'Scale', hash, from, to: replicas });
  }
  yield* autoscalerWrite(decision.holding, live);
  const to = decision.selected ?? (decision.unrecorded === undefined ? undefined : live.selected());
  if (to !== live.selected()) yield { write: 'Select', from: live.selected(), to };
  yield* autoscalerWrite(decision.autoscaler, live);
  yield* shrinking;
  const keep = new Set<string>(decision.versions.map((version) => version.identity.hash));
  for (const hash of deployments.keys()) if (!keep.has(hash) && hash.slice(0, 8) !== decision.unrecorded) yield { write: 'DeleteDeployment', hash };
  for (const hash of budgets) if (!keep.has(hash) && hash.slice(0, 8) !== decision.unrecorded) yield { write: 'DeleteBudget', hash };
  if (besideStable === undefined && live.found() !== undefined) yield { write: 'DeleteCandidateService' };
  if (JSON.stringify(rolloutRecord(decision.state)) !== live.status()) yield { write: 'Status' };
}

function* autoscalerWrite(desired: DesiredAutoscaler | undefined, live: LiveCluster): Generator<Write> {
  if (desired === undefined) return;
  const hash = [...live.deployments.keys()].find((each) => each.startsWith(desired.target)) ?? desired.target;
  const { minReplicas: min, maxReplicas: max } = desired;
  const there = live.autoscaler();
  if (there?.hash !== hash || there.min !== min || there.max !== max) yield { write: 'ApplyAutoscaler', hash, min, max };
}
