import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { ChurnModelSpec } from '../../../contracts/churn-model/spec.ts';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../../../contracts/names.ts';
import { Caches } from '../../../operator/caches.ts';
import { ChildrenWriter } from '../../../operator/children.ts';
import { ModelSecrets } from '../../../operator/model-secrets.ts';
import { AUTOSCALERS, DEPLOYMENTS, PODS, SERVICES } from '../../../operator/observation/kinds.ts';
import type { Children } from '../../../operator/observation/observe.ts';
import { stableService } from '../../../operator/resources/service.ts';
import { servingDeployment } from '../../../operator/resources/serving-deployment.ts';
import type { Subject } from '../../../operator/resources/subject.ts';
import { decide } from '../../../operator/rollout/decide.ts';
import { ApiClient } from '../../../operator/runtime/api-client.ts';
import { OwnedApply } from '../../../operator/runtime/owned-apply.ts';
import { RuntimeMetrics } from '../../../operator/runtime/runtime-metrics.ts';
import { isWrite } from '../../../operator/runtime/transport.ts';
import { operatorSettings } from './resources/operator-settings.ts';
import { INITIAL_STATE } from '../../../operator/rollout/state.ts';
import { besides, facts, GATE, HOUR_MS, identity, inspecting, NOW_MS, podsOf, previous, READY_PODS, REPOSITORY, stable, wanted } from './rollout/builders.ts';
import { FakeTransport } from './runtime/fake-transport.ts';
import { ManualClock } from './runtime/manual-clock.ts';
import { RecordingLogger } from './runtime/recording-logger.ts';

const subject: Subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } }), annotations: {} };
const NO_CHILDREN = { deployments: [], services: [], jobs: [], cronJobs: [], scheduledJobs: [], pods: [], autoscalers: [], budgets: [], networkPolicies: [] };
const MODEL_PATH = /churnmodels\/telco-churn$/;

type Live = Readonly<{ uid: string; deletionTimestamp?: string }>;

/** One round for a model of whose children the caches know nothing, while the API server answers as it is told. */
async function oneRound(live: Live | undefined, answer: (path: string, isWrite: boolean, method: string) => Readonly<{ status: number; body: object }> | undefined = () => undefined, decision = decide(facts()), children: Children = NO_CHILDREN) {
  const transport = new FakeTransport((request, body) => {
    const told = answer(request.path, isWrite(request), request.method);
    if (told !== undefined) return told;
    if (isWrite(request)) return { status: 201, body: { ...body, metadata: { ...(typeof body['metadata'] === 'object' ? body['metadata'] : {}), uid: 'made', resourceVersion: '2' } } };
    if (MODEL_PATH.test(request.path) && live !== undefined) {
      return { status: 200, body: { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', metadata: { name: subject.name, namespace: subject.namespace, resourceVersion: '1', ...live }, spec: {} } };
    }
    return { status: 404, body: { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: 'not found' } };
  });
  const logger = new RecordingLogger();
  const client = new ApiClient({ transport, fieldManager: FIELD_MANAGER });
  const clock = new ManualClock();
  const caches = new Caches({ client, clock, random: () => 0.5, logger, metrics: new RuntimeMetrics(new Registry()), namespaces: 'All' });
  const writer = new ChildrenWriter({ client, caches, settings: operatorSettings(), clock, secrets: new ModelSecrets({ client, clock, random: () => 0.5 }), apply: new OwnedApply({ client, annotation: ANNOTATIONS.applied, logger }) });
  const result = await writer.write(subject, children, decision, new AbortController().signal);
  return {
    result,
    nowMs: clock.nowMs(),
    looks: transport.requests.filter(({ method, path }) => method === 'GET' && MODEL_PATH.test(path)).length,
    written: transport.requests.filter(isWrite).map(({ path }) => path),
    deletions: transport.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path),
  };
}

describe('what is missing is made only for a model that is there by the word of the API server itself', () => {
  test('it is there: children are made, after one look', async () => {
    const { result, looks, written } = await oneRound({ uid: 'uid-1' });
    expect(result.outdated).toBe(false);
    expect(looks).toBe(1);
    expect(written.some((path) => path.includes('/services/'))).toBe(true);
  });

  test.each([
    { name: 'it is gone, and the end of its children was told first', live: undefined },
    { name: 'it is being deleted', live: { uid: 'uid-1', deletionTimestamp: '2026-11-21T07:00:00Z' } },
    { name: 'another model has its name', live: { uid: 'uid-2' } },
  ])('$name: nothing is made', async ({ live }) => {
    const { result, looks, written } = await oneRound(live);
    expect(result).toMatchObject({ outdated: true, serviceSwitched: false, problems: [] });
    expect(looks).toBe(1);
    expect(written).toEqual([]);
  });
});

describe('one child that cannot be written keeps no other from it', () => {
  test('the API server fails for the NetworkPolicy, as where a webhook is away: the Service is written, and the error is told', async () => {
    const away = { status: 500, body: { kind: 'Status', status: 'Failure', reason: 'InternalError', code: 500, message: 'failed calling webhook' } };
    const { result, written } = await oneRound({ uid: 'uid-1' }, (path, isWrite) => (isWrite && path.includes('/networkpolicies/') ? away : undefined));
    expect(result.failed.map(({ code }) => code)).toEqual(['Internal', 'Internal']);
    expect(result.failed[0]?.message).toContain('failed calling webhook');
    expect(result).toMatchObject({ problems: [], serviceSwitched: true });
    expect(written.some((path) => path.includes('/services/'))).toBe(true);
  });

  test.each([
    { name: 'just deleted: its end is waited for', forMs: 5000, expected: { pending: true, problems: [] } },
    { name: 'held by a finalizer: told, and the next try can wait', forMs: 60_000, expected: { pending: false, problems: [{ reason: 'ChildTerminating', message: expect.stringContaining('held by the finalizers example.com/audit') }] } },
  ])('a child on its way out, $name', async ({ forMs, expected }) => {
    const deletionTimestamp = new Date(new ManualClock().nowMs() - forMs).toISOString();
    const controller = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: subject.name, uid: subject.uid, controller: true };
    const held = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: subject.name, namespace: subject.namespace, uid: 'u', resourceVersion: '1', deletionTimestamp, finalizers: ['example.com/audit'], ownerReferences: [controller] } };
    const { result, written } = await oneRound({ uid: 'uid-1' }, (path, isWrite) => (!isWrite && path.includes('/serviceaccounts/') ? { status: 200, body: held } : undefined));
    expect(result).toMatchObject({ ...expected, failed: [], serviceSwitched: true });
    expect(written.some((path) => path.includes('/serviceaccounts/'))).toBe(false);
  });
});

