import { describe, expect, test } from '@jest/globals';
import { decideBeside, DOWN_DEADLINE_MS, isBesideStable, type BesideMove } from '../../../../operator/rollout/beside.ts';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { VersionPods } from '../../../../operator/rollout/facts.ts';
import { READY_DEADLINE_MS } from '../../../../operator/rollout/promotion.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { besides, deployed, facts, failingPods, GATE, HOUR_MS, identity, MINUTE_MS, NOW_MS, podsOf, previous, READY_PODS, stable, wanted } from './builders.ts';

const gone: VersionPods = { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined };
const unreachable = failingPods({ code: 'StoreUnreachable', message: 'no answer', outside: true });
const late = (elapsedMs: number) => ({ deployedAtMs: NOW_MS - elapsedMs });

type Row = Readonly<{ name: string; candidate?: ReturnType<typeof deployed>; pods?: VersionPods; size?: number; expected: object }>;

describe('a candidate beside stable', () => {
  test.each<Row>([
    { name: 'starts', pods: gone, expected: { move: 'Wait', candidate: deployed('b'), recheckMs: READY_DEADLINE_MS - MINUTE_MS } },
    { name: 'is whole for the first time', pods: READY_PODS, expected: { move: 'ShadowStarted', candidate: deployed('b', { readyAtMs: NOW_MS }) } },
    { name: 'is held up from outside: its time stands still', pods: unreachable, expected: { move: 'Wait', candidate: { heldBy: 'StoreUnreachable', heldSinceMs: NOW_MS }, recheckMs: undefined } },
    { name: 'does not start by its own fault', candidate: deployed('b', late(READY_DEADLINE_MS)), pods: failingPods(), expected: { move: 'Reject', message: '1 of 2 pods became ready within 15 minutes: GoldenMismatch: 3 of 500 rows differ' } },
    { name: 'stays, for good', candidate: besides('b', { readyAtMs: NOW_MS - 1000 * HOUR_MS }), pods: READY_PODS, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'lost one pod of two: it stays', candidate: besides('b', late(HOUR_MS)), pods: failingPods(), expected: { move: 'Wait', candidate: { downSinceMs: undefined } } },
    { name: 'lost all of them: for ten minutes', candidate: besides('b'), pods: gone, expected: { move: 'Wait', candidate: { downSinceMs: NOW_MS }, recheckMs: DOWN_DEADLINE_MS } },
    { name: 'and no longer', candidate: besides('b', { downSinceMs: NOW_MS - DOWN_DEADLINE_MS }), pods: { ...failingPods(), ready: 0, readyUpToDate: 0 }, expected: { move: 'Reject', message: 'none of its pods was ready for 10 minutes: GoldenMismatch: 3 of 500 rows differ' } },
    { name: 'by something outside: however long', candidate: besides('b', { downSinceMs: NOW_MS - DOWN_DEADLINE_MS }), pods: { ...unreachable, ready: 0 }, expected: { move: 'Wait', candidate: { downSinceMs: undefined } } },
    { name: 'comes back', candidate: besides('b', { downSinceMs: NOW_MS - MINUTE_MS }), pods: READY_PODS, expected: { move: 'Wait', candidate: { downSinceMs: undefined } } },
    { name: 'nobody is to serve', candidate: besides('b'), pods: { ...gone, requested: 0 }, size: 0, expected: { move: 'Wait', candidate: { downSinceMs: undefined } } },
  ])('$name', ({ candidate = deployed('b'), pods = gone, size = 2, expected }) => {
    const move: BesideMove = decideBeside({ nowMs: NOW_MS, candidate, pods, size });
    expect(move).toMatchObject(expected);
  });

  test.each([
    { name: 'a gate, and a stable version', state: { stable: stable('a'), candidate: deployed('b') }, gate: GATE, expected: true },
    { name: 'no gate', state: { stable: stable('a'), candidate: deployed('b') }, gate: undefined, expected: false },
    { name: 'a first version', state: { stable: undefined, candidate: deployed('b') }, gate: GATE, expected: false },
    { name: 'the version before, which comes back within its window', state: { stable: stable('a'), candidate: deployed('b', { inspectionKey: undefined }), previous: previous('b') }, gate: GATE, expected: false },
    { name: 'the record of its inspection is missing', state: { stable: stable('a'), candidate: deployed('b', { inspectionKey: undefined }) }, gate: GATE, expected: true },
    { name: 'likewise while another version may come back', state: { stable: stable('a'), candidate: deployed('b', { inspectionKey: undefined }), previous: previous('c') }, gate: GATE, expected: true },
    { name: 'the version before, inspected anew', state: { stable: stable('a'), candidate: deployed('b'), previous: previous('b') }, gate: GATE, expected: true },
  ])('$name: $expected', ({ state, gate, expected }) => expect(isBesideStable({ wanted: wanted('b', { gate }) }, { previous: undefined, ...state })).toBe(expected));
});

