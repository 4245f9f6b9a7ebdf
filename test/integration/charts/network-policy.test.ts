import { expect, test } from '@jest/globals';
import { admits, Policy, type Peer } from '../../unit/operator/resources/policy-evaluator.ts';
import { NAMESPACE, only, rendered, workload, type Rendered } from './helm.ts';

const DEFAULTS = 'default-values.yaml';
const policiesOf = (objects: readonly Rendered[]): readonly Policy[] => objects.filter(({ kind }) => kind === 'NetworkPolicy').map((object) => Policy.parse(object));
const operatorOf = (objects: readonly Rendered[]): Peer => ({ namespace: NAMESPACE, labels: workload(only(objects, 'Deployment', '-operator')).template.metadata.labels });

test.each<{ name: string; namespace: string; labels?: Readonly<Record<string, string>>; values?: readonly string[]; admitted: boolean }>([
  { name: 'a neighbour', namespace: NAMESPACE, admitted: false },
  { name: 'a model\'s pod', namespace: 'retention', labels: { 'app.kubernetes.io/managed-by': 'churnops', 'app.kubernetes.io/component': 'serving' }, admitted: false },
  { name: 'Prometheus, where it is looked for by default', namespace: 'monitoring', admitted: true },
  { name: 'Prometheus elsewhere', namespace: 'observability', admitted: false },
  { name: 'Prometheus elsewhere, as the values say', namespace: 'observability', values: ['networkPolicy.models.monitoringNamespaces={observability}'], admitted: true },
  { name: 'a peer of its own', namespace: 'audit', values: ['networkPolicy.from[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=audit'], admitted: true },
  { name: 'anybody, where policies are made elsewhere', namespace: 'retention', values: ['networkPolicy.enabled=false'], admitted: true },
])('port 9090 of the operator: $name', async ({ namespace, labels = {}, values = [], admitted }) => {
  const objects = await rendered(DEFAULTS, ...values.flatMap((value) => ['--set', value]));
  expect(admits(policiesOf(objects), operatorOf(objects), 9090, { namespace, labels })).toBe(admitted);
});

test('helm test gets through, also where nobody else may', async () => {
  const objects = await rendered(DEFAULTS, '--set', 'networkPolicy.models.monitoringNamespaces=null');
  const [policies, operator, { metadata }] = [policiesOf(objects), operatorOf(objects), only(objects, 'Pod')];
  expect(admits(policies, operator, 9090, { namespace: NAMESPACE, labels: metadata.labels })).toBe(true);
  expect(admits(policies, operator, 9090, { namespace: 'elsewhere', labels: metadata.labels })).toBe(false);
  expect(admits(policies, operator, 9090, { namespace: 'monitoring', labels: {} })).toBe(false);
});

test('the store beside the operator is reached as before, and what the operator asks for is not limited', async () => {
  const objects = await rendered('trial-values.yaml');
  const store: Peer = { namespace: NAMESPACE, labels: workload(only(objects, 'Deployment', '-s3')).template.metadata.labels };
  expect(admits(policiesOf(objects), store, 7070, { namespace: 'retention', labels: {} })).toBe(true);
  expect(policiesOf(objects).flatMap(({ spec }) => spec.policyTypes)).toEqual(['Ingress']);
});
