import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DesiredObject, KubeObject } from '../../../../operator/runtime/kube-object.ts';
import { OwnedApply } from '../../../../operator/runtime/owned-apply.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { configMapKind, deploymentKind, openCluster, serviceKind, silent, type Cluster } from './cluster.ts';

let cluster: Cluster;
let owned: OwnedApply;
let owner: KubeObject;
beforeAll(async () => {
  cluster = await openCluster();
  owned = new OwnedApply({ client: cluster.client, annotation: 'churnops.dev/applied', logger: silent });
  const metadata = { name: 'owner', namespace: cluster.namespace };
  owner = await cluster.client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, cluster.signal);
});
afterAll(async () => cluster.end());

type Child = DesiredObject & Readonly<Record<string, unknown>>;

function metadata(name: string): DesiredObject['metadata'] {
  const { uid } = owner.metadata;
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true, blockOwnerDeletion: true };
  return { name, namespace: cluster.namespace, labels: { app: name }, ownerReferences: [reference] };
}

const configMap = (name: string, data: Record<string, string>): Child => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(name), data });

/** Written in forms that the API server stores differently: quantities, some finer than it keeps, defaults, empty maps, a port without protocol. */
const deployment = (name: string): Child => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata(name),
  spec: {
    selector: { matchLabels: { app: name } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    minReadySeconds: 0,
    template: {
      metadata: { labels: { app: name }, annotations: {} },
      spec: {
        automountServiceAccountToken: false,
        nodeSelector: { 'churnops.dev/none': 'true' },
        tolerations: [{ key: 'spot', operator: 'Exists' }],
        priorityClassName: '',
        hostNetwork: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: name } } },
        ],
        initContainers: [{ name: 'pull', image: 'none', volumeMounts: [{ name: 'model', mountPath: '/model' }] }],
        containers: [
          {
            name: 'main',
            image: 'none',
            env: [{ name: 'EMPTY', value: '' }, { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            ports: [{ name: 'http', containerPort: 8080 }],
            resources: { requests: { cpu: '0.0605', memory: '256.5Mi' }, limits: { cpu: 1, memory: '1Gi' } },
            readinessProbe: { httpGet: { path: '/readyz', port: 9090 }, initialDelaySeconds: 0, periodSeconds: 2 },
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'model', mountPath: '/model', readOnly: true }, { name: 'scratch', mountPath: '/tmp', readOnly: false }],
          },
        ],
        volumes: [
          { name: 'model', emptyDir: { sizeLimit: '1024Mi' } },
          { name: 'scratch', emptyDir: {} },
          { name: 'policy', downwardAPI: { items: [{ path: 'policy', fieldRef: { fieldPath: "metadata.annotations['churnops.dev/policy']" } }] } },
        ],
      },
    },
  },
});

const service = (name: string): Child => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(name),
  spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], publishNotReadyAddresses: false },
});

async function run<T extends KubeObject>(kind: ResourceKind<T>, desired: DesiredObject): Promise<{ outcome: string; writes: number }> {
  const current = await cluster.client.get(kind, desired.metadata, cluster.signal);
  const before = cluster.log.writes.length;
  const { outcome } = await owned.apply({ kind, ownerUid: owner.metadata.uid, desired, current }, cluster.signal);
  return { outcome, writes: cluster.log.writes.length - before };
}

describe('steady state costs no writes', () => {
  test.each<{ name: string; kind: () => ResourceKind<KubeObject>; desired: () => Child }>([
    { name: 'ConfigMap', kind: () => configMapKind, desired: () => configMap('steady', { a: '', b: '2' }) },
    { name: 'Deployment', kind: () => deploymentKind, desired: () => deployment('steady') },
    { name: 'Service', kind: () => serviceKind, desired: () => service('steady') },
  ])('$name', async ({ kind, desired }) => {
    expect(await run(kind(), desired())).toEqual({ outcome: 'Created', writes: 1 });
    expect(await run(kind(), desired())).toEqual({ outcome: 'Unchanged', writes: 0 });
  });
});

test("a hand's change of our field is put back; a field of someone else is left alone", async () => {
  const ref = { namespace: cluster.namespace, name: 'touched' };
  await run(configMapKind, configMap('touched', { a: '1' }));
  await cluster.client.mergePatch(configMapKind, ref, { data: { theirs: 'x' } }, {}, cluster.signal);
  expect(await run(configMapKind, configMap('touched', { a: '1' }))).toEqual({ outcome: 'Unchanged', writes: 0 });
  await cluster.client.mergePatch(configMapKind, ref, { data: { a: 'by hand' } }, {}, cluster.signal);
  expect(await run(configMapKind, configMap('touched', { a: '1' }))).toEqual({ outcome: 'Updated', writes: 1 });
  const live = await cluster.client.get(configMapKind, ref, cluster.signal);
  expect(live?.data).toEqual({ a: '1', theirs: 'x' });
});

