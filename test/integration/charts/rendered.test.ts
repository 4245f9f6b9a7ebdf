import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../contracts/churn-model/spec.ts';
import { servingDeployment } from '../../../operator/resources/serving-deployment.ts';
import { OperatorEnvironment } from '../../../operator/settings.ts';
import { parseEnvironment } from '../../../platform/configuration/environment.ts';
import { CHART, helmSays, NAMESPACE, only, podSpec, Rendered, rendered, selects, VALUE_SETS, workload } from './helm.ts';
import { identity } from '../../unit/operator/rollout/builders.ts';

const Labels = z.record(z.string(), z.string());

/** The environment as the process sees it: what is taken from the pod is there, too. */
function environmentOf(operator: Rendered): Readonly<Record<string, string>> {
  const [container] = workload(operator).template.spec.containers;
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? `from the pod: ${name}`]));
}

test.each(VALUE_SETS)('%s: helm lint --strict', async (set) => {
  expect(await helmSays('lint', '--strict', CHART, '--values', `${CHART}/ci/${set}`)).toContain('0 chart(s) failed');
});

test.each(VALUE_SETS)('%s: the operator understands its environment, and knows every variable that the chart sets', async (set) => {
  const environment = environmentOf(only(await rendered(set), 'Deployment', '-operator'));
  const known = Object.keys(OperatorEnvironment.shape);
  expect(Object.keys(environment).filter((name) => name.startsWith('CHURNOPS_') && !known.includes(name))).toEqual([]);
  expect(parseEnvironment(OperatorEnvironment, environment).CHURNOPS_SERVER_IMAGE).not.toBe('');
});

test.each(VALUE_SETS)('%s: selectors match, bindings bind what is there, everything bears the release', async (set) => {
  const objects = await rendered(set);
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  for (const deployment of deployments) expect(selects(workload(deployment).selector.matchLabels, workload(deployment).template.metadata.labels)).toBe(true);
  const pods = deployments.map((deployment) => workload(deployment).template.metadata.labels);
  for (const { kind, spec } of objects) {
    const selector = kind === 'Service' ? z.looseObject({ selector: Labels }).parse(spec).selector : kind === 'PodDisruptionBudget' ? z.looseObject({ selector: z.looseObject({ matchLabels: Labels }) }).parse(spec).selector.matchLabels : undefined;
    if (selector !== undefined) expect(pods.filter((labels) => selects(selector, labels))).toHaveLength(1);
  }
  const Binding = z.looseObject({ roleRef: z.looseObject({ kind: z.string(), name: z.string() }), subjects: z.array(z.looseObject({ name: z.string(), namespace: z.string() })) });
  const account = workload(only(objects, 'Deployment', '-operator')).template.spec.serviceAccountName;
  for (const object of objects.filter(({ kind }) => kind.endsWith('RoleBinding'))) {
    const { roleRef, subjects } = Binding.parse(object);
    expect(objects.some(({ kind, metadata }) => kind === roleRef.kind && metadata.name === roleRef.name && metadata.namespace === object.metadata.namespace)).toBe(true);
    expect(subjects).toEqual([expect.objectContaining({ name: account, namespace: NAMESPACE })]);
  }
  for (const { metadata } of objects) expect(metadata.labels['app.kubernetes.io/instance']).toBe('churnops');
});

test.each<{ set: string; replicas: number; strategy: string; budgets: number }>([
  { set: 'one-at-a-time-values.yaml', replicas: 1, strategy: 'Recreate', budgets: 0 },
  { set: 'available-values.yaml', replicas: 3, strategy: 'RollingUpdate', budgets: 1 },
])('$set: $replicas operators, $strategy', async ({ set, replicas, strategy, budgets }) => {
  const objects = await rendered(set);
  const spec = workload(only(objects, 'Deployment', '-operator'));
  expect([spec.replicas, spec.strategy.type, objects.filter(({ kind }) => kind === 'PodDisruptionBudget').length]).toEqual([replicas, strategy, budgets]);
});

