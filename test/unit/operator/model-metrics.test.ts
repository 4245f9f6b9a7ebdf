import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { modelMetrics } from '../../../operator/model-metrics.ts';
import { CHURN_MODELS, type StoredChurnModel } from '../../../operator/observation/kinds.ts';

function model(name: string, generation: number, status: unknown): StoredChurnModel {
  return CHURN_MODELS.schema.parse({ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name, namespace: 'retention', uid: name, resourceVersion: '1', generation }, spec: {}, status });
}

const condition = (status: string) => ({ observedGeneration: 3, conditions: [{ type: 'Ready', status, reason: 'R', message: 'm', observedGeneration: 3, lastTransitionTime: '2026-11-21T07:00:00Z' }] });

/** The metrics of models that come and go, as the scrapes of one process have them. */
function scraped(models: () => readonly StoredChurnModel[], leads = true): () => Promise<readonly string[]> {
  const registry = new Registry();
  modelMetrics(registry, { models: { list: models }, states: [{ namespace: 'retention', state: 'Synced' }, { namespace: 'closed', state: 'Refused' }] }, () => leads);
  return async () => (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const namespaces = ['churnops_operator_namespace_synced{namespace="retention"} 1', 'churnops_operator_namespace_synced{namespace="closed"} 0'];

test('readiness and lag of each model; a status that cannot be read counts as not ready, and as never looked at', async () => {
  const scrape = scraped(() => [model('serves', 3, condition('True')), model('down', 5, condition('False')), model('new', 1, undefined), model('strange', 2, { conditions: 'many' })]);
  expect(await scrape()).toEqual([
    'churnops_model_ready{namespace="retention",name="serves"} 1',
    'churnops_model_ready{namespace="retention",name="down"} 0',
    'churnops_model_ready{namespace="retention",name="new"} 0',
    'churnops_model_ready{namespace="retention",name="strange"} 0',
    'churnops_model_generation_lag{namespace="retention",name="serves"} 0',
    'churnops_model_generation_lag{namespace="retention",name="down"} 2',
    'churnops_model_generation_lag{namespace="retention",name="new"} 1',
    'churnops_model_generation_lag{namespace="retention",name="strange"} 2',
    ...namespaces,
  ]);
});

test('a thousand models that come and go leave no series behind', async () => {
  let models: readonly StoredChurnModel[] = [];
  const scrape = scraped(() => models);
  const before = await scrape();
  models = Array.from({ length: 1000 }, (_, index) => model(`m-${index}`, 1, condition('True')));
  expect(await scrape()).toHaveLength(2000 + before.length);
  models = [];
  expect(await scrape()).toEqual(before);
});

test('only the leader tells of models, so that sums over the pods count each once', async () => {
  expect(await scraped(() => [model('serves', 3, condition('True'))], false)()).toEqual(namespaces);
});
