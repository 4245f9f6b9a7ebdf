import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { ChurnModelStatus } from '../../../contracts/churn-model/status.ts';
import { ACTIONS, ANNOTATIONS, API_VERSION, FIELD_MANAGER, LABELS } from '../../../contracts/names.ts';
import { TrafficPolicy } from '../../../contracts/traffic.ts';
import { Caches } from '../../../operator/caches.ts';
import { ChildrenWriter } from '../../../operator/children.ts';
import { churnModelReconciler } from '../../../operator/controller.ts';
import { ModelSecrets, SECRETS } from '../../../operator/model-secrets.ts';
import { CHURN_MODELS, DEPLOYMENTS, SERVICES, type StoredChurnModel } from '../../../operator/observation/kinds.ts';
import { ApiClient } from '../../../operator/runtime/api-client.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { EventRecorder } from '../../../operator/runtime/event-recorder.ts';
import { OwnedApply } from '../../../operator/runtime/owned-apply.ts';
import { ReconcilerLoop } from '../../../operator/runtime/reconciler-loop.ts';
import { RuntimeMetrics } from '../../../operator/runtime/runtime-metrics.ts';
import { WorkQueue } from '../../../operator/runtime/work-queue.ts';
import { TrafficReader } from '../../../operator/traffic/traffic-reader.ts';
import { operatorSettings } from '../../unit/operator/resources/operator-settings.ts';
import { FakeKubelet, inspected, type KubeletPod } from './fake-kubelet.ts';
import { eventually, openCluster, RequestLog, silent, type Cluster } from './runtime/cluster.ts';

/** Ours alone: an operator that runs in this cluster leaves it be. */
const CLASS = `it-${randomUUID().slice(0, 8)}`;
const NAME = 'telco-churn';

let cluster: Cluster;
let kubelet: FakeKubelet;
let log: RequestLog;
let queue: WorkQueue;
const stop = new AbortController();
const running: Promise<unknown>[] = [];

/** The operator's own parts against a real API server; pods are looked after by nobody but the test. */
beforeAll(async () => {
  cluster = await openCluster();
  kubelet = new FakeKubelet(cluster);
  log = new RequestLog(cluster.connection);
  const metrics = new RuntimeMetrics(new Registry());
  const parts = { client: new ApiClient({ transport: log, fieldManager: FIELD_MANAGER }), clock: systemClock, random: Math.random, logger: silent, metrics };
  const { client, clock } = parts;
  const caches = new Caches({ ...parts, namespaces: [cluster.namespace] }, CLASS);
  queue = new WorkQueue({ name: 'test', clock, metrics });
  caches.onChange((key) => queue.add(key));
  const events = new EventRecorder({ ...parts, reportingController: 'churnops.dev/operator', reportingInstance: 'test' });
  const children = new ChildrenWriter({ client, caches, clock, settings: operatorSettings(), secrets: new ModelSecrets(parts), apply: new OwnedApply({ client, annotation: ANNOTATIONS.applied, logger: silent }) });
  const traffic = new TrafficReader({ read: readPod, clock, wake: (key) => queue.add(key) });
  const loop = new ReconcilerLoop({ name: 'test', queue, ...parts, reconcile: churnModelReconciler({ client, caches, children, events, clock, traffic }) });
  running.push(caches.run(stop.signal), traffic.run(stop.signal), tend());
  await caches.settled(stop.signal);
  running.push(loop.run({ stop: stop.signal, graceMs: 1000 }));
  await cluster.client.create(CHURN_MODELS, manifest(), cluster.signal);
});

afterAll(async () => {
  stop.abort();
  queue.shutDown();
  await Promise.all(running);
  await cluster.end();
});

function manifest() {
  const scheduling = { nodeSelector: { 'churnops.dev/none': 'true' } };
  const rollout = { gate: { labels: 'Feedback', interval: '1h' } };
  return {
    apiVersion: API_VERSION,
    kind: 'ChurnModel',
    metadata: { name: NAME, namespace: cluster.namespace, labels: { [LABELS.operatorClass]: CLASS } },
    spec: { model: { repository: 's3://churn/models/telco-churn', version: 'a' }, serving: { replicas: 2, scheduling }, rollout },
  };
}