test('a Deployment that lost its label by somebody\'s hand is no reason to scale: it gets the label back, and is looked at again', async () => {
  const controller = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: subject.name, uid: subject.uid, controller: true };
  const serving = stable('a');
  const name = `${subject.name}-${serving.hash.slice(0, 8)}`;
  const unlabelled = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: subject.namespace, uid: 'u', resourceVersion: '1', labels: {}, ownerReferences: [controller] }, spec: { replicas: 5 } };
  const { result, written } = await oneRound(
    { uid: 'uid-1' },
    (path, isWrite) => (path.includes('/deployments/') ? { status: 200, body: isWrite ? { ...unlabelled, metadata: { ...unlabelled.metadata, resourceVersion: '2' } } : unlabelled } : undefined),
    decide(facts({ wanted: wanted('a', { replicas: 2, autoscaling: { maxReplicas: 6, targetCPUPercent: 70 } }), state: { ...INITIAL_STATE, stable: serving }, selected: serving.hash.slice(0, 8), pods: podsOf({}) })),
  );
  expect(result).toMatchObject({ outdated: true, serviceSwitched: false, problems: [] });
  expect(written.filter((path) => path.includes('/deployments/'))).toEqual([expect.stringMatching(new RegExp(`/deployments/${name}$`))]);
  expect(written.some((path) => /\/(scale|services|horizontalpodautoscalers)/.test(path))).toBe(false);
});

