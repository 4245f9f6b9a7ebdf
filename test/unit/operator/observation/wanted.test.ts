import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { Gate } from '../../../../contracts/churn-model/rollout.ts';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { wantedOf } from '../../../../operator/observation/wanted.ts';
import { INITIAL_STATE } from '../../../../operator/rollout/state.ts';
import { HOUR_MS, identity, rejected, REPOSITORY, TRAFFIC } from '../rollout/builders.ts';

type SpecText = z.input<typeof ChurnModelSpec>;
const minimal: SpecText = { model: { repository: REPOSITORY, version: 'b' } };
const hash = identity('b').hash;
const refusedOnce = { ...INITIAL_STATE, rejected: [rejected('b')] };

function want(spec: Partial<SpecText> = {}, annotations: Readonly<Record<string, string>> = {}, state = refusedOnce) {
  return wantedOf({ name: 'telco-churn', namespace: 'retention', spec: ChurnModelSpec.parse({ ...minimal, ...spec }), annotations, uid: 'uid-1' }, state);
}

test('what the shortest manifest asks for', () => {
  const { inspectionKey, ...rest } = want();
  expect(rest).toEqual({ repository: REPOSITORY, requested: 'b', replicas: 2, autoscaling: undefined, rollbackWindowMs: 24 * HOUR_MS, gate: undefined, traffic: TRAFFIC, poll: undefined });
  expect(inspectionKey).toMatch(/^[0-9a-f]{16}$/);
});

test.each<{ name: string; spec: Partial<SpecText>; replicas: number }>([
  { name: 'by number', spec: { serving: { replicas: 5 } }, replicas: 5 },
  { name: 'nobody', spec: { serving: { replicas: 0 } }, replicas: 0 },
  { name: 'smallest size of an autoscaler', spec: { serving: { autoscaling: { minReplicas: 3, maxReplicas: 9 } } }, replicas: 3 },
])('size $name', ({ spec, replicas }) => expect(want(spec).replicas).toBe(replicas));

test('the bounds of an autoscaler', () => {
  expect(want({ serving: { autoscaling: { minReplicas: 3, maxReplicas: 9 } } }).autoscaling).toEqual({ maxReplicas: 9, targetCPUPercent: 70 });
});

test.each<{ name: string; spec: Partial<SpecText>; poll: Omit<NonNullable<ReturnType<typeof want>['poll']>, 'offsetMs'> | undefined }>([
  { name: 'latest', spec: { model: { repository: REPOSITORY, version: 'latest' } }, poll: { intervalMs: HOUR_MS, whileUnderWay: false } },
  { name: 'latest, often', spec: { model: { repository: REPOSITORY, version: 'latest', pollInterval: '10s' } }, poll: { intervalMs: 10_000, whileUnderWay: false } },
  { name: 'latest, at once', spec: { model: { repository: REPOSITORY, version: 'latest' }, rollout: { supersede: 'Immediate' } }, poll: { intervalMs: HOUR_MS, whileUnderWay: true } },
  { name: 'latest, suspended', spec: { model: { repository: REPOSITORY, version: 'latest' }, rollout: { suspend: true } }, poll: undefined },
  { name: 'a pinned version', spec: { model: { repository: REPOSITORY, version: 'b', pollInterval: '10s' } }, poll: undefined },
])('looks for a newer version: $name', ({ spec, poll: expected }) => {
  const poll = want(spec).poll;
  expect(poll).toEqual(expected === undefined ? undefined : { ...expected, offsetMs: poll?.offsetMs });
});

test('a thousand models made at once take their turns all over the interval', () => {
  const spec = ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'latest' } });
  const quarters = Array.from({ length: 1000 }, (_, index) => Math.floor(((wantedOf({ name: 'telco-churn', namespace: 'retention', spec, annotations: {}, uid: `uid-${index}` }, INITIAL_STATE).poll?.offsetMs ?? Number.NaN) * 4) / HOUR_MS));
  for (const quarter of [0, 1, 2, 3]) expect(quarters.filter((each) => each === quarter).length).toBeGreaterThan(200);
});

const feedback = (gate: object = {}, rest: Partial<SpecText> = {}) => want({ rollout: { gate: { labels: 'Feedback', ...gate } }, ...rest }).gate;

