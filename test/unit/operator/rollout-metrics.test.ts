import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHURN_MODELS, type StoredChurnModel } from '../../../operator/observation/kinds.ts';
import { rolloutMetrics } from '../../../operator/rollout-metrics.ts';

function model(name: string, status: object): StoredChurnModel {
  return CHURN_MODELS.schema.parse({ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name, namespace: 'retention', uid: name, resourceVersion: '1' }, spec: {}, status });
}

const gate = { key: 'k', run: 3, verdict: 'Inconclusive', reason: 'TooFewLabels', auc: 0.81, lower: 0.7, upper: 0.9, failures: 2, failure: { code: 'StoreUnreachable', message: 'm', at: '2026-11-21T07:00:00Z' } };
const hash = 'a'.repeat(64);
const policy = { mode: 'Canary', percent: 25, stableHash: hash, candidateHash: hash, candidateVersion: 'b', candidateAddress: 'x:1', maxErrorPercent: 1 };
const shadow = {
  phase: 'Canary',
  candidate: { repository: 's3://churn/models/telco-churn', requested: 'b', version: 'b', startedAt: '2026-11-21T07:00:00Z', weight: 25, gate },
  traffic: { revision: 7, writtenAt: '2026-11-21T07:00:00Z', policy, pods: { asked: 3, following: 2 }, counters: { at: '2026-11-21T07:00:00Z', own: { requests: 100, errors: 1 }, candidate: { requests: 25, errors: 5, fallbacks: 6, dropped: 2 } } },
};

async function scrape(models: readonly StoredChurnModel[], leads = true): Promise<readonly string[]> {
  const registry = new Registry();
  rolloutMetrics(registry, { models: { list: () => models } }, () => leads);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.replace('namespace="retention",name="telco-churn"', 'MODEL')).toSorted();
}

test('a candidate beside stable', async () => {
  expect(await scrape([model('telco-churn', shadow), model('other', { phase: 'Stable', traffic: { revision: 3, writtenAt: '2026-11-21T07:00:00Z' } })])).toEqual([
    'churnops_model_candidate_weight_percent{MODEL} 25',
    'churnops_model_gate_auc{MODEL,bound="lower"} 0.7',
    'churnops_model_gate_auc{MODEL,bound="upper"} 0.9',
    'churnops_model_gate_auc{MODEL,bound="value"} 0.81',
    'churnops_model_gate_failures{MODEL} 2',
    'churnops_model_gate_verdict{MODEL,verdict="Inconclusive",reason="TooFewLabels"} 1',
    'churnops_model_policy_pods{MODEL,pods="asked"} 3',
    'churnops_model_policy_pods{MODEL,pods="following"} 2',
    'churnops_model_traffic_requests{MODEL,side="candidate",outcome="answered"} 20',
    'churnops_model_traffic_requests{MODEL,side="candidate",outcome="dropped"} 2',
    'churnops_model_traffic_requests{MODEL,side="candidate",outcome="failed"} 5',
    'churnops_model_traffic_requests{MODEL,side="own",outcome="answered"} 99',
    'churnops_model_traffic_requests{MODEL,side="own",outcome="failed"} 1',
  ]);
});

test('one that leads no more tells nothing', async () => expect(await scrape([model('telco-churn', shadow)], false)).toEqual([]));