describe('callers are not taken from pods that are ready, because our copies do not know it yet', () => {
  const serving = stable('a');
  const [from, to] = [identity('b').hash.slice(0, 8), serving.hash.slice(0, 8)];
  const service = SERVICES.schema.parse({ ...stableService(subject, from), metadata: { ...stableService(subject, from).metadata, uid: 's', resourceVersion: '1' } });
  const pod = (ready: boolean) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b-1', namespace: subject.namespace, uid: 'p', resourceVersion: '1', labels: { [LABELS.model]: subject.name, [LABELS.hash]: from, [LABELS.component]: 'serving' } }, spec: {}, status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } });
  const decision = decide(facts({ wanted: wanted('a'), state: { ...INITIAL_STATE, stable: serving }, selected: from, pods: podsOf({ a: READY_PODS }) }));

  test.each<{ name: string; seen: readonly object[]; live: readonly object[]; switched: boolean }>([
    { name: 'the API server says that they are: looked at again', seen: [], live: [pod(true)], switched: false },
    { name: 'the API server says that they are not: callers go where somebody answers', seen: [], live: [pod(false)], switched: true },
    { name: 'they are seen to be: the switch is meant, and nobody is asked', seen: [pod(true)], live: [], switched: true },
  ])('$name', async ({ seen, live, switched }) => {
    const { result, written } = await oneRound(
      { uid: 'uid-1' },
      (path, isWrite) => (isWrite ? undefined : path.endsWith('/pods') ? { status: 200, body: { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '1' }, items: live } } : path.endsWith(`/services/${subject.name}`) ? { status: 200, body: service } : undefined),
      decision,
      { ...NO_CHILDREN, services: [service], pods: seen.map((each) => PODS.schema.parse(each)) },
    );
    expect(decision.selected).toBe(serving.hash);
    expect({ outdated: result.outdated, switched: result.serviceSwitched }).toEqual({ outdated: !switched, switched });
    expect(written.some((path) => path.endsWith(`/services/${subject.name}`))).toBe(switched);
    expect(to).not.toBe(from);
  });
});

describe('when the Secrets about labels are looked at by a process that meets a model that runs', () => {
  const serving = stable('a');
  const decision = decide(facts({ wanted: wanted('a'), state: { ...INITIAL_STATE, stable: serving }, selected: serving.hash.slice(0, 8), pods: podsOf({ a: READY_PODS }) }));
  const desired = servingDeployment(subject, operatorSettings(), serving);
  const whole = DEPLOYMENTS.schema.parse({ ...desired, metadata: { ...desired.metadata, uid: 'u', resourceVersion: '1' } });
  const former = DEPLOYMENTS.schema.parse({ ...whole, spec: { replicas: 2, template: { spec: { volumes: [] } } } });

  test.each([
    { name: 'later, as its pods have them', deployments: [whole], secrets: 0 },
    { name: 'at once, before its pods roll, where a release before made it that knew of none', deployments: [former], secrets: 2 },
    { name: 'at once, where its Deployment is gone', deployments: [], secrets: 2 },
  ])('$name', async ({ deployments, secrets }) => {
    const [live] = deployments;
    const { written } = await oneRound({ uid: 'uid-1' }, (path, isWrite) => (live !== undefined && !isWrite && path.includes('/deployments/') ? { status: 200, body: live } : undefined), decision, { ...NO_CHILDREN, deployments });
    const first = written.findIndex((path) => path.includes('/deployments/'));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(written.filter((path) => path.includes('/secrets'))).toHaveLength(secrets);
    expect(written.slice(0, first).filter((path) => path.includes('/secrets'))).toHaveLength(secrets);
  });
});

describe('what the API server refuses or fails at is told, and the rest goes on', () => {
  const serving = stable('a');
  const former = previous('b', { replacedAtMs: NOW_MS - 25 * HOUR_MS });
  const owner = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: subject.name, uid: subject.uid, controller: true };
  const childOf = (hash: string) => ({ name: `${subject.name}-${hash.slice(0, 8)}`, namespace: subject.namespace, uid: `u-${hash.slice(0, 8)}`, resourceVersion: '1', labels: {}, ownerReferences: [owner] });
  const refused = { status: 403, body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403, message: 'denied by policy' } };
  const hanging = { status: 504, body: { kind: 'Status', status: 'Failure', reason: 'Timeout', code: 504, message: 'timed out' } };
  const ending = { status: 403, body: { ...refused.body, message: 'unable to create new content in namespace x because it is being terminated', details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace x is being terminated' }] } } };
  const settled = decide(facts({ wanted: wanted('a', { replicas: 3 }), state: { ...INITIAL_STATE, stable: serving, previous: former }, selected: serving.hash.slice(0, 8), pods: podsOf({ a: { ...READY_PODS, requested: 1 } }) }));
  const left = DEPLOYMENTS.schema.parse({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: childOf(former.hash), spec: { replicas: 0 } });
  const stray = AUTOSCALERS.schema.parse({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { ...childOf(serving.hash), name: subject.name }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `${subject.name}-${serving.hash.slice(0, 8)}` } } });

  test.each<{ name: string; refuses: (method: string, path: string) => boolean; answer: typeof refused; children: Partial<Children>; expected: object; switched: boolean }>([
    { name: 'the size, by an admission policy', refuses: (_method, path) => path.endsWith('/scale'), answer: refused, children: {}, expected: { problems: [{ reason: 'ApplyRefused', message: expect.stringContaining('3 replicas of Deployment') }], failed: [] }, switched: true },
    { name: 'that a former version is deleted', refuses: (method) => method === 'DELETE', answer: refused, children: { deployments: [left] }, expected: { problems: [{ reason: 'ApplyRefused', message: expect.stringContaining(`Deployment ${left.metadata.name} is deleted`) }], failed: [] }, switched: true },
    { name: 'a NetworkPolicy, whose webhook hangs', refuses: (method, path) => method === 'PATCH' && path.includes('/networkpolicies/'), answer: hanging, children: {}, expected: { problems: [], failed: [{ code: 'Timeout' }, { code: 'Timeout' }] }, switched: true },
    { name: 'everything, as the namespace is being deleted: nothing is told', refuses: (method) => method === 'PATCH', answer: ending, children: {}, expected: { problems: [], failed: [], ending: true }, switched: false },
    { name: 'that an autoscaler goes: then nothing is scaled under it', refuses: (method) => method === 'DELETE', answer: refused, children: { autoscalers: [stray] }, expected: { problems: [{ reason: 'ApplyRefused' }], failed: [] }, switched: false },
  ])('$name', async ({ refuses, answer, children, expected, switched }) => {
    const { result, written } = await oneRound({ uid: 'uid-1' }, (path, _isWrite, method) => (refuses(method, path) ? answer : undefined), settled, { ...NO_CHILDREN, ...children });
    expect(result).toMatchObject({ ...expected, serviceSwitched: switched });
    if (switched) expect(written.some((path) => path.includes('/services/'))).toBe(true);
    if (children.autoscalers !== undefined) expect(written.some((path) => path.endsWith('/scale'))).toBe(false);
  });
});

