import { TrafficPolicy } from '../../../../contracts/traffic.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { EvaluationJob, WantedGate } from '../../../../operator/rollout/facts.ts';
import type { RolloutState, VersionIdentity } from '../../../../operator/rollout/state.ts';
import { evaluation } from './builders.ts';
import type { Write } from './simulated-invariants.ts';

/** How long a look of the gate takes. */
const EVALUATION_MS = 5000;

/** How a look of the gate ends. */
export type EvaluationEnd = 'Pass' | 'Fail' | 'Inconclusive' | 'Error' | 'Broken' | 'NotDue';

/** Deployments by hash, with what each of their pods bears. */
type Told = ReadonlyMap<string, Readonly<{ policies: readonly (TrafficPolicy | undefined)[] }>>;

/** What tells one run's Job from another's. */
export function evaluationName({ candidate, startedAtMs, run }: Readonly<{ candidate: Pick<VersionIdentity, 'hash'>; startedAtMs: number; run: number }>): string {
  return `${candidate.hash}/${startedAtMs}/${run}`;
}

/** What became of the run that the status names. @param bornMs of Jobs, by name */
export function evaluationJob({ candidate }: RolloutState, bornMs: ReadonlyMap<string, number>, { end, nowMs }: Readonly<{ end: EvaluationEnd; nowMs: number }>): EvaluationJob {
  if (candidate?.stage !== 'Deployed' || candidate.gate?.state !== 'Running') return { state: 'Absent' };
  const born = bornMs.get(evaluationName({ candidate: candidate.identity, startedAtMs: candidate.startedAtMs, run: candidate.gate.run }));
  if (born === undefined) return { state: 'Absent' };
  const finishedAtMs = born + EVALUATION_MS;
  if (nowMs < finishedAtMs) return { state: 'Running', problem: undefined };
  if (end === 'Broken') return { state: 'Broken', message: 'OOMKilled', finishedAtMs };
  return { state: 'Finished', report: evaluation(candidate.identity.hash, end, finishedAtMs), finishedAtMs };
}

/** Policies that pods bear, each once. */
export function policiesOn(deployments: Told): readonly TrafficPolicy[] {
  const texts = [...deployments.values()].flatMap(({ policies }) => policies.flatMap((policy) => (policy === undefined ? [] : [JSON.stringify(policy)])));
  return [...new Set(texts)].map((text) => TrafficPolicy.parse(JSON.parse(text)));
}

/** What is to be written on pods, as `operator/pod-policies.ts` writes it. */
export function* policyWrites(deployments: Told, { policy, state: { stable } }: Decision): Generator<Write> {
  for (const [hash, { policies }] of deployments) {
    const wanted = hash === stable?.hash ? policy : undefined;
    for (const [pod, borne] of policies.entries()) if (JSON.stringify(borne) !== JSON.stringify(wanted)) yield { write: 'Policy', hash, pod, policy: wanted };
  }
}

/** Whether every pod of stable, and no other, bears the newest policy, or none does where there is none. */
export function isToldAsWanted({ stable, policy, candidate, previous }: RolloutState, { gate, found, deployments }: Readonly<{ gate: WantedGate | undefined; found: string | undefined; deployments: Told }>): boolean {
  const isBeside = gate !== undefined && candidate?.stage === 'Deployed' && (candidate.inspectionKey !== undefined || previous?.hash !== candidate.identity.hash);
  if ((policy?.terms !== undefined) !== isBeside || found !== (isBeside ? candidate.identity.hash : undefined)) return false;
  return [...deployments].every(([hash, { policies }]) => policies.every((borne) => borne?.revision === (hash === stable?.hash && isBeside ? policy?.revision : undefined)));
}
