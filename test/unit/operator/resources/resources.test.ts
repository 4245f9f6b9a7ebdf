import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { z } from 'zod';
import { ServeEnvironment } from '../../../../contracts/pod-environment.ts';
import { autoscaler } from '../../../../operator/resources/autoscaler.ts';
import { candidateAddress, candidateServices } from '../../../../operator/resources/candidate-service.ts';
import type { Desired } from '../../../../operator/resources/desired.ts';
import { disruptionBudgets } from '../../../../operator/resources/disruption-budget.ts';
import { evaluateJob } from '../../../../operator/resources/evaluate-job.ts';
import { inspectJob, inspectJobName } from '../../../../operator/resources/inspect-job.ts';
import { networkPolicies } from '../../../../operator/resources/network-policy.ts';
import { serviceAccounts } from '../../../../operator/resources/service-account.ts';
import { stableService } from '../../../../operator/resources/service.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { JOURNAL_LIMITS } from '../../../../server/journal/journal.ts';
import { identity, REPOSITORY, stable } from '../rollout/builders.ts';
import { environment, EVALUATION, gated, INSPECTION, keys, podSpec, settings, sourceOf, subject, Template, withStore, Workload, type SpecText } from './pod-spec.ts';

const workloads: readonly Readonly<{ name: string; build: (of: Subject) => Desired }>[] = [
  { name: 'serving Deployment', build: (of) => servingDeployment(of, settings, identity('a')) },
  { name: 'inspect Job', build: (of) => inspectJob(of, settings, INSPECTION, undefined) },
  { name: 'evaluate Job', build: (of) => evaluateJob({ ...of, spec: { ...of.spec, rollout: gated.rollout } }, settings, candidateAddress(of), EVALUATION) },
];
const only = (list: readonly Desired[], index = 0): Desired => z.custom<Desired>((each) => each !== undefined).parse(list[index]);
const kinds: typeof workloads = [
  ...workloads,
  { name: "candidate's Service", build: (of) => only(candidateServices(of, identity('b').hash)) },
  { name: 'Service', build: (of) => stableService(of, identity('a').hash.slice(0, 8)) },
  { name: 'ServiceAccount', build: (of) => only(serviceAccounts(of)) },
  { name: 'HorizontalPodAutoscaler', build: (of) => autoscaler(of, { target: identity('a').hash.slice(0, 8), minReplicas: 2, maxReplicas: 6, targetCPUPercent: 70 }) },
  { name: 'PodDisruptionBudget', build: (of) => only(disruptionBudgets(of, identity('a').hash)) },
  { name: 'NetworkPolicy of serving pods', build: (of) => only(networkPolicies(of, settings)) },
  { name: 'NetworkPolicy of Jobs', build: (of) => only(networkPolicies(of, settings), 1) },
];