test("rows are not mirrored to somebody else's Service that has the candidate's name", async () => {
  const owner = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: 'telco-churn-candidate', uid: 'uid-2', controller: true };
  const foreign = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'telco-churn-candidate', namespace: subject.namespace, uid: 's', resourceVersion: '1', ownerReferences: [owner] }, spec: {} };
  const pod = PODS.schema.parse({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p1', namespace: subject.namespace, uid: 'p1', resourceVersion: '1', labels: { [LABELS.model]: subject.name, [LABELS.hash]: stable('a').hash.slice(0, 8), [LABELS.component]: 'serving' } }, spec: {}, status: { phase: 'Running' } });
  // The Service is not the model's, so that it is not among its children.
  const decision = decide(facts({ wanted: wanted('b', { gate: GATE }), state: { ...INITIAL_STATE, stable: stable('a'), candidate: besides('b') }, found: undefined, selected: stable('a').hash.slice(0, 8), pods: podsOf({ a: READY_PODS, b: READY_PODS }) }));
  const { result, written } = await oneRound({ uid: 'uid-1' }, (path, isWrite) => (!isWrite && path.endsWith('/services/telco-churn-candidate') ? { status: 200, body: foreign } : undefined), decision, { ...NO_CHILDREN, pods: [pod] });
  expect(result.problems).toEqual([{ reason: 'NameConflict', message: expect.stringContaining('it belongs to ChurnModel telco-churn-candidate') }]);
  expect(written.filter((path) => path.endsWith('/pods/p1') || path.endsWith('/services/telco-churn-candidate'))).toEqual([]);
});

test.each([
  { name: 'made since its inspection began: it may be its own, by an operator that was cut off', madeMs: NOW_MS - 30_000, deleted: false },
  { name: 'made before: nobody wants it', madeMs: NOW_MS - HOUR_MS, deleted: true },
])('a Deployment of no version that is known, while a candidate is inspected, $name', async ({ madeMs, deleted }) => {
  const serving = stable('a');
  const owner = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: subject.name, uid: subject.uid, controller: true };
  const name = `${subject.name}-0badc0de`;
  const unknown = DEPLOYMENTS.schema.parse({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: subject.namespace, uid: 'u', resourceVersion: '1', creationTimestamp: new Date(madeMs).toISOString(), ownerReferences: [owner] }, spec: { replicas: 1 } });
  const decision = decide(facts({ wanted: wanted('b'), state: { ...INITIAL_STATE, stable: serving, candidate: inspecting('b') }, selected: serving.hash.slice(0, 8), pods: podsOf({ a: READY_PODS }), inspectionJob: { state: 'Running', problem: undefined } }));
  const { deletions } = await oneRound({ uid: 'uid-1' }, (_path, _isWrite, method) => (method === 'DELETE' ? { status: 200, body: {} } : undefined), decision, { ...NO_CHILDREN, deployments: [unknown] });
  expect(deletions.some((path) => path.endsWith(name))).toBe(deleted);
});
