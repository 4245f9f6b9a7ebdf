import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { namespaceKind, openCluster, type Cluster } from '../operator/runtime/cluster.ts';
import { podSpec, rendered, VALUE_SETS, workload, type Rendered } from './helm.ts';

/** Where objects of the chart's kinds live; `undefined`: kinds of the Prometheus Operator, which this cluster does not have. */
const PLURALS: Readonly<Record<string, Readonly<{ plural: string; clusterWide?: true }> | undefined>> = {
  ServiceAccount: { plural: 'serviceaccounts' },
  Secret: { plural: 'secrets' },
  ConfigMap: { plural: 'configmaps' },
  Service: { plural: 'services' },
  PersistentVolumeClaim: { plural: 'persistentvolumeclaims' },
  Pod: { plural: 'pods' },
  Deployment: { plural: 'deployments' },
  PodDisruptionBudget: { plural: 'poddisruptionbudgets' },
  NetworkPolicy: { plural: 'networkpolicies' },
  Role: { plural: 'roles' },
  RoleBinding: { plural: 'rolebindings' },
  ClusterRole: { plural: 'clusterroles', clusterWide: true },
  ClusterRoleBinding: { plural: 'clusterrolebindings', clusterWide: true },
  CustomResourceDefinition: { plural: 'customresourcedefinitions', clusterWide: true },
};
const PROMETHEUS = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule'];

let cluster: Cluster;
let restricted: string;

beforeAll(async () => {
  cluster = await openCluster();
  restricted = `${cluster.namespace}-restricted`;
  // Nobody but pods of the `restricted` standard is let in.
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.client.create(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: restricted, labels } }, cluster.signal);
});
afterAll(async () => {
  await cluster.client.delete(namespaceKind, { name: restricted }, {}, cluster.signal);
  await cluster.end();
});

const Refusal = z.looseObject({ message: z.string().default('') });

function pathOf({ apiVersion, kind }: Rendered): string {
  const where = PLURALS[kind];
  if (where === undefined) throw new Error(`add kind ${kind} to PLURALS`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return where.clusterWide === true ? `${root}/${where.plural}` : `${root}/namespaces/${restricted}/${where.plural}`;
}

/** What the API server says to an apply that is only tried; empty when it takes the object. */
async function refusalOf(object: Rendered): Promise<string> {
  const placed = PLURALS[object.kind]?.clusterWide === true ? object : { ...object, metadata: { ...object.metadata, namespace: restricted } };
  const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'chart-test', force: 'true' };
  const answer = await cluster.connection.send({ verb: 'apply', method: 'PATCH', path: `${pathOf(object)}/${object.metadata.name}`, query, contentType: 'application/apply-patch+yaml', body: JSON.stringify(placed) }, cluster.signal);
  return answer.status < 300 ? '' : `${object.kind} ${object.metadata.name}: ${Refusal.parse(JSON.parse(answer.text)).message}`;
}

test.each(VALUE_SETS)('%s: the API server takes every object, field by field', async (set) => {
  const objects = (await rendered(set)).filter(({ kind }) => !PROMETHEUS.includes(kind));
  const refusals = await Promise.all(objects.filter(({ kind }) => kind !== 'Pod').map(refusalOf));
  expect(refusals.filter((refusal) => refusal !== '')).toEqual([]);
});

test.each(VALUE_SETS)('%s: every pod is admitted where only the restricted standard is', async (set) => {
  const objects = await rendered(set);
  const specs = [...objects.filter(({ kind }) => kind === 'Deployment').map((object) => workload(object).template.spec), ...objects.filter(({ kind }) => kind === 'Pod').map(podSpec)];
  // Their accounts are made with them.
  const pods = specs.map((spec, index): Rendered => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${index}`, labels: {}, annotations: {} }, spec: { ...spec, serviceAccountName: 'default' } }));
  expect(pods.length).toBeGreaterThan(1);
  expect((await Promise.all(pods.map(refusalOf))).filter((refusal) => refusal !== '')).toEqual([]);
});

test('a pod that is not of the standard would be refused: the namespace means what it says', async () => {
  const pod: Rendered = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', labels: {}, annotations: {} }, spec: { containers: [{ name: 'a', image: 'a:1' }] } };
  expect(await refusalOf(pod)).toContain('violates PodSecurity');
});
