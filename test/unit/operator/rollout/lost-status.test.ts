import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { Facts, VersionPods } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { eventOf } from '../../../../operator/status/events.ts';
import { messageOf } from '../../../../operator/status/message.ts';
import { deployed, facts, GATE, identity, podsOf, READY_PODS, stable, wanted } from './builders.ts';

const shortOf = (version: string): string => identity(version).hash.slice(0, 8);
const failing = deployed('b');
const down: VersionPods = { ...READY_PODS, ready: 0, readyUpToDate: 0 };

/** A look at a model whose callers have a, and whose candidate is b. */
function lost(state: Partial<RolloutState>, over: Partial<Facts> = {}): Decision {
  return decide(facts({ wanted: wanted('b', { gate: GATE }), state: { ...INITIAL_STATE, ...state }, selected: shortOf('a'), serving: identity('a'), pods: podsOf({ a: READY_PODS, b: READY_PODS }), ...over }));
}

describe('a status that was lost, beside a gate', () => {

  test.each<{ name: string; state: Partial<RolloutState>; pods?: Parameters<typeof podsOf>[0]; expected: object }>([
    { name: 'whole: what serves is stable again, and the candidate is inspected anew', state: {}, expected: { reason: 'Inspecting', moves: [{ move: 'StableRebuilt', version: 'a' }, { move: 'InspectionStarted' }] } },
    { name: 'its stable part: the candidate stays beside', state: { candidate: failing }, expected: { phase: 'Shadow', moves: [{ move: 'StableRebuilt', version: 'a' }, { move: 'ShadowStarted' }] } },
    { name: 'while no pod of it is ready: it is kept all the same', state: { candidate: failing }, pods: { a: down, b: READY_PODS }, expected: { phase: 'Shadow' } },
    { name: 'an old one comes back, whose stable is gone: who answers is stable', state: { stable: stable('c') }, pods: { a: READY_PODS }, expected: { state: { stable: { version: 'a' }, previous: { version: 'c' } } } },
  ])('$name', ({ state, pods = { a: READY_PODS, b: READY_PODS }, expected }) => {
    const decision = lost(state, { pods: podsOf(pods) });
    expect(decision).toMatchObject({ selected: identity('a').hash, ...expected });
    expect(decision.versions.find(({ identity: { version } }) => version === 'a')?.replicas).toBe(2);
  });

  test('a Deployment that does not say what it is: what serves goes on, the candidate waits, and a person reads why', () => {
    const decision = lost({ candidate: failing }, { serving: undefined });
    expect(decision).toMatchObject({ phase: 'Initializing', reason: 'StableUnknown', selected: undefined, unrecorded: shortOf('a'), moves: [], state: { stable: undefined, candidate: failing } });
    expect(messageOf(decision)).toBe(`Status was lost. The Service selects ${shortOf('a')}, and neither status nor its Deployment says which version that is. It goes on serving, and b waits, as it has a gate to pass beside it. Set spec.model.version to the version that serves, and back once that is Ready; or remove spec.rollout.gate.`);
  });

  test('what was found out again is told', () => {
    expect(lost({}).moves.map(eventOf)[0]).toMatchObject({ type: 'Warning', reason: 'StableRebuilt', note: expect.stringContaining('did not say that a serves') });
  });

  test('without a gate it takes over, as it did', () => {
    expect(lost({ candidate: failing }, { serving: undefined, wanted: wanted('b') })).toMatchObject({ selected: identity('b').hash, moves: [{ move: 'Promoted', version: 'b' }] });
  });

  test('the version that serves is named: it is stable once it is inspected', () => {
    expect(lost({ candidate: deployed('a') }, { serving: undefined, wanted: wanted('a', { gate: GATE }) })).toMatchObject({ reason: 'Settled', selected: identity('a').hash });
  });

  test('nothing is left that served: then it is a first version', () => {
    expect(lost({ candidate: failing }, { serving: undefined, pods: podsOf({ b: READY_PODS }) })).toMatchObject({ selected: identity('b').hash });
  });
});
