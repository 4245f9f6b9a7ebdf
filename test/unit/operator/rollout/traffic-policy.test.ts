import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { candidateSize, sharedPods } from '../../../../operator/rollout/candidate-size.ts';
import type { Facts, VersionPods } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type Exposure, type PolicyRecord, type PolicyTerms, type RolloutState } from '../../../../operator/rollout/state.ts';
import { decidePolicy, decideTerms, policyOf } from '../../../../operator/rollout/traffic-policy.ts';
import { besides, facts, GATE, identity, MINUTE_MS, NOW_MS, podsOf, READY_PODS, stable, TRAFFIC, wanted } from './builders.ts';

const shadow: PolicyTerms = { mode: 'Shadow', percent: 100, stableHash: identity('a').hash, candidateHash: identity('b').hash, candidateVersion: 'b', candidateAddress: TRAFFIC.candidateAddress, maxErrorPercent: 1 };
const canary = (percent: number): PolicyTerms => ({ ...shadow, mode: 'Canary', percent });
const at = (weight: number): Exposure => ({ mode: 'Canary', weight, step: 1, stepStartedAtMs: NOW_MS });
const pods = (ready: number, requested = 4): VersionPods => ({ requested, ready, readyUpToDate: ready, outdated: 0, problem: undefined });
const written = (terms: PolicyTerms | undefined, revision = NOW_MS - MINUTE_MS): PolicyRecord => ({ revision, writtenAtMs: revision, terms });

type Row = Readonly<{ name: string; exposure?: Exposure; candidate?: VersionPods; before?: PolicyRecord; found?: string; wantedTraffic?: Partial<typeof TRAFFIC>; terms: PolicyTerms | undefined; isNew: boolean }>;

function stateOf(exposure: Exposure, policy: PolicyRecord | undefined): RolloutState {
  return { ...INITIAL_STATE, stable: stable('a'), candidate: besides('b', { exposure }), policy };
}

describe('what stable is told about the candidate beside it', () => {
  test.each<Row>([
    { name: 'ready for the first time: mirrored to', candidate: pods(4), terms: shadow, isNew: true },
    { name: 'not whole yet: nothing', candidate: pods(3), terms: undefined, isNew: false },
    { name: 'mirrored to already: as it is', candidate: pods(4), before: written(shadow), terms: shadow, isNew: false },
    { name: 'a shadow that lost a pod, or all: as it is, nobody waits for it', candidate: pods(0), before: written(shadow), terms: shadow, isNew: false },
    { name: 'a weight, and the pods for it: more', exposure: at(25), candidate: pods(4), before: written(shadow), terms: canary(25), isNew: true },
    { name: 'a larger weight before its pods are there: as before', exposure: at(50), candidate: pods(1), before: written(canary(5)), wantedTraffic: { mirrorPercent: 5 }, terms: canary(5), isNew: false },
    { name: 'a smaller weight: at once', exposure: at(5), candidate: pods(1), before: written(canary(50)), terms: canary(5), isNew: true },
    { name: 'back to Shadow: at once', candidate: pods(1), before: written(canary(50)), terms: shadow, isNew: true },
    { name: 'a canary without a ready pod: nobody is sent there', exposure: at(25), candidate: pods(0), before: written(canary(25)), terms: undefined, isNew: true },
    { name: 'and is not asked again before it is whole', exposure: at(25), candidate: pods(1), before: written(undefined), terms: undefined, isNew: false },
    { name: 'a policy for another candidate is none of this one', candidate: pods(2), before: written({ ...shadow, candidateHash: identity('c').hash }), terms: undefined, isNew: true },
    { name: 'its address leads nowhere yet, or to somebody else: nobody is told it', candidate: pods(4), found: 'nobody', terms: undefined, isNew: false },
    { name: 'likewise to another candidate', candidate: pods(4), found: identity('c').hash.slice(0, 8), terms: undefined, isNew: false },
    { name: 'and no more is asked by it', exposure: at(25), candidate: pods(4), before: written(canary(5)), found: 'nobody', terms: canary(5), isNew: false },
    { name: 'less is', exposure: at(5), candidate: pods(4), before: written(canary(25)), found: 'nobody', terms: canary(5), isNew: true },
    { name: 'the breaker of the spec', candidate: pods(4), before: written(shadow), wantedTraffic: { maxErrorPercent: 3 }, terms: { ...shadow, maxErrorPercent: 3 }, isNew: true },
  ])('$name', ({ exposure = { mode: 'Shadow' }, candidate = pods(4), before, found = identity('b').hash.slice(0, 8), wantedTraffic = {}, terms, isNew }) => {
    const given = facts({ wanted: wanted('b', { gate: GATE, traffic: { ...TRAFFIC, ...wantedTraffic } }), state: stateOf(exposure, before), found, pods: podsOf({ a: pods(4), b: candidate }) });
    const after = decidePolicy(given, given.state, true);
    expect(after?.terms).toEqual(terms);
    expect(after === before || after === undefined).toBe(!isNew);
    if (isNew) expect(after).toMatchObject({ revision: NOW_MS, writtenAtMs: NOW_MS });
  });

  test('a candidate that goes: nothing, from a newer revision on', () => {
    const given = facts({ state: { ...stateOf({ mode: 'Shadow' }, written(shadow)), candidate: undefined }, pods: podsOf({ a: READY_PODS }) });
    expect(decidePolicy(given, given.state, false)).toEqual(written(undefined, NOW_MS));
    expect(policyOf(decidePolicy(given, given.state, false))).toBeUndefined();
  });
});

