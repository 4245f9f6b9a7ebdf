import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import type { DesiredObject } from '../../../../operator/runtime/kube-object.ts';
import { configMapKind, deploymentKind, ingressKind, openCluster, youngKind, type Cluster } from './cluster.ts';

let cluster: Cluster;
let young: typeof configMapKind;
beforeAll(async () => {
  cluster = await openCluster();
  young = await youngKind(cluster);
});
afterAll(async () => cluster.end());

const configMap = (name: string, data: Record<string, string>): DesiredObject & { data: Record<string, string> } => ({
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: cluster.namespace }, data,
});

const deployment = (name: string): DesiredObject => {
  const labels = { app: name };
  const desired = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: cluster.namespace },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { nodeSelector: { 'churnops.dev/none': 'true' }, containers: [{ name: 'main', image: 'none' }] } },
    },
  };
  return desired;
};

describe('reading', () => {
  test('an object that is not there is undefined, not an error', async () => {
    const { client, namespace, signal } = cluster;
    expect(await client.get(configMapKind, { namespace, name: 'absent' }, signal)).toBeUndefined();
  });

  test('a list is read page by page as of one version, and knows its kind', async () => {
    const { client, namespace, signal, log } = cluster;
    const paged = new ApiClient({ transport: log, fieldManager: 'churnops-integration', pageSize: 2 });
    const label = { metadata: { labels: { page: 'yes' } } };
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5']) {
      const object = configMap(name, {});
      await client.create(configMapKind, { ...object, metadata: { ...object.metadata, ...label.metadata } }, signal);
    }
    const before = log.requests.length;
    const { items, resourceVersion } = await paged.list(configMapKind, { namespace, labelSelector: 'page=yes' }, signal);
    expect(items.map((item) => item.metadata.name)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5']);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(log.requests.length - before).toBe(3);
    expect(resourceVersion).toMatch(/^\d+$/);
  });
});

describe('errors', () => {
  test.each<{ name: string; call: () => Promise<unknown>; code: string; status: number; message: RegExp }>([
    {
      name: 'a name that exists',
      call: async () => {
        await cluster.client.create(configMapKind, configMap('twice', {}), cluster.signal);
        return cluster.client.create(configMapKind, configMap('twice', {}), cluster.signal);
      },
      code: 'AlreadyExists', status: 409, message: /"twice" already exists/,
    },
    {
      name: 'a name that is no name',
      call: () => cluster.client.create(configMapKind, configMap('No_Name', {}), cluster.signal),
      code: 'Invalid', status: 422, message: /metadata\.name/,
    },
    {
      name: 'a namespace that is not there',
      call: () => {
        const object = configMap('x', {});
        return cluster.client.create(configMapKind, { ...object, metadata: { ...object.metadata, namespace: 'absent' } }, cluster.signal);
      },
      code: 'NotFound', status: 404, message: /namespaces "absent" not found/,
    },
    {
      name: 'a body of another kind',
      call: () => cluster.client.create(configMapKind, { ...configMap('kind', {}), kind: 'Secret' }, cluster.signal),
      code: 'BadRequest', status: 400, message: /ConfigMap|Secret/,
    },
    {
      name: 'a version that the API server has forgotten',
      call: async () => {
        const options = { resourceVersion: '1', timeoutSeconds: 5, idleMs: 5_000 };
        for await (const event of cluster.client.watch(young, { namespace: cluster.namespace }, options, cluster.signal)) return event;
        return undefined;
      },
      code: 'Gone', status: 410, message: /too old resource version/,
    },
  ])('$name is $code', async ({ call, code, status, message }) => {
    await expect(call()).rejects.toMatchObject({ name: 'ApiError', code, status, retryable: false, message: expect.stringMatching(message) });
  });

  test('a call that is aborted says so', async () => {
    const call = cluster.client.get(configMapKind, { namespace: cluster.namespace, name: 'x' }, AbortSignal.abort());
    await expect(call).rejects.toMatchObject({ code: 'Aborted', retryable: false });
  });
});

