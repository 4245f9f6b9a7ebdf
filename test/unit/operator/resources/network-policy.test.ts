import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { inspectJob } from '../../../../operator/resources/inspect-job.ts';
import { networkPolicies } from '../../../../operator/resources/network-policy.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import { retentionCronJobs } from '../../../../operator/resources/retention-cron-job.ts';
import type { Settings } from '../../../../operator/resources/settings.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { identity, NOW_MS, REPOSITORY } from '../rollout/builders.ts';
import { admits, Policy, type Peer } from './policy-evaluator.ts';
import { operatorSettings } from './operator-settings.ts';

const subject: Subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } }), annotations: {} };
const OPERATOR_LABELS = { 'app.kubernetes.io/name': 'churnops', 'app.kubernetes.io/component': 'operator' };
const settings = operatorSettings({ network: { policies: true, operator: { namespace: 'churnops', podLabels: OPERATOR_LABELS }, monitoringNamespaces: ['monitoring', 'observability'] } });
const Template = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) }) }) });
const podOf = (workload: object): Peer => ({ namespace: 'retention', labels: Template.parse(workload).spec.template.metadata.labels });
const podOfJob = (cronJob: unknown): Peer => podOf(z.looseObject({ spec: z.looseObject({ jobTemplate: z.looseObject({}) }) }).parse(cronJob).spec.jobTemplate);

const PODS = {
  stable: podOf(servingDeployment(subject, settings, identity('a'))),
  candidate: podOf(servingDeployment(subject, settings, identity('b'))),
  inspection: podOf(inspectJob(subject, settings, { key: 'k', attempt: 1, repository: REPOSITORY, requested: 'a', startedAtMs: NOW_MS, known: [], poll: false }, undefined)),
  retention: podOfJob(retentionCronJobs({ ...subject, spec: { ...subject.spec, retention: { raw: '720h' } } }, settings, { candidate: undefined })[0]),
  anotherModels: podOf(servingDeployment({ ...subject, name: 'term-deposit' }, settings, identity('a'))),
} as const;

const CALLERS = {
  operator: { namespace: 'churnops', labels: { ...OPERATOR_LABELS, 'pod-template-hash': 'x' } },
  prometheus: { namespace: 'observability', labels: { app: 'prometheus' } },
  'an application': { namespace: 'shop', labels: { app: 'shop' } },
  'an application beside the model': { namespace: 'retention', labels: {} },
  'one that bears the operator\'s labels elsewhere': { namespace: 'shop', labels: OPERATOR_LABELS },
  'the store beside the operator': { namespace: 'churnops', labels: { ...OPERATOR_LABELS, 'app.kubernetes.io/component': 's3' } },
  stable: PODS.stable,
  'outside the cluster': undefined,
} as const satisfies Record<string, Peer | undefined>;
const NOBODY = Object.fromEntries(Object.keys(CALLERS).map((caller) => [caller, false]));
const EVERYBODY = Object.fromEntries(Object.keys(CALLERS).map((caller) => [caller, true]));

const reach = (given: Settings, pod: Peer, port: number) => {
  const policies = networkPolicies(subject, given).map((policy) => Policy.parse(policy));
  return Object.fromEntries(Object.entries(CALLERS).map(([name, caller]) => [name, admits(policies, pod, port, caller)]));
};

describe('who reaches what', () => {
  test.each<{ pod: keyof typeof PODS; port: number; expected: object }>([
    { pod: 'stable', port: 8080, expected: EVERYBODY },
    { pod: 'candidate', port: 8080, expected: EVERYBODY },
    { pod: 'stable', port: 9090, expected: { ...NOBODY, operator: true, prometheus: true } },
    { pod: 'candidate', port: 9090, expected: { ...NOBODY, operator: true, prometheus: true } },
    { pod: 'stable', port: 22, expected: NOBODY },
    { pod: 'inspection', port: 8080, expected: NOBODY },
    { pod: 'inspection', port: 9090, expected: NOBODY },
    { pod: 'retention', port: 9090, expected: NOBODY },
    // No policy of this model speaks of them.
    { pod: 'anotherModels', port: 9090, expected: EVERYBODY },
  ])('port $port of $pod', ({ pod, port, expected }) => expect(reach(settings, PODS[pod], port)).toEqual(expected));

  test('without monitoring only the operator reads port 9090', () => {
    const alone = { ...settings, network: { ...settings.network, monitoringNamespaces: [] } };
    expect(reach(alone, PODS.stable, 9090)).toEqual({ ...NOBODY, operator: true });
  });

  test('where policies are made elsewhere there is none', () => {
    expect(networkPolicies(subject, { ...settings, network: { ...settings.network, policies: false } })).toEqual([]);
  });

  test('nobody is kept from connecting outwards: a store may be anywhere', () => {
    for (const policy of networkPolicies(subject, settings)) expect(Policy.parse(policy).spec.policyTypes).toEqual(['Ingress']);
  });

  test('the order of namespaces in the settings writes nothing', () => {
    const turned = { ...settings, network: { ...settings.network, monitoringNamespaces: ['observability', 'monitoring'] } };
    expect(networkPolicies(subject, turned)).toEqual(networkPolicies(subject, settings));
  });
});
