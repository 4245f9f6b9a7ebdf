import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { ChurnModelSpec } from '../../../contracts/churn-model/spec.ts';
import { ANNOTATIONS, FIELD_MANAGER } from '../../../contracts/names.ts';
import { Caches } from '../../../operator/caches.ts';
import { ChildrenWriter, type ApplyResult } from '../../../operator/children.ts';
import type { Subject } from '../../../operator/resources/subject.ts';
import { decide } from '../../../operator/rollout/decide.ts';
import { ApiClient } from '../../../operator/runtime/api-client.ts';
import { OwnedApply } from '../../../operator/runtime/owned-apply.ts';
import { RuntimeMetrics } from '../../../operator/runtime/runtime-metrics.ts';
import { isWrite } from '../../../operator/runtime/transport.ts';
import { operatorSettings } from './resources/operator-settings.ts';
import { facts, REPOSITORY } from './rollout/builders.ts';
import { FakeTransport } from './runtime/fake-transport.ts';
import { ManualClock } from './runtime/manual-clock.ts';
import { RecordingLogger } from './runtime/recording-logger.ts';

const subject: Subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } }), annotations: {} };
const NO_CHILDREN = { deployments: [], services: [], jobs: [], cronJobs: [], scheduledJobs: [], pods: [], autoscalers: [], budgets: [], networkPolicies: [] };
const MODEL_PATH = /churnmodels\/telco-churn$/;

/** One round for a model of whose children the caches know nothing, while the API server says of the model what `live` says. */
async function writeWhile(live: Readonly<{ uid: string; deletionTimestamp?: string }> | undefined): Promise<Readonly<{ result: ApplyResult; looks: number; written: readonly string[] }>> {
  const transport = new FakeTransport((request, body) => {
    if (isWrite(request)) return { status: 201, body: { ...body, metadata: { ...(typeof body['metadata'] === 'object' ? body['metadata'] : {}), uid: 'made', resourceVersion: '2' } } };
    if (MODEL_PATH.test(request.path) && live !== undefined) {
      return { status: 200, body: { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name: subject.name, namespace: subject.namespace, resourceVersion: '1', ...live }, spec: {} } };
    }
    return { status: 404, body: { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: 'not found' } };
  });
  const logger = new RecordingLogger();
  const client = new ApiClient({ transport, fieldManager: FIELD_MANAGER });
  const caches = new Caches({ client, clock: new ManualClock(), random: () => 0.5, logger, metrics: new RuntimeMetrics(new Registry()), namespaces: 'All' });
  const writer = new ChildrenWriter({ client, caches, settings: operatorSettings(), apply: new OwnedApply({ client, annotation: ANNOTATIONS.applied, logger }) });
  const result = await writer.write(subject, NO_CHILDREN, decide(facts()), new AbortController().signal);
  return {
    result,
    looks: transport.requests.filter(({ method, path }) => method === 'GET' && MODEL_PATH.test(path)).length,
    written: transport.requests.filter(isWrite).map(({ path }) => path),
  };
}

describe('what is missing is made only for a model that is there by the word of the API server itself', () => {
  test('it is there: children are made, after one look', async () => {
    const { result, looks, written } = await writeWhile({ uid: 'uid-1' });
    expect(result.gone).toBe(false);
    expect(looks).toBe(1);
    expect(written.some((path) => path.includes('/services/'))).toBe(true);
  });

  test.each([
    { name: 'it is gone, and the end of its children was told first', live: undefined },
    { name: 'it is being deleted', live: { uid: 'uid-1', deletionTimestamp: '2026-11-21T07:00:00Z' } },
    { name: 'another model has its name', live: { uid: 'uid-2' } },
  ])('$name: nothing is made', async ({ live }) => {
    const { result, looks, written } = await writeWhile(live);
    expect(result).toMatchObject({ gone: true, serviceSwitched: false, problems: [] });
    expect(looks).toBe(1);
    expect(written).toEqual([]);
  });
});
