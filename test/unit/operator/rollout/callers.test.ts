import { describe, expect, test } from '@jest/globals';
import { asCallersSee, withoutSwitch } from '../../../../operator/rollout/callers.ts';
import { decide } from '../../../../operator/rollout/decide.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { deployed, facts, GATE, identity, MINUTE_MS, NOW_MS, podsOf, previous, READY_PODS, stable, wanted } from './builders.ts';

const short = (version: string): string => identity(version).hash.slice(0, 8);

describe('what is remembered where the Service could not be written', () => {
  const before: RolloutState = { ...INITIAL_STATE, stable: stable('a'), candidate: deployed('b') };

  test('a promotion did not happen', () => {
    const given = facts({ wanted: wanted('b'), state: before, selected: short('a'), pods: podsOf({ a: READY_PODS, b: READY_PODS }) });
    const { state } = decide(given);
    expect(state.stable?.version).toBe('b');
    expect(withoutSwitch(state, given.state)).toEqual(before);
  });

  test('progress beside stable is kept', () => {
    const given = facts({ wanted: wanted('b', { gate: GATE }), state: before, selected: short('a'), pods: podsOf({ a: READY_PODS, b: READY_PODS }) });
    const { state } = decide(given);
    expect(state.candidate).toMatchObject({ readyAtMs: NOW_MS });
    expect(withoutSwitch(state, given.state)).toEqual(state);
  });

  test('callers who cannot leave the version before write no status at each look', () => {
    const stuck = facts({ state: { ...INITIAL_STATE, stable: stable('a'), previous: previous('b', { replacedAtMs: NOW_MS - 2 * MINUTE_MS }) }, selected: short('b'), pods: podsOf({ a: READY_PODS, b: READY_PODS }) });
    expect(asCallersSee(stuck).previous?.replacedAtMs).toBe(NOW_MS);
    expect(withoutSwitch(decide(stuck).state, stuck.state)).toEqual(stuck.state);
  });

  test('nor do they lose it when its window is over: nothing is removed without the Service', () => {
    const over = facts({ wanted: wanted('a', { rollbackWindowMs: MINUTE_MS }), state: { ...INITIAL_STATE, stable: stable('a'), previous: previous('b') }, pods: podsOf({ a: READY_PODS, b: READY_PODS }) });
    const { state } = decide(over);
    expect(state.previous).toBeUndefined();
    expect(withoutSwitch(state, over.state)).toEqual(over.state);
  });
});