test('one namespace, one Role: nothing is cluster-wide', async () => {
  const objects = await rendered('namespaced-values.yaml');
  expect(objects.filter(({ kind }) => kind.startsWith('Cluster') || kind === 'CustomResourceDefinition')).toEqual([]);
  const roles = objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
  expect(roles.toSorted()).toEqual(['system/churnops-operator-leader', 'team-a/churnops-operator', 'team-b/churnops-operator']);
  expect(environmentOf(only(objects, 'Deployment'))['CHURNOPS_WATCH_NAMESPACES']).toBe('team-a,team-b');
});

test('rights for the cluster are those for a namespace', async () => {
  const wide = only(await rendered('default-values.yaml'), 'ClusterRole', '-operator');
  const narrow = (await rendered('namespaced-values.yaml')).find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'team-a');
  expect(narrow?.['rules']).toEqual(wide['rules']);
});

test('a digest wins over a tag, the registry stands before both, Secrets of the registry reach all pods', async () => {
  const objects = await rendered('mirrored-values.yaml');
  const operator = only(objects, 'Deployment', '-operator');
  expect(workload(operator).template.spec.containers[0]?.image).toBe(`mirror.example:5000/churnops-mirror/churnops/operator@sha256:${'0123456789abcdef'.repeat(4)}`);
  expect(environmentOf(operator)).toMatchObject({
    CHURNOPS_SERVER_IMAGE: `mirror.example:5000/churnops-mirror/churnops/server@sha256:${'fedcba9876543210'.repeat(4)}`,
    CHURNOPS_SERVER_IMAGE_PULL_POLICY: 'Always',
    CHURNOPS_IMAGE_PULL_SECRETS: 'mirror,mirror-fallback',
  });
  const pods = [...objects.filter(({ kind }) => kind === 'Deployment').map((each) => workload(each).template.spec), podSpec(only(objects, 'Pod'))];
  for (const pod of pods) expect(pod['imagePullSecrets']).toEqual([{ name: 'mirror' }, { name: 'mirror-fallback' }]);
  expect(objects.filter(({ kind }) => /Role|ServiceAccount/.test(kind))).toEqual([]);
});

test.each<{ set: string; keep: string | undefined }>([
  { set: 'default-values.yaml', keep: 'keep' },
  { set: 'one-at-a-time-values.yaml', keep: undefined },
])('$set: the definition outlives the release: $keep', async ({ set, keep }) => {
  expect(only(await rendered(set), 'CustomResourceDefinition').metadata.annotations['helm.sh/resource-policy']).toBe(keep);
});

test('the ServiceMonitor finds the operator, the PodMonitor finds serving pods', async () => {
  const objects = await rendered('available-values.yaml');
  const Selector = z.looseObject({ selector: z.strictObject({ matchLabels: Labels }) });
  const service = only(objects, 'Service', '-operator');
  const { selector, endpoints, namespaceSelector } = Selector.extend({ endpoints: z.unknown(), namespaceSelector: z.unknown() }).parse(only(objects, 'ServiceMonitor').spec);
  expect(selects(selector.matchLabels, service.metadata.labels)).toBe(true);
  expect([endpoints, namespaceSelector]).toEqual([[{ port: 'metrics', interval: '30s' }], { matchNames: [NAMESPACE] }]);
  expect(z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })) }).parse(service.spec).ports.map(({ name }) => name)).toContain('metrics');

  const monitor = Selector.extend({ podMetricsEndpoints: z.unknown(), namespaceSelector: z.unknown() }).parse(only(objects, 'PodMonitor').spec);
  const subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: 's3://churn/models', version: 'a' } }), annotations: {} };
  const network = { policies: true, operator: { namespace: NAMESPACE, podLabels: {} }, monitoringNamespaces: [] };
  const settings = { serverImage: 'server:1', imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], network, logLevel: 'info' } as const;
  const serving = workload(Rendered.parse(servingDeployment(subject, settings, identity('a'))));
  expect(selects(monitor.selector.matchLabels, serving.template.metadata.labels)).toBe(true);
  expect(serving.template.spec.containers.flatMap(({ ports }) => ports.map(({ name }) => name))).toContain('control');
  expect([monitor['podMetricsEndpoints'], monitor['namespaceSelector']]).toEqual([[{ port: 'control', interval: '15s' }], { any: true }]);
});