describe('server-side apply', () => {
  test('creates, does nothing the second time, removes what is left out', async () => {
    const { client, signal } = cluster;
    const first = await client.apply(configMapKind, configMap('applied', { a: '1', b: '2' }), {}, signal);
    const second = await client.apply(configMapKind, configMap('applied', { a: '1', b: '2' }), {}, signal);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = await client.apply(configMapKind, configMap('applied', { a: '1' }), {}, signal);
    expect(third.data).toEqual({ a: '1' });
  });

  test('keeps what another manager owns, and without force does not take it over', async () => {
    const { client, log, signal } = cluster;
    const other = new ApiClient({ transport: log, fieldManager: 'someone-else' });
    await other.apply(configMapKind, configMap('shared', { theirs: '1', both: 'theirs' }), {}, signal);
    await expect(client.apply(configMapKind, configMap('shared', { both: 'ours' }), { force: false }, signal)).rejects.toMatchObject({ code: 'Conflict' });
    const { data } = await client.apply(configMapKind, configMap('shared', { both: 'ours' }), { force: true }, signal);
    expect(data).toEqual({ theirs: '1', both: 'ours' });
  });

  test.each(['existing', 'absent'])('with the uid of another object is a Conflict (%s object)', async (which) => {
    const { client, namespace, signal } = cluster;
    if (which === 'existing') await client.create(configMapKind, configMap('uid-existing', {}), signal);
    const call = client.apply(configMapKind, configMap(`uid-${which}`, { a: '1' }), { uid: randomUUID() }, signal);
    await expect(call).rejects.toMatchObject({ code: 'Conflict', retryable: false });
    const live = await client.get(configMapKind, { namespace, name: `uid-${which}` }, signal);
    expect(live?.data).toBeUndefined();
  });
});

describe('status', () => {
  test('is written with its difference only, bound to what was read; what is left out is removed', async () => {
    const { client, signal, namespace, log } = cluster;
    const desired = {
      apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'status', namespace },
      spec: { defaultBackend: { service: { name: 'none', port: { number: 80 } } } },
    };
    const created = await client.apply(ingressKind, desired, {}, signal);
    const before = log.writes.length;
    expect(await client.patchStatus(ingressKind, created, { ...created.status }, signal)).toBe(created);
    expect(log.writes.length).toBe(before);
    const balanced = await client.patchStatus(ingressKind, created, { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } }, signal);
    expect(balanced.status).toEqual({ loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } });
    expect(balanced.metadata.generation).toBe(created.metadata.generation);
    const stale = client.patchStatus(ingressKind, created, { loadBalancer: { ingress: [{ ip: '10.0.0.2' }] } }, signal);
    await expect(stale).rejects.toMatchObject({ code: 'Conflict', retryable: false });
    expect((await client.patchStatus(ingressKind, balanced, { loadBalancer: {} }, signal)).status).toEqual({ loadBalancer: {} });
  });
});

describe('scale', () => {
  test('sets replicas and refuses another version or another object', async () => {
    const { client, signal, namespace } = cluster;
    const created = await client.apply(deploymentKind, deployment('scaled'), {}, signal);
    const ref = { namespace, name: 'scaled' };
    const scale = await client.patchScale(deploymentKind, ref, 3, { uid: created.metadata.uid }, signal);
    expect(scale.desiredReplicas).toBe(3);
    const again = await client.apply(deploymentKind, deployment('scaled'), {}, signal);
    expect(again.spec.replicas).toBe(3);
    const stale = client.patchScale(deploymentKind, ref, 5, { resourceVersion: created.metadata.resourceVersion }, signal);
    await expect(stale).rejects.toMatchObject({ code: 'Conflict' });
    const foreign = client.patchScale(deploymentKind, ref, 5, { uid: randomUUID() }, signal);
    await expect(foreign).rejects.toMatchObject({ code: 'Conflict' });
    const live = await client.get(deploymentKind, ref, signal);
    expect(live?.spec.replicas).toBe(3);
  });
});

describe('metadata', () => {
  test('labels and annotations are set and removed; preconditions hold', async () => {
    const { client, signal, namespace } = cluster;
    const created = await client.create(configMapKind, configMap('labelled', {}), signal);
    const ref = { namespace, name: 'labelled' };
    await client.patchMetadata(configMapKind, ref, { labels: { a: '1', b: '2' } }, { uid: created.metadata.uid }, signal);
    const patched = await client.patchMetadata(configMapKind, ref, { labels: { a: null }, annotations: { c: '3' } }, {}, signal);
    expect(patched.metadata).toMatchObject({ labels: { b: '2' }, annotations: { c: '3' } });
    for (const precondition of [{ resourceVersion: created.metadata.resourceVersion }, { uid: randomUUID() }]) {
      const call = client.patchMetadata(configMapKind, ref, { labels: { d: '4' } }, precondition, signal);
      await expect(call).rejects.toMatchObject({ code: 'Conflict' });
    }
  });
});

describe('delete', () => {
  test('needs its preconditions, then deletes, then finds nothing', async () => {
    const { client, signal, namespace } = cluster;
    const created = await client.create(configMapKind, configMap('doomed', {}), signal);
    const ref = { namespace, name: 'doomed' };
    await expect(client.delete(configMapKind, ref, { uid: randomUUID() }, signal)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(client.delete(configMapKind, ref, { resourceVersion: '1' }, signal)).rejects.toMatchObject({ code: 'Conflict' });
    const { uid, resourceVersion } = created.metadata;
    expect(await client.delete(configMapKind, ref, { uid, resourceVersion }, signal)).toBe(true);
    expect(await client.delete(configMapKind, ref, {}, signal)).toBe(false);
  });
});
