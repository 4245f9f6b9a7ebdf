import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { autoscaler } from '../../../../operator/resources/autoscaler.ts';
import { disruptionBudgets } from '../../../../operator/resources/disruption-budget.ts';
import { networkPolicies } from '../../../../operator/resources/network-policy.ts';
import type { Desired } from '../../../../operator/resources/desired.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { firstUncovered } from '../../../../operator/runtime/coverage.ts';
import { identity, REPOSITORY } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

const subject: Subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } }), annotations: {} };
const { hash } = identity('a');
const short = hash.slice(0, 8);
const [serving, jobs] = networkPolicies(subject, operatorSettings({ network: { policies: true, operator: { namespace: 'churnops', podLabels: { app: 'operator' } }, monitoringNamespaces: ['monitoring'] } }));
const operatorPods = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'churnops' } }, podSelector: { matchLabels: { app: 'operator' } } };
const monitoring = { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['monitoring'] }] } };

/** Spec and status as a real API server (1.36) gave them back, controllers at work. */
const rows: readonly Readonly<{ name: string; desired: Desired | undefined; live: object; touched: object; path: string }>[] = [
  {
    name: 'HorizontalPodAutoscaler',
    desired: autoscaler(subject, { target: short, minReplicas: 3, maxReplicas: 5, targetCPUPercent: 50 }),
    live: {
      spec: {
        maxReplicas: 5,
        metrics: [{ containerResource: { container: 'serve', name: 'cpu', target: { averageUtilization: 50, type: 'Utilization' } }, type: 'ContainerResource' }],
        minReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `telco-churn-${short}` },
      },
      status: { currentMetrics: null, desiredReplicas: 0 },
    },
    touched: { minReplicas: 1 },
    path: '.spec.minReplicas',
  },
  {
    name: 'PodDisruptionBudget',
    desired: z.custom<Desired>((each) => each !== undefined).parse(disruptionBudgets(subject, hash)[0]),
    live: {
      spec: { maxUnavailable: 1, selector: { matchLabels: { 'churnops.dev/hash': short, 'churnops.dev/model': 'telco-churn' } }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
      status: { currentHealthy: 2, desiredHealthy: 1, disruptionsAllowed: 1, expectedPods: 2, observedGeneration: 1 },
    },
    touched: { maxUnavailable: '50%' },
    path: '.spec.maxUnavailable',
  },
  {
    name: 'NetworkPolicy of serving pods',
    desired: serving,
    live: {
      spec: {
        ingress: [{ ports: [{ port: 8080, protocol: 'TCP' }] }, { from: [operatorPods, monitoring], ports: [{ port: 9090, protocol: 'TCP' }] }],
        podSelector: { matchLabels: { 'app.kubernetes.io/component': 'serving', 'churnops.dev/model': 'telco-churn' } },
        policyTypes: ['Ingress'],
      },
    },
    // A hand opens another port.
    touched: { ingress: [{ ports: [{ port: 8080, protocol: 'TCP' }, { port: 22, protocol: 'TCP' }] }, { from: [operatorPods, monitoring], ports: [{ port: 9090, protocol: 'TCP' }] }] },
    path: '.spec.ingress[0].ports',
  },
  {
    name: 'NetworkPolicy of Jobs',
    desired: jobs,
    live: {
      spec: {
        podSelector: { matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'NotIn', values: ['serving'] }], matchLabels: { 'churnops.dev/model': 'telco-churn' } },
        policyTypes: ['Ingress'],
      },
    },
    touched: { policyTypes: ['Egress'] },
    path: '.spec.policyTypes[0]',
  },
];

test.each(rows)('$name: at rest nothing is written, and what a hand changes is seen', ({ desired, live, touched, path }) => {
  const { metadata, apiVersion, kind } = desired ?? {};
  expect(firstUncovered(desired, { apiVersion, kind, metadata, ...live })).toBeUndefined();
  const { spec } = { spec: {}, ...live };
  expect(firstUncovered(desired, { apiVersion, kind, metadata, ...live, spec: { ...spec, ...touched } })).toBe(path);
});
