import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { modelMetrics } from '../../../operator/model-metrics.ts';
import { CHURN_MODELS, type StoredChurnModel } from '../../../operator/observation/kinds.ts';

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

/** What one process tells at a scrape for each of these pictures, beside readiness and lag. */
async function scrapes(pictures: readonly (readonly StoredChurnModel[])[], leads = true): Promise<readonly (readonly string[])[]> {
  const registry = new Registry();
  let models: readonly StoredChurnModel[] = [];
  modelMetrics(registry, { models: { list: () => models }, states: [] }, () => leads);
  const told: (readonly string[])[] = [];
  for (const picture of pictures) {
    models = picture;
    const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !/^#|^churnops_model_(?:ready|generation_lag)/.test(line));
    told.push(lines.map((line) => line.replace('namespace="retention",name="telco-churn"', 'MODEL')).toSorted());
  }
  return told;
}

test('a candidate beside stable, and nothing of it once it is gone', async () => {
  const stable = model('telco-churn', { phase: 'Stable', traffic: { revision: 8, writtenAt: '2026-11-21T07:00:00Z' } });
  const [beside, alone] = await scrapes([[model('telco-churn', shadow), model('other', { phase: 'Stable', traffic: { revision: 3, writtenAt: '2026-11-21T07:00:00Z' } })], [stable]]);
  expect(beside).toEqual([
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
  expect(alone).toEqual([]);
});

test('one that leads no more tells nothing', async () => expect(await scrapes([[model('telco-churn', shadow)]], false)).toEqual([[]]));