describe.each(workloads)('pods of a $name', ({ build }) => {
  const spec = podSpec(build(subject()));
  const containers = [...spec.initContainers, ...spec.containers];

  test('run as the restricted standard asks', () => {
    expect(spec.securityContext).toEqual({ runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of containers) expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers']) expect(spec).not.toHaveProperty(field);
    const allowed = new Set(['name', 'emptyDir', 'downwardAPI', 'secret']);
    expect(spec.volumes.flatMap((volume) => Object.keys(volume)).filter((key) => !allowed.has(key))).toEqual([]);
  });

  test('have no token of the API server and no list of Services', () => {
    expect({ token: spec.automountServiceAccountToken, links: spec.enableServiceLinks, account: spec.serviceAccountName }).toEqual({ token: false, links: false, account: 'telco-churn' });
  });

  test('report through the termination message only', () => {
    for (const container of containers) expect([container.terminationMessagePath, container.terminationMessagePolicy]).toEqual(['/dev/termination-log', 'File']);
  });

  test('mount whole volumes: a subPath is not refreshed', () => {
    for (const mount of containers.flatMap((container) => container.volumeMounts)) expect(mount).not.toHaveProperty('subPath');
  });

  test('know secrets by reference only', () => {
    const secretish = containers.flatMap((container) => container.env).filter((variable) => /KEY|TOKEN|SECRET|PASSWORD/.test(variable.name));
    for (const variable of secretish) expect(variable.value).toBeUndefined();
    const ofContainer = ['Secret churn-storage/AWS_ACCESS_KEY_ID', 'Secret churn-storage/AWS_SECRET_ACCESS_KEY', 'Secret churn-storage/AWS_SESSION_TOKEN if there'];
    expect(secretish.map(({ valueFrom }) => sourceOf(valueFrom))).toEqual(containers.flatMap(() => ofContainer));
  });
});


function journaling(journal: SpecText['journal']) {
  return environment(podSpec(servingDeployment(subject({ ...withStore, journal }), settings, identity('a'))).containers[0]);
}

describe('what each process is told', () => {
  const base = { CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'telco-churn', CHURNOPS_LOG_LEVEL: 'info' };
  const store = { CHURNOPS_REPOSITORY: REPOSITORY, CHURNOPS_STORE_ENDPOINT: 'http://s3:7070', CHURNOPS_STORE_REGION: 'us-east-1' };
  const { digest, hash } = identity('a');
  const packageOf = { CHURNOPS_VERSION: 'a', CHURNOPS_PACKAGE_DIGEST: digest };

  test('pull: store and digest', () => {
    const spec = podSpec(servingDeployment(subject(), settings, identity('a')));
    expect(environment(spec.initContainers[0])).toEqual({ ...base, ...store, ...keys('churn-storage'), ...packageOf });
  });

  const served = { ...base, ...packageOf, CHURNOPS_CANDIDATE_HASH: hash, ...store, ...keys('churn-storage'), CHURNOPS_POD: 'metadata.name' };

  test('serve: the store that its package came from, for journal and labels', () => {
    const spec = podSpec(servingDeployment(subject({ ...withStore, serving: { decisionThreshold: 0.42 } }), settings, identity('a')));
    expect(environment(spec.containers[0])).toEqual({ ...served, CHURNOPS_DECISION_THRESHOLD: '0.42' });
  });

  test('serve: what is kept of predictions', () => {
    expect(journaling({ samplePercent: 12.5, features: false, redact: ['phone', 'a "b"'] })).toEqual({ ...served, CHURNOPS_JOURNAL_SAMPLE_PERCENT: '12.5', CHURNOPS_JOURNAL_FEATURES: 'false', CHURNOPS_JOURNAL_REDACT: '["phone","a \\"b\\""]' });
    expect(ServeEnvironment.parse({ ...journaling({ redact: ['phone', 'a "b"'] }), CHURNOPS_POD: 'pod-1' })).toMatchObject({ CHURNOPS_JOURNAL_SAMPLE_PERCENT: 100, CHURNOPS_JOURNAL_FEATURES: true, CHURNOPS_JOURNAL_REDACT: ['phone', 'a "b"'] });
  });

  test('serve: a volume of its own for segments, and the Secrets about labels as folders that need not be there', () => {
    const { volumes, containers } = podSpec(servingDeployment(subject(), settings, identity('a')));
    expect(volumes).toContainEqual({ name: 'journal', emptyDir: { sizeLimit: '384Mi' } });
    expect(volumes).toContainEqual({ name: 'feedback', secret: { secretName: 'telco-churn-feedback', optional: true } });
    expect(volumes).toContainEqual({ name: 'prediction-keys', secret: { secretName: 'telco-churn-prediction-keys', optional: true } });
    expect(containers[0]?.volumeMounts).toEqual(expect.arrayContaining([
      { name: 'journal', mountPath: '/var/lib/churnops/journal' },
      { name: 'feedback', mountPath: '/etc/churnops/feedback', readOnly: true },
      { name: 'prediction-keys', mountPath: '/etc/churnops/prediction-keys', readOnly: true },
    ]));
    // The server's own limit is below that of the volume, so that the kubelet never evicts a pod for it.
    expect(JOURNAL_LIMITS.totalBytes + 2 * JOURNAL_LIMITS.segmentBytes).toBeLessThan(384 * 1024 * 1024);
  });

  test('serve: the experiment, on both sides of a rollout', () => {
    const spec = podSpec(servingDeployment(subject({ ...withStore, experiment: { name: 'q4', controlPercent: 2.5 } }), settings, identity('a')));
    expect(environment(spec.containers[0])).toEqual({ ...served, CHURNOPS_EXPERIMENT_NAME: 'q4', CHURNOPS_EXPERIMENT_CONTROL_PERCENT: '2.5' });
    expect(environment(spec.initContainers[0])).not.toHaveProperty('CHURNOPS_EXPERIMENT_NAME');
  });

  test('inspect: gate, stable and permission', () => {
    const of = subject({ ...withStore, rollout: { offline: { minAUC: 0.8 } } }, { annotations: { 'churnops.dev/allow-schema-change': 'abcd1234' } });
    const spec = podSpec(inspectJob(of, settings, INSPECTION, stable('a')));
    expect(environment(spec.containers[0])).toEqual({
      ...base,
      ...store,
      ...keys('churn-storage'),
      CHURNOPS_VERSION: 'b',
      CHURNOPS_OFFLINE_MIN_AUC: '0.8',
      CHURNOPS_STABLE_REPOSITORY: REPOSITORY,
      CHURNOPS_STABLE_VERSION: 'a',
      CHURNOPS_STABLE_DIGEST: digest,
      CHURNOPS_ALLOW_SCHEMA_CHANGE: 'abcd1234',
    });
  });

  test.each([
    { name: 'named by none', serving: {}, resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2Gi' } } },
    { name: 'of the model: a namespace may bound them, and a large forest needs more', serving: { resources: { requests: { cpu: '250m' }, limits: { memory: '3Gi' } } }, resources: { requests: { cpu: '100m' }, limits: { memory: '3Gi' } } },
    { name: 'with cores that one look does not wait for', serving: { resources: { requests: { cpu: 16, memory: '1Gi' }, limits: { cpu: '16' } } }, resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '16' } } },
    { name: 'with less than that at most', serving: { resources: { limits: { cpu: '50m' } } }, resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { cpu: '50m', memory: '2Gi' } } },
    { name: 'with cards that it does not need', serving: { resources: { limits: { 'example.com/gpu': 1 } } }, resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2Gi' } } },
  ])('inspect: resources $name', ({ serving, resources }) => expect(podSpec(inspectJob(subject({ serving }), settings, INSPECTION, undefined)).containers[0]?.resources).toEqual(resources));

  test('inspect: stable of another repository is compared too', () => {
    const spec = podSpec(inspectJob(subject({}), settings, INSPECTION, stable('a', { repository: 's3://other/x' })));
    expect(environment(spec.containers[0])).toMatchObject({ CHURNOPS_REPOSITORY: REPOSITORY, CHURNOPS_STABLE_REPOSITORY: 's3://other/x', CHURNOPS_STABLE_VERSION: 'a' });
  });

  test.each<{ name: string; evaluation: object; keys: object; account: string }>([
    { name: 'empty evaluation credentials are serving\'s', evaluation: {}, keys: keys('churn-storage'), account: 'telco-churn' },
    { name: 'own evaluation credentials', evaluation: { secretRef: { name: 'evaluator' } }, keys: keys('evaluator'), account: 'telco-churn' },
    { name: 'an account that the cloud maps', evaluation: { serviceAccountName: 'evaluator' }, keys: {}, account: 'evaluator' },
  ])('inspect: $name', ({ evaluation, keys: expected, account }) => {
    const of = subject({ storage: { credentials: { serving: { secretRef: { name: 'churn-storage' } }, evaluation } } });
    const spec = podSpec(inspectJob(of, settings, INSPECTION, undefined));
    expect(environment(spec.containers[0])).toEqual({ ...base, CHURNOPS_REPOSITORY: REPOSITORY, ...expected, CHURNOPS_VERSION: 'b' });
    expect(spec.serviceAccountName).toBe(account);
  });
});