describe('while pods of stable are away for a moment', () => {
  test.each([
    { name: 'one of ten is ready: one pod of the candidate is not enough for half of all callers', ready: 1, candidate: 1, percent: 5 },
    { name: 'none is: neither', ready: 0, candidate: 1, percent: 5 },
    { name: 'all are back, the candidate is not larger', ready: 10, candidate: 4, percent: 5 },
    { name: 'the candidate is large enough for all: at once', ready: 1, candidate: 5, percent: 50 },
  ])('$name', ({ ready, candidate, percent }) => {
    const decided = decideTerms({ wanted: { ...TRAFFIC, mirrorPercent: 5 }, stable: stable('a'), candidate: besides('b', { exposure: at(50) }), stablePods: pods(ready, 10), wantedStable: 10, isFound: true, pods: pods(candidate), before: canary(5) });
    expect(decided?.percent).toBe(percent);
  });

  test('a shadow does not wait for them: copies are of what the others answer', () => {
    const decided = decideTerms({ wanted: TRAFFIC, stable: stable('a'), candidate: besides('b'), stablePods: pods(3, 10), wantedStable: 10, isFound: true, pods: pods(3), before: undefined });
    expect(decided).toEqual(shadow);
  });

  test.each([
    { mode: 'Shadow' as const, expected: 3 },
    { mode: 'Canary' as const, expected: 10 },
  ])('$mode: a candidate is made for $expected of ten, three of which are ready', ({ mode, expected }) => expect(sharedPods(mode, { ready: 3, wanted: 10 })).toBe(expected));
});

test('the same policy is the same text, whoever remembered it', () => {
  const reversed: PolicyTerms = { maxErrorPercent: shadow.maxErrorPercent, candidateAddress: shadow.candidateAddress, candidateVersion: 'b', candidateHash: shadow.candidateHash, stableHash: shadow.stableHash, percent: 100, mode: 'Shadow' };
  expect(JSON.stringify(policyOf(written(reversed)))).toBe(JSON.stringify(policyOf(written(shadow))));
});

function given(over: Partial<Facts>): Facts {
  return facts({ wanted: wanted('b', { gate: GATE }), state: stateOf({ mode: 'Shadow' }, undefined), pods: podsOf({ a: pods(4), b: pods(4) }), ...over });
}

describe('revisions', () => {
  const later = NOW_MS + MINUTE_MS;
  const onPods = { schemaVersion: 1 as const, revision: later, ...shadow };
  test('a write that was cut off before it was written down is not made again', () => {
    const { state } = given({});
    expect(decidePolicy(given({ policyOnPods: onPods }), state, true)).toEqual({ revision: later, writtenAtMs: later, terms: shadow });
  });

  test('a clock that jumped back, or a status that was lost, does not turn them back', () => {
    const { state } = given({});
    expect(decidePolicy(given({ policyOnPods: { ...onPods, percent: 50 } }), state, true)?.revision).toBe(later + 1);
    expect(decidePolicy(given({}), stateOf({ mode: 'Shadow' }, written({ ...shadow, percent: 50 }, later)), true)?.revision).toBe(later + 1);
  });

  test('what was taken back is not brought back by a pod that still bears it', () => {
    const state = { ...stateOf({ mode: 'Shadow' }, written(undefined, later + 1)), candidate: undefined };
    expect(decidePolicy(given({ state, policyOnPods: onPods }), state, false)).toEqual(written(undefined, later + 1));
  });
});

describe('size of a candidate beside stable', () => {
  test.each([
    { name: 'as many as stable where all is mirrored', sharedPods: 10, wantedStable: 10, percent: 100, current: undefined, expected: 10 },
    { name: 'its share, rounded up', sharedPods: 10, wantedStable: 10, percent: 25, current: undefined, expected: 3 },
    { name: 'never nobody', sharedPods: 2, wantedStable: 2, percent: 0.1, current: undefined, expected: 1 },
    { name: 'no warm pod is lost because one of stable is away', sharedPods: 1, wantedStable: 2, percent: 100, current: 2, expected: 2 },
    { name: 'nor because all are', sharedPods: 0, wantedStable: 2, percent: 100, current: 2, expected: 2 },
    { name: 'it shrinks with what stable is meant to have', sharedPods: 4, wantedStable: 4, percent: 100, current: 9, expected: 4 },
    { name: 'it grows with pods that are ready, not before', sharedPods: 2, wantedStable: 6, percent: 100, current: 2, expected: 2 },
    { name: 'stable is scaled to zero', sharedPods: 0, wantedStable: 0, percent: 100, current: 3, expected: 0 },
  ])('$name', ({ expected, ...input }) => expect(candidateSize(input)).toBe(expected));

  const pods = fc.integer({ min: 0, max: 200 });
  test('enough for what is ready, never more than for what is meant to be, and settled at once', () => {
    fc.assert(
      fc.property(pods, pods, fc.double({ min: 0.1, max: 100, noNaN: true }), fc.option(pods, { nil: undefined }), (sharedPods, wantedStable, percent, current) => {
        const size = candidateSize({ sharedPods, wantedStable, percent, current });
        if (sharedPods > 0) expect(size).toBeGreaterThanOrEqual(Math.ceil((sharedPods * percent) / 100));
        expect(size).toBeLessThanOrEqual(Math.max(Math.ceil((Math.max(sharedPods, wantedStable) * percent) / 100), 1));
        expect(candidateSize({ sharedPods, wantedStable, percent, current: size })).toBe(size);
      }),
    );
  });
});
