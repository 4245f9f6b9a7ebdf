import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ChurnModelSpec } from '../../../contracts/churn-model/spec.ts';
import { servingDeployment } from '../../../operator/resources/serving-deployment.ts';
import { childSettings, leaseTiming, OperatorEnvironment } from '../../../operator/settings.ts';
import { parseEnvironment } from '../../../platform/configuration/environment.ts';
import { identity } from './rollout/builders.ts';

const needed = { CHURNOPS_SERVER_IMAGE: 'server:1' };
const parse = (given: Readonly<Record<string, string>>) => parseEnvironment(OperatorEnvironment, { ...needed, ...given });

test('defaults: all namespaces, elected by the default lease', () => {
  const environment = parse({});
  expect(environment).toMatchObject({ CHURNOPS_WATCH_NAMESPACES: [], CHURNOPS_LEADER_ELECTION: true, CHURNOPS_LEASE_NAME: 'churnops-operator' });
  expect(environment.CHURNOPS_OPERATOR_CLASS).toBeUndefined();
  expect(leaseTiming(environment)).toEqual({ leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 });
});

test('namespaces: spaces, empty items and repetitions do not count', () => {
  expect(parse({ CHURNOPS_WATCH_NAMESPACES: ' retention, sales,,retention ' }).CHURNOPS_WATCH_NAMESPACES).toEqual(['retention', 'sales']);
});

test('seconds with or without their unit', () => {
  expect(leaseTiming(parse({ CHURNOPS_LEASE_DURATION: '30s', CHURNOPS_RENEW_DEADLINE: '20' }))).toMatchObject({ leaseDurationMs: 30_000, renewDeadlineMs: 20_000 });
});

test('without election its timing is not looked at', () => {
  expect(parse({ CHURNOPS_LEADER_ELECTION: 'false', CHURNOPS_LEASE_DURATION: '1' }).CHURNOPS_LEADER_ELECTION).toBe(false);
});

test('who reads port 9090 of serving pods: the operator, as the chart labels it, and monitoring', () => {
  expect(childSettings(parse({ POD_NAMESPACE: 'churnops' })).network).toEqual({
    policies: true,
    operator: { namespace: 'churnops', podLabels: { 'app.kubernetes.io/name': 'churnops', 'app.kubernetes.io/component': 'operator' } },
    monitoringNamespaces: [],
  });
  expect(childSettings(parse({ CHURNOPS_NETWORK_POLICIES: 'false', CHURNOPS_OPERATOR_POD_LABELS: 'app=op,tier=', CHURNOPS_MONITORING_NAMESPACES: 'monitoring' })).network).toEqual({
    policies: false,
    operator: { namespace: 'default', podLabels: { app: 'op', tier: '' } },
    monitoringNamespaces: ['monitoring'],
  });
});

describe('which settings roll every model', () => {
  const subject = { name: 'telco-churn', namespace: 'retention', uid: 'uid', annotations: {}, spec: ChurnModelSpec.parse({ model: { repository: 's3://churn/models', version: 'a' } }) };
  const deploymentWith = (given: Readonly<Record<string, string>>): unknown => servingDeployment(subject, childSettings(parse(given)), identity('a'));
  // Another valid value of each variable; docs/operator.md and values.yaml name those that roll.
  const others = {
    POD_NAME: 'operator-2',
    POD_NAMESPACE: 'elsewhere',
    CHURNOPS_SERVER_IMAGE: 'server:2',
    CHURNOPS_SERVER_IMAGE_PULL_POLICY: 'Always',
    CHURNOPS_IMAGE_PULL_SECRETS: 'mirror',
    CHURNOPS_NETWORK_POLICIES: 'false',
    CHURNOPS_OPERATOR_POD_LABELS: 'app=op',
    CHURNOPS_MONITORING_NAMESPACES: 'monitoring',
    CHURNOPS_LOG_LEVEL: 'debug',
    CHURNOPS_MODEL_LOG_LEVEL: 'debug',
    CHURNOPS_KUBECONFIG: '/etc/kubeconfig',
    CHURNOPS_CONTROL_PORT: '9091',
    CHURNOPS_WORKERS: '8',
    CHURNOPS_WATCH_NAMESPACES: 'retention',
    CHURNOPS_OPERATOR_CLASS: 'mine',
    CHURNOPS_LEADER_ELECTION: 'false',
    CHURNOPS_LEASE_NAME: 'mine',
    CHURNOPS_LEASE_DURATION: '30',
    CHURNOPS_RENEW_DEADLINE: '9',
    CHURNOPS_RETRY_PERIOD: '3',
  } as const satisfies Record<keyof OperatorEnvironment, string>;

  test('the image, how it is pulled, and the log level of models; none other', () => {
    const rolls = Object.entries(others).filter(([name, value]) => !isDeepStrictEqual(deploymentWith({ [name]: value }), deploymentWith({})));
    expect(rolls.map(([name]) => name)).toEqual(['CHURNOPS_SERVER_IMAGE', 'CHURNOPS_SERVER_IMAGE_PULL_POLICY', 'CHURNOPS_IMAGE_PULL_SECRETS', 'CHURNOPS_MODEL_LOG_LEVEL']);
  });
});

describe('what is refused, by name', () => {
  test.each<{ name: string; given: Readonly<Record<string, string>>; message: string }>([
    { name: 'no namespace', given: { CHURNOPS_WATCH_NAMESPACES: 'a,B c' }, message: 'CHURNOPS_WATCH_NAMESPACES: must be names of namespaces, separated by commas' },
    { name: 'a word that is neither true nor false', given: { CHURNOPS_LEADER_ELECTION: 'yes' }, message: 'CHURNOPS_LEADER_ELECTION: ' },
    { name: 'a lease shorter than the deadline, which is a default', given: { CHURNOPS_LEASE_DURATION: '10' }, message: 'CHURNOPS_LEASE_DURATION: must be at least 2 s longer than the renew deadline (10 s)' },
    { name: 'a deadline that leaves no second try; the lease itself was not set', given: { CHURNOPS_RETRY_PERIOD: '5' }, message: 'CHURNOPS_RENEW_DEADLINE: must be longer than 11 s' },
    { name: 'half a second', given: { CHURNOPS_RETRY_PERIOD: '0.5' }, message: 'CHURNOPS_RETRY_PERIOD: must be whole seconds' },
    { name: 'labels that are none', given: { CHURNOPS_OPERATOR_POD_LABELS: 'operator' }, message: 'CHURNOPS_OPERATOR_POD_LABELS: must be labels such as app=operator' },
    { name: 'a class that is no label', given: { CHURNOPS_OPERATOR_CLASS: 'Mine!' }, message: 'CHURNOPS_OPERATOR_CLASS: must be lower case letters' },
  ])('$name', ({ given, message }) => {
    expect(() => parse(given)).toThrow(message);
  });
});
