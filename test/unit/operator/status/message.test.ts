import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Facts, VersionPods } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type Candidate } from '../../../../operator/rollout/state.ts';
import { messageOf } from '../../../../operator/status/message.ts';
import { besides, deployed, facts, failingPods, GATE, identity, MINUTE_MS, NOW_MS, podsOf, READY_PODS, stable, wanted } from '../rollout/builders.ts';

const canary = { exposure: { mode: 'Canary' as const, weight: 5, step: 1, stepStartedAtMs: NOW_MS } };
const NONE_READY: VersionPods = { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined };
const failing: VersionPods = { ...failingPods({ message: '3 of 500 rows differ.' }), ready: 0, readyUpToDate: 0 };
const held: VersionPods = { ...failing, problem: { code: 'Unschedulable', message: 'no node fits.', outside: true } };

type Row = Readonly<{ name: string; candidate: Candidate; pods: VersionPods; want?: Partial<Facts['wanted']>; expected: string }>;

describe('what a person reads of a candidate whose pods are not there', () => {
  test.each<Row>([
    { name: 'beside stable, for the first time', candidate: deployed('b'), pods: NONE_READY, expected: 'Starting pods of b; requests are mirrored to it when all are ready. a serves.' },
    { name: 'in a canary, for the first time', candidate: deployed('b', canary), pods: NONE_READY, expected: 'Starting pods of b; its share of callers moves to it when all are ready. a serves.' },
    { name: 'without a gate', candidate: deployed('b'), pods: NONE_READY, want: { gate: undefined }, expected: 'Starting pods of b; callers move when all are ready. a serves.' },
    { name: 'lost just now', candidate: besides('b'), pods: NONE_READY, expected: 'No pod of b is ready any more; requests are mirrored to it again when they are. If none is ready by 2026-11-21T07:10:00Z, it is rejected. a serves.' },
    { name: 'lost for a while, in a canary', candidate: besides('b', { ...canary, downSinceMs: NOW_MS - MINUTE_MS }), pods: NONE_READY, expected: 'No pod of b is ready any more; its share of callers moves to it again when they are. If none is ready by 2026-11-21T07:09:00Z, it is rejected. a serves.' },
    { name: 'lost by its own fault', candidate: besides('b'), pods: failing, expected: 'Pods of b do not become ready. GoldenMismatch: 3 of 500 rows differ. If none is ready by 2026-11-21T07:10:00Z, it is rejected. a serves.' },
    { name: 'lost by a fault of the outside: no deadline', candidate: besides('b'), pods: held, expected: 'Pods of b do not become ready. Unschedulable: no node fits. a serves.' },
    { name: 'not asked for, beside stable', candidate: deployed('b'), pods: NONE_READY, want: { replicas: 0 }, expected: 'spec.serving.replicas is 0: when it is raised, b starts, and requests are mirrored to it. a serves.' },
    { name: 'not asked for, without a gate', candidate: deployed('b'), pods: NONE_READY, want: { replicas: 0, gate: undefined }, expected: 'spec.serving.replicas is 0: when it is raised, b starts, and callers move. a serves.' },
  ])('$name', ({ candidate, pods, want = {}, expected }) => {
    const stablePods = want.replicas === 0 ? { ...NONE_READY, requested: 0 } : READY_PODS;
    const given = facts({ wanted: wanted('b', { gate: GATE, ...want }), state: { ...INITIAL_STATE, stable: stable('a'), candidate }, selected: identity('a').hash.slice(0, 8), pods: podsOf({ a: stablePods, b: pods }) });
    expect(messageOf(decide(given))).toBe(expected);
  });
});
