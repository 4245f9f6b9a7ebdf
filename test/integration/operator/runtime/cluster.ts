import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import { connect, type Connection } from '../../../../operator/runtime/connection.ts';
import { StoredObject, type KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { Logger } from '../../../../operator/runtime/logger.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { isWrite, type ApiRequest, type Transport } from '../../../../operator/runtime/transport.ts';

/** Calls that reached the API server, in order. */
export class RequestLog implements Transport {
  readonly #inner: Transport;
  readonly requests: ApiRequest[] = [];

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get writes(): readonly ApiRequest[] {
    return this.requests.filter(isWrite);
  }

  async send(...[request, signal]: Parameters<Transport['send']>): ReturnType<Transport['send']> {
    this.requests.push(request);
    return this.#inner.send(request, signal);
  }

  async stream(...[request, signal]: Parameters<Transport['stream']>): ReturnType<Transport['stream']> {
    this.requests.push(request);
    return this.#inner.stream(request, signal);
  }
}

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A real API server, with a namespace of this test's own. */
export type Cluster = Readonly<{
  connection: Connection;
  log: RequestLog;
  client: ApiClient;
  metrics: RuntimeMetrics;
  namespace: string;
  signal: AbortSignal;
  end: () => Promise<void>;
}>;

/** @throws Error that says how to get a cluster, when there is none */
export async function openCluster(): Promise<Cluster> {
  const kubeconfig = process.env['CHURNOPS_KUBECONFIG'];
  if (kubeconfig === undefined || kubeconfig === '') {
    throw new Error('CHURNOPS_KUBECONFIG is not set. Start a cluster and name it: hack/cluster up; export CHURNOPS_KUBECONFIG=$(hack/cluster kubeconfig)');
  }
  const ends = new AbortController();
  const connection = connect({ kubeconfig, version: 'integration' });
  const log = new RequestLog(connection);
  const client = new ApiClient({ transport: log, fieldManager: 'churnops-integration' });
  const namespace = `runtime-${randomUUID().slice(0, 8)}`;
  await client.create(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ends.signal);
  return {
    connection,
    log,
    client,
    metrics: new RuntimeMetrics(new Registry()),
    namespace,
    signal: ends.signal,
    end: async () => {
      await client.delete(namespaceKind, { name: namespace }, {}, ends.signal);
      ends.abort();
      await connection.close();
    },
  };
}

export const namespaceKind: ResourceKind<KubeObject> = {
  group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false, schema: StoredObject,
};

const ConfigMap = StoredObject.extend({ data: z.record(z.string(), z.string()).optional() });
export const configMapKind: ResourceKind<z.infer<typeof ConfigMap>> = {
  group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, schema: ConfigMap,
};

const Deployment = StoredObject.extend({ spec: z.looseObject({ replicas: z.number().optional() }) });
export const deploymentKind: ResourceKind<z.infer<typeof Deployment>> = {
  group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true, schema: Deployment,
};

export const serviceKind: ResourceKind<z.infer<typeof StoredObject>> = {
  group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true, schema: StoredObject,
};

const Ingress = StoredObject.extend({ status: z.looseObject({}).optional() });
export const ingressKind: ResourceKind<z.infer<typeof Ingress>> = {
  group: 'networking.k8s.io', version: 'v1', plural: 'ingresses', kind: 'Ingress', namespaced: true, schema: Ingress,
};

const definitionKind: ResourceKind<KubeObject> = {
  group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false, schema: StoredObject,
};

/**
 * A kind that the API server has only just learned of: versions from before that, such as 1, it has forgotten for certain.
 * (Of its own kinds it remembers all of a young cluster's life.) Its objects look like ConfigMaps; it goes with the namespace.
 */
export async function youngKind({ client, namespace, signal }: Cluster): Promise<typeof configMapKind> {
  const id = randomUUID().slice(0, 8);
  const group = 'integration.churnops.dev';
  const kind = { ...configMapKind, group, version: 'v1', plural: `young${id}`, kind: `Young${id}` };
  const owner = await client.get(namespaceKind, { name: namespace }, signal);
  if (owner === undefined) throw new Error(`namespace ${namespace} does not exist`);
  const metadata = { name: `${kind.plural}.${group}`, ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: owner.metadata.uid }] };
  const schema = { openAPIV3Schema: { type: 'object', properties: { data: { type: 'object', additionalProperties: { type: 'string' } } } } };
  const spec = { group, scope: 'Namespaced', names: { plural: kind.plural, kind: kind.kind }, versions: [{ name: 'v1', served: true, storage: true, schema }] };
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec };
  await client.create(definitionKind, definition, signal);
  const isServed = async (): Promise<boolean> => client.list(kind, { namespace }, signal).then(() => true, () => false);
  await eventually(isServed, (served) => served);
  return kind;
}

/** Waits for a state of the cluster; fails after 20 s with what was seen last. */
export async function eventually<V>(read: () => V | Promise<V>, holds: (value: V) => boolean): Promise<V> {
  const deadlineMs = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadlineMs) throw new Error(`the state did not come; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