test('who reads port 9090 of the models\' pods: pods that bear the operator\'s labels, and monitoring', async () => {
  const operator = only(await rendered('default-values.yaml'), 'Deployment', '-operator');
  const { CHURNOPS_OPERATOR_POD_LABELS: labels = '', ...environment } = environmentOf(operator);
  const named = Object.fromEntries(labels.split(',').map((label) => label.split('=')));
  expect(Object.keys(named)).toHaveLength(3);
  expect(selects(Labels.parse(named), workload(operator).template.metadata.labels)).toBe(true);
  expect(environment).toMatchObject({ CHURNOPS_NETWORK_POLICIES: 'true', CHURNOPS_MONITORING_NAMESPACES: 'monitoring' });
  const without = only(await rendered('default-values.yaml', '--set', 'networkPolicy.models.enabled=false', '--set', 'networkPolicy.models.monitoringNamespaces=null'), 'Deployment', '-operator');
  expect(environmentOf(without)['CHURNOPS_NETWORK_POLICIES']).toBe('false');
  expect(environmentOf(without)).not.toHaveProperty('CHURNOPS_MONITORING_NAMESPACES');
});

test.each<{ values: readonly string[]; own: string; models: string }>([
  { values: [], own: 'info', models: 'info' },
  { values: ['operator.logLevel=debug'], own: 'debug', models: 'info' },
  { values: ['models.logLevel=warn'], own: 'info', models: 'warn' },
])('operator and models have a log level each: $values', async ({ values, own, models }) => {
  const operator = only(await rendered('default-values.yaml', ...values.flatMap((value) => ['--set', value])), 'Deployment', '-operator');
  expect(environmentOf(operator)).toMatchObject({ CHURNOPS_LOG_LEVEL: own, CHURNOPS_MODEL_LOG_LEVEL: models });
});

test.each<{ values: readonly string[]; says: RegExp }>([
  { values: ['operatr.replicas=2'], says: /additional properties 'operatr' not allowed/ },
  { values: ['operator.logLevel=verbose'], says: /operator\/logLevel/ },
  { values: ['models.logLevel=verbose'], says: /models\/logLevel/ },
  { values: ['images.server.digest=sha256:12'], says: /images\/server\/digest/ },
  { values: ['operator.leaderElection.leaseDurationSeconds=soon'], says: /leaseDurationSeconds/ },
  { values: ['operator.replicas=2', 'operator.leaderElection.enabled=false'], says: /needs operator.leaderElection.enabled/ },
  { values: ['operator.updateStrategy=RollingUpdate'], says: /operator\/updateStrategy/ },
  { values: ['operator.terminationGracePeriodSeconds=30'], says: /terminationGracePeriodSeconds.*minimum.*35/ },
  { values: ['rbac.scope=namespaces'], says: /needs operator.watchNamespaces/ },
  { values: ['rbac.scope=everything'], says: /rbac\/scope/ },
  { values: ['operator.affinity.podAfinity.a=b'], says: /podAfinity/ },
  { values: ['operator.watchNamespaces={Team A}'], says: /watchNamespaces/ },
  { values: ['networkPolicy.models.monitoringNamespaces={Team A}'], says: /monitoringNamespaces/ },
  { values: ['operator.extraVolumeMounts[0].name=ca'], says: /extraVolumeMounts.*mountPath/s },
  { values: ['extraObjects[0].kind=ConfigMap'], says: /extraObjects.*metadata/s },
  { values: ['s3.persistence.size=big'], says: /s3\/persistence\/size/ },
])('$values is refused', async ({ values, says }) => {
  await expect(rendered('default-values.yaml', ...values.flatMap((value) => ['--set', value]))).rejects.toThrow(says);
});

test('a cluster that is too old is told so', async () => {
  await expect(rendered('default-values.yaml', '--kube-version', '1.30.2')).rejects.toThrow(/requires kubeVersion: >=1\.31/);
});
