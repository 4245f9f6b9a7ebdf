import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { EvaluateEnvironment } from '../../../../contracts/pod-environment.ts';
import { candidateAddress } from '../../../../operator/resources/candidate-service.ts';
import { evaluateJob, evaluateJobName } from '../../../../operator/resources/evaluate-job.ts';
import { finding, identity, REPOSITORY } from '../rollout/builders.ts';
import { environment, EVALUATION, gated, keys, podSpec, settings, subject, withStore, type SpecText } from './pod-spec.ts';

const base = { CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'telco-churn', CHURNOPS_LOG_LEVEL: 'info' };
const store = { CHURNOPS_REPOSITORY: REPOSITORY, CHURNOPS_STORE_ENDPOINT: 'http://s3:7070', CHURNOPS_STORE_REGION: 'us-east-1' };

function asked(spec: Partial<SpecText>, over: Partial<Parameters<typeof evaluateJob>[3]> = {}) {
  const of = subject({ ...withStore, ...spec });
  const pod = podSpec(evaluateJob(of, settings, candidateAddress(of), { ...EVALUATION, ...over }));
  const { CHURNOPS_EVALUATION = '', ...rest } = environment(pod.containers[0]);
  return { rest, request: EvaluateEnvironment.parse({ ...base, ...store, CHURNOPS_EVALUATION }).CHURNOPS_EVALUATION };
}
function evaluated(version: string) {
  return { repository: REPOSITORY, version, digest: identity(version).digest, hash: identity(version).hash };
}
const gateOf = { minAUC: 0.8, confidence: 0.95, maxRegression: 0.02, minPositives: 50, minNegatives: 50 };

test('a look at live traffic, with all that decides, whether the spec says it or not', () => {
  const { rest, request } = asked({ rollout: { gate: { labels: 'Feedback' } } });
  expect(rest).toEqual({ ...base, ...store, ...keys('churn-storage') });
  expect(request).toEqual({ schemaVersion: 1, kind: 'Candidate', candidate: evaluated('b'), stable: evaluated('a'), gate: { ...gateOf, labels: 'Feedback', mode: 'Anytime' }, since: '2026-11-21T07:00:00.000Z', horizonMs: 720 * 3_600_000, population: 'All' });
});

test('what is known of labels, and of the look before', () => {
  const outcomes = { prefix: 's3://churn/outcomes/', idColumn: 'customerID', outcomeColumn: 'Churn' };
  const { request } = asked({ serving: { decisionThreshold: 0.3 }, labels: { horizon: '24h', population: 'Contacted', import: outcomes }, rollout: { gate: { labels: 'Feedback', minAUC: 0.7, mode: 'Point' } } }, { lastLook: finding() });
  expect(request).toMatchObject({ decisionThreshold: 0.3, horizonMs: 86_400_000, population: 'Contacted', import: outcomes, gate: { minAUC: 0.7, mode: 'Point' }, lastLook: { at: '2026-11-21T06:00:00.000Z', rows: 60, verdict: 'Inconclusive', reason: 'TooFewLabels' } });
});

test('room for the journal, and the keys by which ids in outcome files are known', () => {
  const { volumes, containers } = podSpec(evaluateJob({ ...subject(), spec: gated }, settings, candidateAddress(subject()), EVALUATION));
  expect(volumes).toEqual([{ name: 'scratch', emptyDir: { sizeLimit: '10Gi' } }, { name: 'prediction-keys', secret: { secretName: 'telco-churn-prediction-keys', optional: true } }]);
  expect(containers[0]?.volumeMounts).toEqual([{ name: 'scratch', mountPath: '/tmp' }, { name: 'prediction-keys', mountPath: '/etc/churnops/prediction-keys', readOnly: true }]);
});

test('a labelled set, sent to both sides by the Services that find them', () => {
  const { request } = asked({ rollout: { gate: { labels: 'Replay', replay: { dataset: 's3://churn/holdouts/labelled.csv' } } } });
  expect(request).toMatchObject({ gate: { labels: 'Replay', mode: 'LowerBound' }, replay: { dataset: 's3://churn/holdouts/labelled.csv', candidateAddress: 'telco-churn-candidate.retention.svc:8080', stableAddress: 'telco-churn.retention.svc:80' } });
  expect(request).not.toHaveProperty('since');
});

test.each([
  { name: 'as long as ten looks take', rollout: { gate: { labels: 'Feedback' as const, interval: '2m' } }, seconds: 1200 },
  { name: 'an hour at most', rollout: { gate: { labels: 'Feedback' as const } }, seconds: 3600 },
  { name: 'where looks follow each other at once: long enough for a leader that takes over', rollout: { gate: { labels: 'Feedback' as const, interval: '1s' } }, seconds: 300 },
  { name: 'Replay looks once', rollout: { gate: { labels: 'Replay' as const, interval: '1s', replay: { dataset: 's3://churn/holdouts/labelled.csv' } } }, seconds: 3600 },
])('a finished look is kept: $name', ({ rollout, seconds }) => {
  const job = evaluateJob(subject({ ...withStore, rollout }), settings, candidateAddress(subject()), EVALUATION);
  expect(job['spec']).toMatchObject({ ttlSecondsAfterFinished: seconds });
});

function nameOf({ version, ...rest }: Readonly<{ version: string; run: number; startedAtMs: number }>): string {
  return evaluateJobName({ name: 'm'.repeat(40) }, { candidate: identity(version), ...rest });
}

test('every run of every evaluation has a name of its own, and the same after a crash', () => {
  const runs = fc.record({ version: fc.constantFrom('a', 'b'), run: fc.integer({ min: 1, max: 1000 }), startedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }) });
  fc.assert(fc.property(runs, runs, (one, other) => {
    expect(nameOf(one).length).toBeLessThanOrEqual(63);
    expect(nameOf({ ...one })).toBe(nameOf(one));
    return JSON.stringify(one) === JSON.stringify(other) || nameOf(other) !== nameOf(one);
  }));
});
