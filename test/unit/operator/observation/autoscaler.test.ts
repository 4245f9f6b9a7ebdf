import { describe, expect, test } from '@jest/globals';
import { observeAutoscaler } from '../../../../operator/observation/autoscaler.ts';
import type { LiveAutoscaler } from '../../../../operator/rollout/facts.ts';
import { autoscaler } from './objects.ts';

const subject = { name: 'telco-churn' };
const able = { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const active = { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: 'the HPA was able to successfully calculate a replica count' };
const noFigures = { type: 'ScalingActive', status: 'False', reason: 'FailedGetContainerResourceMetric', message: 'the server could not find the requested resource (get pods.metrics.k8s.io)' };
const limited = (reason: string) => ({ type: 'ScalingLimited', status: 'True', reason, message: 'limited' });

describe('what an autoscaler says of itself', () => {
  test.each<{ name: string; conditions: readonly object[] | undefined; expected: LiveAutoscaler['scaling'] }>([
    { name: 'nothing yet', conditions: undefined, expected: { status: 'Unknown', reason: 'AutoscalerNotHeard', message: 'it has not looked yet' } },
    { name: 'it works', conditions: [able, active], expected: { status: 'True', reason: 'Scaling', message: 'it sizes the stable version' } },
    { name: 'it rests at its smallest size', conditions: [able, active, limited('TooFewReplicas')], expected: { status: 'True', reason: 'Scaling', message: 'it sizes the stable version' } },
    { name: 'it would go beyond its largest', conditions: [able, active, limited('TooManyReplicas')], expected: { status: 'True', reason: 'AtMaximum', message: 'it would scale beyond maxReplicas' } },
    { name: 'no metrics-server', conditions: [able, noFigures], expected: { status: 'False', reason: noFigures.reason, message: noFigures.message } },
    { name: 'it may not scale', conditions: [{ ...able, status: 'False', reason: 'FailedGetScale', message: 'forbidden' }, active], expected: { status: 'False', reason: 'FailedGetScale', message: 'forbidden' } },
  ])('$name', ({ conditions, expected }) => expect(observeAutoscaler(subject, [autoscaler('0a1b2c3d', conditions)])?.scaling).toEqual(expected));
});

describe('what it sizes', () => {
  test.each<{ name: string; target: { kind: string; name: string }; expected: string | undefined }>([
    { name: 'a version', target: { kind: 'Deployment', name: 'telco-churn-0a1b2c3d' }, expected: '0a1b2c3d' },
    { name: 'a Deployment of another name', target: { kind: 'Deployment', name: 'churn-0a1b2c3d' }, expected: undefined },
    { name: 'no hash', target: { kind: 'Deployment', name: 'telco-churn-canaries' }, expected: undefined },
    { name: 'another kind', target: { kind: 'StatefulSet', name: 'telco-churn-0a1b2c3d' }, expected: undefined },
  ])('$name', ({ target, expected }) => {
    const live = autoscaler('0a1b2c3d');
    expect(observeAutoscaler(subject, [{ ...live, spec: { ...live.spec, scaleTargetRef: target } }])?.target).toBe(expected);
  });
  test('one of another name is not the model\'s', () => expect(observeAutoscaler({ name: 'other' }, [autoscaler('0a1b2c3d')])).toBeUndefined());
});