describe('the Deployment of a version', () => {
  const { spec } = z.looseObject({ spec: z.looseObject({ selector: z.unknown(), strategy: z.unknown(), template: Template }) }).parse(servingDeployment(subject(), settings, identity('a')));
  const selector = { 'churnops.dev/model': 'telco-churn', 'churnops.dev/hash': identity('a').hash.slice(0, 8) };

  test('leaves its size to the scale subresource', () => expect(spec).not.toHaveProperty('replicas'));
  test('selects by model and hash', () => expect(spec.selector).toEqual({ matchLabels: selector }));
  test('rolls without falling below its size', () => expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }));
  test('has pods that its selector finds', () => expect(spec.template.metadata.labels).toMatchObject(selector));

  test('two versions have nothing in common but the model', () => {
    const names = ['a', 'b'].map((version) => servingDeployment(subject(), settings, identity(version)).metadata.name);
    expect(names).toEqual([`telco-churn-${identity('a').hash.slice(0, 8)}`, `telco-churn-${identity('b').hash.slice(0, 8)}`]);
  });

  test('gives pods time to drain: 5 s of answering and 20 s for calls in flight fit', () => {
    expect(z.object({ terminationGracePeriodSeconds: z.number() }).parse(spec.template.spec).terminationGracePeriodSeconds).toBeGreaterThan(25);
  });

  test('scheduling is the people\'s; spreading selects the version\'s own pods', () => {
    const scheduling = { nodeSelector: { pool: 'serving' }, tolerations: [{ key: 'spot', operator: 'Exists' as const }], topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' as const }], priorityClassName: 'high' };
    expect(podSpec(servingDeployment(subject({ serving: { scheduling } }), settings, identity('a')))).toMatchObject({
      nodeSelector: scheduling.nodeSelector,
      tolerations: scheduling.tolerations,
      priorityClassName: 'high',
      topologySpreadConstraints: [{ ...scheduling.topologySpreadConstraints[0], labelSelector: { matchLabels: selector } }],
    });
    expect(podSpec(servingDeployment(subject({ serving: { scheduling: { priorityClassName: '' } } }), settings, identity('a')))).not.toHaveProperty('priorityClassName');
  });
});