async function tend(): Promise<void> {
  while (!stop.signal.aborted) {
    await kubelet.look().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A pod says that it follows what it bears. */
async function readPod(address: string) {
  const pod = (await kubelet.pods()).find(({ status }) => status?.podIP === address);
  const version = pod?.metadata.annotations?.[ANNOTATIONS.version] ?? 'a';
  const latency = { boundsSeconds: [], counts: [0], sumSeconds: 0 };
  return { schemaVersion: 1 as const, model: NAME, version, hash: inspected(version).candidateHash, revision: policyOn(pod)?.revision ?? 0, sides: { own: { requests: 3, errors: 0, latency } } };
}

function policyOn(pod: KubeletPod | undefined): TrafficPolicy | undefined {
  const text = pod?.metadata.annotations?.[ANNOTATIONS.trafficPolicy];
  return text === undefined ? undefined : TrafficPolicy.parse(JSON.parse(text));
}

async function model(): Promise<StoredChurnModel> {
  const found = await cluster.client.get(CHURN_MODELS, { namespace: cluster.namespace, name: NAME }, cluster.signal);
  if (found === undefined) throw new Error('the model is gone');
  return found;
}

async function status(): Promise<ChurnModelStatus> {
  return ChurnModelStatus.parse((await model()).status ?? {});
}

/** Pods that serve a version and do not end. */
async function podsOf(version: string): Promise<readonly KubeletPod[]> {
  const hash = inspected(version).candidateHash.slice(0, 8);
  return (await kubelet.pods()).filter(({ metadata }) => metadata.labels?.[LABELS.hash] === hash && metadata.labels[LABELS.component] === 'serving' && metadata.deletionTimestamp === undefined);
}

async function policies(version: string): Promise<readonly (TrafficPolicy | undefined)[]> {
  return (await podsOf(version)).map(policyOn);
}

async function feedback(): Promise<Readonly<Record<string, string>> | undefined> {
  return (await cluster.client.get(SECRETS, { namespace: cluster.namespace, name: `${NAME}-feedback` }, cluster.signal))?.data;
}

async function want(patch: object): Promise<void> {
  await cluster.client.mergePatch(CHURN_MODELS, { namespace: cluster.namespace, name: NAME }, { ...patch }, {}, cluster.signal);
}

const conditionOf = ({ conditions = [] }: ChurnModelStatus, type: string): string => conditions.filter((each) => each.type === type).map((each) => `${each.status} ${each.reason}`).join('');

describe('a rollout beside stable, on a real API server', () => {
  test('a first version serves; its Secrets are there, and go with the model', async () => {
    await eventually(status, ({ phase, stable }) => phase === 'Stable' && stable?.version === 'a');
    for (const name of [`${NAME}-feedback`, `${NAME}-prediction-keys`]) {
      const secret = await cluster.client.get(SECRETS, { namespace: cluster.namespace, name }, cluster.signal);
      expect(secret?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'ChurnModel', name: NAME, controller: true });
    }
    expect(await policies('a')).toEqual([undefined, undefined]);
  });

  test("a second one stands beside it: stable's pods know of it, it is found by name, and it is measured", async () => {
    await want({ spec: { model: { version: 'b' } } });
    const seen = await eventually(status, (now) => now.candidate?.gate?.verdict !== undefined && conditionOf(now, 'PolicySpread') === 'True AllFollow');
    expect(seen).toMatchObject({ phase: 'Shadow', stable: { version: 'a' }, auc: '0.830', candidate: { version: 'b', weight: 0, gate: { verdict: 'Inconclusive', reason: 'AUCNotProven', rows: 300, evidence: { path: 's3://churn/x-gate.json' } } }, traffic: { pods: { asked: 2, following: 2 } } });
    expect(conditionOf(seen, 'GatePassed')).toBe('False AUCNotProven');
    const shadow = { mode: 'Shadow', percent: 100, revision: seen.traffic?.revision, candidateVersion: 'b', candidateAddress: `${NAME}-candidate.${cluster.namespace}.svc:8080` };
    expect(await policies('a')).toEqual([expect.objectContaining(shadow), expect.objectContaining(shadow)]);
    expect(await policies('b')).toEqual([undefined, undefined]);
    const service = await cluster.client.get(SERVICES, { namespace: cluster.namespace, name: `${NAME}-candidate` }, cluster.signal);
    expect(service?.spec).toMatchObject({ clusterIP: 'None', selector: { [LABELS.hash]: inspected('b').candidateHash.slice(0, 8) } });
  });

  test('at rest nothing is written, however often it is looked at', async () => {
    // What events and the controllers of the API server still tell comes first.
    let before = log.writes.length;
    let quiet = 0;
    await eventually(() => {
      quiet = before === log.writes.length && queue.length === 0 ? quiet + 1 : 0;
      before = log.writes.length;
      return quiet;
    }, (looks) => looks > 50);
    for (let looks = 0; looks < 5; looks += 1) {
      queue.add(`${cluster.namespace}/${NAME}`);
      await eventually(() => queue.length, (length) => length === 0);
    }
    expect(log.writes.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test('a pod of stable that is born later bears the policy, too', async () => {
    const [first] = await podsOf('a');
    await cluster.client.delete({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }, { namespace: cluster.namespace, name: first?.metadata.name ?? '' }, {}, cluster.signal);
    await eventually(async () => podsOf('a'), (pods) => pods.length === 2 && pods.every((pod) => pod.metadata.name !== first?.metadata.name && policyOn(pod) !== undefined));
  });

  test('a weight in the status moves callers: every pod is told, under a newer revision', async () => {
    const before = await status();
    await eventually(
      async () => {
        const current = await model();
        const known = ChurnModelStatus.parse(current.status);
        // A status that the operator has written meanwhile is read again.
        return cluster.client.patchStatus(CHURN_MODELS, current, { ...known, candidate: { ...known.candidate, weight: 25, step: 1 } }, cluster.signal).then(() => true, () => false);
      },
      (done) => done,
    );
    const seen = await eventually(async () => policies('a'), (now) => now.every((policy) => policy?.mode === 'Canary'));
    expect(seen.map((policy) => policy?.percent)).toEqual([25, 25]);
    expect(seen[0]?.revision).toBeGreaterThan(before.traffic?.revision ?? Number.NaN);
    expect(await eventually(status, ({ phase }) => phase === 'Canary')).toMatchObject({ candidate: { weight: 25 } });
  });

  test('a rotation changes the token, and keeps the one before', async () => {
    const before = await feedback();
    await want({ metadata: { annotations: { [ACTIONS.rotateFeedbackToken]: 'once' } } });
    const after = await eventually(feedback, (data) => data?.['previous-token'] !== undefined);
    expect(after?.['previous-token']).toBe(before?.['token']);
    expect(after?.['token']).not.toBe(before?.['token']);
  });

  test('no longer wanted: the policy goes first, then all that it named', async () => {
    const from = log.writes.length;
    await want({ spec: { model: { version: 'a' } } });
    await eventually(async () => cluster.client.get(DEPLOYMENTS, { namespace: cluster.namespace, name: `${NAME}-${inspected('b').candidateHash.slice(0, 8)}` }, cluster.signal), (found) => found === undefined);
    expect(await policies('a')).toEqual([undefined, undefined]);
    await eventually(async () => cluster.client.get(SERVICES, { namespace: cluster.namespace, name: `${NAME}-candidate` }, cluster.signal), (found) => found === undefined);
    const writes = log.writes.slice(from).map(({ method, path }) => `${method} ${path}`);
    const lastPolicy = writes.findLastIndex((write) => write.includes('/pods/'));
    const firstDelete = writes.findIndex((write) => write.startsWith('DELETE') && /deployments|services/.test(write));
    expect(lastPolicy).toBeGreaterThanOrEqual(0);
    expect(firstDelete).toBeGreaterThan(lastPolicy);
    expect(await eventually(status, ({ phase }) => phase === 'Stable')).not.toHaveProperty('candidate');
  });
});