test('what we no longer want is removed', async () => {
  await run(configMapKind, configMap('shrinks', { a: '1', b: '2' }));
  expect(await run(configMapKind, configMap('shrinks', { a: '1' }))).toEqual({ outcome: 'Updated', writes: 1 });
  const live = await cluster.client.get(configMapKind, { namespace: cluster.namespace, name: 'shrinks' }, cluster.signal);
  expect(live?.data).toEqual({ a: '1' });
  expect(await run(configMapKind, configMap('shrinks', { a: '1' }))).toEqual({ outcome: 'Unchanged', writes: 0 });
});

test('replicas set through scale survive an apply', async () => {
  await run(deploymentKind, deployment('scaled'));
  const ref = { namespace: cluster.namespace, name: 'scaled' };
  await cluster.client.patchScale(deploymentKind, ref, 4, {}, cluster.signal);
  expect(await run(deploymentKind, deployment('scaled'))).toEqual({ outcome: 'Unchanged', writes: 0 });
  const changed = { ...deployment('scaled'), metadata: { ...metadata('scaled'), labels: { app: 'scaled', more: 'yes' } } };
  expect(await run(deploymentKind, changed)).toEqual({ outcome: 'Updated', writes: 1 });
  expect((await cluster.client.get(deploymentKind, ref, cluster.signal))?.spec.replicas).toBe(4);
});

describe('foreign objects are not touched', () => {
  test('one without an owner', async () => {
    const desired = configMap('foreign', { a: '1' });
    await cluster.client.create(configMapKind, { ...desired, metadata: { name: 'foreign', namespace: cluster.namespace } }, cluster.signal);
    const result = await owned.apply({ kind: configMapKind, ownerUid: owner.metadata.uid, desired, current: undefined }, cluster.signal);
    expect(result).toEqual({ outcome: 'Foreign', owner: undefined });
  });

  test('one of an earlier owner of the same name', async () => {
    const desired = configMap('orphan', { a: '1' });
    const [reference] = desired.metadata.ownerReferences ?? [];
    if (reference === undefined) throw new Error('unreachable');
    const earlier = { ...reference, uid: randomUUID(), controller: true, blockOwnerDeletion: false };
    // The garbage collector deletes it as soon as it looks, since that owner is gone: the finalizer keeps it there until we have.
    const metadata = { ...desired.metadata, ownerReferences: [earlier], finalizers: ['churnops.dev/integration'] };
    await cluster.client.create(configMapKind, { ...desired, metadata }, cluster.signal);
    const result = await owned.apply({ kind: configMapKind, ownerUid: owner.metadata.uid, desired, current: undefined }, cluster.signal);
    await cluster.client.mergePatch(configMapKind, desired.metadata, { metadata: { finalizers: null } }, {}, cluster.signal);
    expect(result).toEqual({ outcome: 'Foreign', owner: earlier });
  });
});

test('an object that was deleted and made anew behind our cache is a Conflict', async () => {
  const desired = configMap('replaced', { a: '1' });
  await run(configMapKind, desired);
  const cached = await cluster.client.get(configMapKind, desired.metadata, cluster.signal);
  await cluster.client.delete(configMapKind, desired.metadata, {}, cluster.signal);
  const call = (): Promise<unknown> =>
    owned.apply({ kind: configMapKind, ownerUid: owner.metadata.uid, desired: configMap('replaced', { a: '2' }), current: cached }, cluster.signal);
  await expect(call()).rejects.toMatchObject({ code: 'Conflict' });
  await cluster.client.create(configMapKind, { ...desired, metadata: { name: 'replaced', namespace: cluster.namespace } }, cluster.signal);
  await expect(call()).rejects.toMatchObject({ code: 'Conflict' });
});

test('one that is being deleted is left to end', async () => {
  const desired = configMap('ending', { a: '1' });
  await run(configMapKind, desired);
  const ref = { namespace: cluster.namespace, name: 'ending' };
  await cluster.client.mergePatch(configMapKind, ref, { metadata: { finalizers: ['churnops.dev/test'] } }, {}, cluster.signal);
  await cluster.client.delete(configMapKind, ref, {}, cluster.signal);
  expect(await run(configMapKind, configMap('ending', { a: '2' }))).toEqual({ outcome: 'Terminating', writes: 0 });
  await cluster.client.mergePatch(configMapKind, ref, { metadata: { finalizers: [] } }, {}, cluster.signal);
});