describe('the autoscaler', () => {
  const { metadata, spec } = z.looseObject({ metadata: z.unknown(), spec: z.unknown() }).parse(autoscaler(subject(), { target: '0a1b2c3d', minReplicas: 2, maxReplicas: 6, targetCPUPercent: 70 }));
  test('is one per model: its name stays when its target changes', () => expect(metadata).toMatchObject({ name: 'telco-churn' }));
  test('sizes a version by the CPU of its own container', () =>
    expect(spec).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'telco-churn-0a1b2c3d' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'serve', target: { type: 'Utilization', averageUtilization: 70 } } }],
    }));
  test('of a container that there is', () => expect(podSpec(servingDeployment(subject(), settings, identity('a'))).containers.map(({ name }) => name)).toEqual(['serve']));
});

const onVolume = (scheduling: object): Subject => subject({ model: { repository: 'file:///models/telco-churn', version: 'a' }, storage: { volumeClaim: { claimName: 'models' } }, serving: { replicas: 2, scheduling } });

describe('disruption budgets', () => {
  const Budget = z.looseObject({ spec: z.looseObject({ selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }) }) });
  const budget = (version: string) => Budget.parse(only(disruptionBudgets(subject(), identity(version).hash))).spec;
  test('let one pod go at a time, and those that are not ready always', () => expect(budget('a')).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' }));
  test('are not there where all pods must be on one node: the last of them could never be evicted', () => expect(disruptionBudgets(onVolume({}), identity('a').hash)).toEqual([]));
  test('are there where a volume may be mounted on many nodes', () => expect(disruptionBudgets(onVolume({ affinity: {} }), identity('a').hash)).toHaveLength(1));
  test('cover every pod once: two budgets over one pod would let nobody evict it', () => {
    const selectors = ['a', 'b'].map((version) => Object.entries(budget(version).selector.matchLabels));
    for (const version of ['a', 'b']) {
      const { labels } = Workload.parse(servingDeployment(subject(), settings, identity(version))).spec.template.metadata;
      expect(selectors.filter((selector) => selector.every(([key, value]) => labels[key] === value))).toHaveLength(1);
    }
    const { labels } = Workload.parse(inspectJob(subject(), settings, INSPECTION, undefined)).spec.template.metadata;
    expect(selectors.filter((selector) => selector.every(([key, value]) => labels[key] === value))).toEqual([]);
  });
});

describe('the Service', () => {
  const Selector = z.looseObject({ spec: z.looseObject({ selector: z.record(z.string(), z.string()) }) });
  test.each<{ name: string; selected: Parameters<typeof stableService>[1]; hash: string }>([
    { name: 'the stable version', selected: identity('a').hash.slice(0, 8), hash: identity('a').hash.slice(0, 8) },
    { name: 'nobody', selected: undefined, hash: 'none' },
  ])('selects $name, by model and hash only', ({ selected, hash }) => {
    expect(Selector.parse(stableService(subject(), selected)).spec.selector).toEqual({ 'churnops.dev/model': 'telco-churn', 'churnops.dev/hash': hash });
  });
});