describe('what is done for it', () => {
  const short = identity('a').hash.slice(0, 8);
  const look = (state: Partial<RolloutState>, pods: Parameters<typeof podsOf>[0], over: Partial<ReturnType<typeof wanted>> = {}) =>
    decide(facts({ wanted: wanted('b', { gate: GATE, ...over }), state: { ...INITIAL_STATE, stable: stable('a'), ...state }, selected: short, pods: podsOf({ a: READY_PODS, ...pods }) }));

  test('callers stay with stable; pods, an address and a policy for it; one look at a time', () => {
    const first = look({ candidate: deployed('b') }, { b: READY_PODS });
    expect(first).toMatchObject({ phase: 'Shadow', reason: 'Shadowing', selected: identity('a').hash, besideStable: identity('b').hash, policy: { mode: 'Shadow', percent: 100, revision: NOW_MS }, evaluation: undefined, moves: [{ move: 'ShadowStarted', version: 'b' }] });
    // A run is written down before its Job is made.
    const second = look(first.state, { b: READY_PODS });
    expect(second).toMatchObject({ phase: 'Shadow', policy: { revision: NOW_MS }, evaluation: { run: 1, sinceMs: NOW_MS, candidate: identity('b'), stable: identity('a'), lastLook: undefined }, moves: [] });
    expect(look(second.state, { b: READY_PODS })).toEqual(second);
  });

  test('an address that leads to nobody of ours is told to nobody, and nothing is asked by it', () => {
    const given = facts({ wanted: wanted('b', { gate: GATE }), state: { ...INITIAL_STATE, stable: stable('a'), candidate: besides('b') }, selected: short, found: undefined, pods: podsOf({ a: READY_PODS, b: READY_PODS }) });
    const decision = decide(given);
    expect(decision).toMatchObject({ besideStable: identity('b').hash, policy: undefined, evaluation: undefined, state: { candidate: { gate: undefined } } });
    expect(decide({ ...given, state: decision.state, found: identity('b').hash.slice(0, 8) })).toMatchObject({ policy: { mode: 'Shadow' }, state: { candidate: { gate: { state: 'Running' } } } });
  });

  test('a weight in the status moves callers, and the decision keeps it', () => {
    const exposure = { mode: 'Canary' as const, weight: 25, step: 2, stepStartedAtMs: NOW_MS - MINUTE_MS };
    const decision = look({ candidate: besides('b', { exposure }) }, { b: READY_PODS });
    expect(decision).toMatchObject({ phase: 'Canary', reason: 'CanaryStep', policy: { mode: 'Canary', percent: 25 }, state: { candidate: { exposure } } });
  });

  test('nobody takes over, even where stable is down: no verdict moves callers yet', () => {
    const down = { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined };
    expect(look({ stable: stable('a', { downSinceMs: NOW_MS - HOUR_MS }), candidate: besides('b') }, { a: down, b: READY_PODS })).toMatchObject({ selected: identity('a').hash, phase: 'Shadow' });
  });

  test('no longer wanted: the policy goes, and with it the address and the pods', () => {
    const decision = look({ candidate: besides('b'), policy: { revision: 7, writtenAtMs: 7, terms: undefined } }, { b: READY_PODS }, { requested: 'a' });
    expect(decision).toMatchObject({ phase: 'Stable', policy: undefined, besideStable: undefined, evaluation: undefined, moves: [{ move: 'CandidateAborted', version: 'b' }] });
    expect(decision.versions.map(({ identity: { version } }) => version)).toEqual(['a']);
  });

  test('going back to the version before skips the gate', () => {
    const decision = look({ stable: stable('a'), previous: previous('b'), candidate: undefined }, { b: READY_PODS });
    expect(decision).toMatchObject({ phase: 'Stable', selected: identity('b').hash, besideStable: undefined });
  });

  test('a gate that is taken away lets it take over; one that is added keeps it', () => {
    expect(look({ candidate: besides('b') }, { b: READY_PODS }, { gate: undefined })).toMatchObject({ phase: 'Stable', selected: identity('b').hash, policy: undefined });
    expect(look({ candidate: deployed('b') }, { b: READY_PODS })).toMatchObject({ phase: 'Shadow', selected: identity('a').hash });
  });

  test('while callers are its own, the autoscaler does not shrink stable', () => {
    const autoscaling = { maxReplicas: 9, targetCPUPercent: 70 };
    const five = { requested: 5, ready: 5, readyUpToDate: 5, outdated: 0, problem: undefined };
    const of = (weight: number) => look({ candidate: besides('b', weight === 0 ? {} : { exposure: { mode: 'Canary', weight, step: 1, stepStartedAtMs: NOW_MS } }) }, { a: five, b: five }, { autoscaling }).autoscaler;
    expect([of(0)?.minReplicas, of(25)?.minReplicas]).toEqual([2, 5]);
  });
});
