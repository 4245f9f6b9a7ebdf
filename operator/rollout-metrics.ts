import { Gauge, type Registry } from 'prom-client';
import type { ChurnModelStatus } from '../contracts/churn-model/status.ts';

/** `clear` before every scrape, then `show` for each model: a rollout that ended leaves no series behind. */
type RolloutGauges = Readonly<{ clear: () => void; show: (model: Labels, status: ChurnModelStatus) => void }>;

type Labels = Readonly<{ namespace: string; name: string }>;

/** Gauges of candidates beside stable, filled from the models' status: what is told to people is what is measured. */
export function rolloutGauges(registry: Registry): RolloutGauges {
  const gauge = (name: string, help: string, labelNames: readonly string[]): Gauge => new Gauge({ name, help, labelNames: ['namespace', 'name', ...labelNames], registers: [registry] });
  const weight = gauge('churnops_model_candidate_weight_percent', 'Share of callers that the candidate beside stable answers; 0: Shadow. Absent without one.', []);
  const policyPods = gauge('churnops_model_policy_pods', "Ready pods of stable that were there when the newest traffic policy was written: `asked` all of them, `following` those that follow it.", ['pods']);
  const requests = gauge('churnops_model_traffic_requests', 'Requests since the newest traffic policy, over the pods that follow it, as status.traffic has them (at most half a minute old). It begins anew with each policy.', ['side', 'outcome']);
  const auc = gauge('churnops_model_gate_auc', "ROC AUC of the candidate at the gate's newest look, with the bounds of its interval.", ['bound']);
  const verdict = gauge('churnops_model_gate_verdict', "1 for the verdict of the gate's newest look.", ['verdict', 'reason']);
  const failures = gauge('churnops_model_gate_failures', 'Looks of the gate in a row that could not be taken.', []);

  const show = (labels: Labels, { candidate, traffic, phase }: ChurnModelStatus): void => {
    if (candidate?.weight !== undefined && (phase === 'Shadow' || phase === 'Canary')) weight.set(labels, candidate.weight);
    if (traffic?.policy !== undefined && traffic.pods !== undefined) {
      policyPods.set({ ...labels, pods: 'asked' }, traffic.pods.asked);
      policyPods.set({ ...labels, pods: 'following' }, traffic.pods.following);
    }
    if (traffic?.policy !== undefined && traffic.counters !== undefined) showCounters(labels, traffic.counters);
    const gate = candidate?.gate;
    if (gate === undefined) return;
    failures.set(labels, gate.failures ?? 0);
    if (gate.verdict !== undefined) verdict.set({ ...labels, verdict: gate.verdict, reason: gate.reason ?? '' }, 1);
    for (const [bound, value] of [['value', gate.auc], ['lower', gate.lower], ['upper', gate.upper]] as const) if (value !== undefined) auc.set({ ...labels, bound }, value);
  };

  const showCounters = (labels: Labels, { own, candidate }: NonNullable<NonNullable<ChurnModelStatus['traffic']>['counters']>): void => {
    for (const [side, counted] of [['own', own], ['candidate', candidate]] as const) {
      requests.set({ ...labels, side, outcome: 'answered' }, counted.requests - counted.errors);
      requests.set({ ...labels, side, outcome: 'failed' }, counted.errors);
    }
    requests.set({ ...labels, side: 'candidate', outcome: 'dropped' }, candidate.dropped);
  };
  const clear = (): void => {
    for (const each of [weight, policyPods, requests, auc, verdict, failures]) each.reset();
  };
  return { clear, show };
}