/** Everything in an object that labels something, or selects by labels. */
function labelsIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => (['labels', 'matchLabels', 'selector', 'matchExpressions'].includes(key) ? [inner] : labelsIn(inner)));
}

describe.each(kinds)('a $name', ({ build }) => {
  test('belongs to the model, and role is never a label', () => {
    const { metadata, ...rest } = build(subject());
    const labels = labelsIn([metadata, rest]);
    expect(labels.length).toBeGreaterThan(0);
    expect(metadata.ownerReferences).toEqual([{ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: 'telco-churn', uid: 'uid-1', controller: true, blockOwnerDeletion: true }]);
    expect(metadata.namespace).toBe('retention');
    expect(JSON.stringify(labels)).not.toMatch(/role|candidate|stable/i);
  });

  test('is the same every time', () => expect(build(subject())).toEqual(build(subject())));

  test('has a name that Kubernetes takes, for the longest model name too', () => {
    for (const name of ['a', 'telco-churn', 'm'.repeat(40)]) {
      const { metadata } = build(subject(withStore, { name }));
      expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
      for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/);
    }
  });
});

test('every try of every inspection has a name of its own, and the same after a crash', () => {
  const tries = fc.record({ key: fc.constantFrom('k', 'l'), attempt: fc.integer({ min: 1, max: 1000 }), startedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }) });
  fc.assert(fc.property(tries, tries, (one, other) => {
    const name = inspectJobName({ name: 'm'.repeat(40) }, one);
    expect(name.length).toBeLessThanOrEqual(63);
    expect(inspectJobName({ name: 'm'.repeat(40) }, { ...one })).toBe(name);
    return JSON.stringify(one) === JSON.stringify(other) || inspectJobName({ name: 'm'.repeat(40) }, other) !== name;
  }));
});

describe('what pods share with the cluster they run in', () => {
  const scheduling = { nodeSelector: { pool: 'models' }, tolerations: [{ key: 'models', operator: 'Exists' as const }], priorityClassName: 'high' };
  test.each(workloads)('$name: placement and pull secrets', ({ build }) => {
    const spec = z.looseObject({}).parse(podSpec(build(subject({ ...withStore, serving: { scheduling } }))));
    expect(spec).toMatchObject({ ...scheduling, imagePullSecrets: [{ name: 'registry' }] });
  });
});

describe('resources of a serving pod', () => {
  const defaults = { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } };
  test.each<{ name: string; resources: NonNullable<NonNullable<SpecText['serving']>['resources']>; expected: unknown }>([
    { name: 'nothing said', resources: {}, expected: defaults },
    { name: 'cpu said', resources: { requests: { cpu: '2' } }, expected: { ...defaults, requests: { cpu: '2', memory: '256Mi' } } },
    { name: 'a small memory limit is not contradicted by a request', resources: { limits: { memory: '128Mi' } }, expected: { requests: { cpu: '100m' }, limits: { memory: '128Mi' } } },
  ])('$name', ({ resources, expected }) => {
    const [container] = podSpec(servingDeployment(subject({ ...withStore, serving: { resources } }), settings, identity('a'))).containers;
    expect(z.looseObject({ resources: z.unknown() }).parse(container).resources).toEqual(expected);
  });
});

describe('the ServiceAccount of the model', () => {
  test.each<{ name: string; credentials: object; expected: readonly string[] }>([
    { name: 'is there for pods without an account', credentials: {}, expected: ['telco-churn'] },
    { name: 'is not there when every pod has one', credentials: { serving: { serviceAccountName: 'reader' } }, expected: [] },
    { name: 'is left to the user who names one like it', credentials: { serving: { secretRef: { name: 's' } }, evaluation: { serviceAccountName: 'telco-churn' } }, expected: [] },
  ])('$name', ({ credentials, expected }) => expect(serviceAccounts(subject({ storage: { credentials } })).map((account) => account.metadata.name)).toEqual(expected));
});