test.each<{ name: string; other: ReturnType<typeof feedback>; same: boolean }>([
  { name: 'the same gate', other: feedback({ minAUC: 0.8 }), same: true },
  { name: 'how often it looks', other: feedback({ interval: '5m' }), same: true },
  { name: 'its mode, written out', other: feedback({ mode: 'Anytime' }), same: true },
  { name: 'another mode', other: feedback({ mode: 'LowerBound' }), same: false },
  { name: 'fewer leavers', other: feedback({ minPositives: 20 }), same: false },
  { name: 'an import', other: feedback({}, { labels: { import: { prefix: 's3://churn/outcomes/', idColumn: 'id', outcomeColumn: 'churn' } } }), same: false },
  { name: 'another bound', other: feedback({ minAUC: 0.81 }), same: false },
  { name: 'another horizon', other: feedback({}, { labels: { horizon: '24h' } }), same: false },
  { name: 'other people', other: feedback({}, { labels: { population: 'Contacted' } }), same: false },
])('what a verdict depends on: $name', ({ other, same }) => {
  expect(feedback()).toEqual({ key: expect.stringMatching(/^[0-9a-f]{16}$/), labels: 'Feedback', intervalMs: HOUR_MS });
  expect(other?.key === feedback()?.key).toBe(same);
});

test('a new field of the gate is named in its key on purpose, or left out on purpose: a default alone must reopen no verdict', () => {
  expect(Object.keys(Gate.shape).toSorted()).toEqual(['confidence', 'interval', 'labels', 'maxRegression', 'minAUC', 'minNegatives', 'minPositives', 'mode', 'replay']);
});

test('what a policy says of the spec', () => {
  expect(want({ rollout: { shadow: { percent: 20 }, canary: { steps: [{ weight: 5, duration: '10m' }], maxErrorPercent: 2.5 } } }).traffic).toEqual({ ...TRAFFIC, mirrorPercent: 20, maxErrorPercent: 2.5 });
});

describe('the key of an inspection', () => {
  const key = want().inspectionKey;
  test.each<{ name: string; spec?: Partial<SpecText>; annotations?: Readonly<Record<string, string>>; same: boolean }>([
    { name: 'the same manifest', same: true },
    { name: 'another size, threshold or window', spec: { serving: { replicas: 7, decisionThreshold: 0.3 }, rollout: { rollbackWindow: '1h' } }, same: true },
    { name: 'a foreign annotation', annotations: { team: 'retention' }, same: true },
    { name: 'a retry of a hash that was never rejected', annotations: { 'churnops.dev/retry': 'f'.repeat(64) }, same: true },
    { name: 'a retry too short to mean one hash', annotations: { 'churnops.dev/retry': hash.slice(0, 7) }, same: true },
    { name: 'another version', spec: { model: { repository: REPOSITORY, version: 'c' } }, same: false },
    { name: 'another repository', spec: { model: { repository: 's3://other/x', version: 'b' } }, same: false },
    { name: 'a gate', spec: { rollout: { offline: { minAUC: 0.7 } } }, same: false },
    { name: 'another store', spec: { storage: { endpoint: 'http://other:7070' } }, same: false },
    { name: 'a permission', annotations: { 'churnops.dev/allow-schema-change': hash }, same: false },
    { name: 'a retry by the whole hash', annotations: { 'churnops.dev/retry': hash }, same: false },
    { name: 'a retry by its first digits', annotations: { 'churnops.dev/retry': hash.slice(0, 8) }, same: false },
  ])('$name: same $same', ({ spec, annotations, same }) => expect(want(spec, annotations).inspectionKey === key).toBe(same));

  test('a retry of another version is none of this one', () => {
    const state = { ...INITIAL_STATE, rejected: [rejected('a')] };
    const retryOfA = { 'churnops.dev/retry': identity('a').hash };
    expect(want({}, retryOfA, state).inspectionKey).toBe(want({}, {}, state).inspectionKey);
    const latest = { model: { repository: REPOSITORY, version: 'latest' } };
    expect(want(latest, retryOfA, state).inspectionKey).not.toBe(want(latest, {}, state).inspectionKey);
  });
});
