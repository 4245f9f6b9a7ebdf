import { expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import { INITIAL_STATE, type GateState } from '../../../../operator/rollout/state.ts';
import { gateConditions, shownAUC } from '../../../../operator/status/gate-condition.ts';
import { messageOf } from '../../../../operator/status/message.ts';
import { besides, facts, finding, GATE, HOUR_MS, identity, NOW_MS, podsOf, READY_PODS, stable, wanted } from '../rollout/builders.ts';

const problem = { code: 'StoreUnreachable', message: 'http://s3:7070 does not answer.', atMs: NOW_MS };
function resting(over: Partial<Extract<GateState, { state: 'Resting' }>> = {}): GateState {
  return { key: GATE.key, run: 2, failures: 0, problem: undefined, finding: finding(), state: 'Resting', nextRunAtMs: NOW_MS + HOUR_MS, ...over };
}

function decision(gate: GateState | undefined, hasGate = true) {
  const state = { ...INITIAL_STATE, stable: stable('a'), candidate: besides('b', { gate }) };
  return decide(facts({ wanted: wanted('b', { gate: hasGate ? GATE : undefined }), state, selected: identity('a').hash.slice(0, 8), pods: podsOf({ a: READY_PODS, b: READY_PODS }) }));
}

test.each<{ name: string; gate: GateState | undefined; condition: string; auc: number }>([
  { name: 'the first look is being taken', gate: undefined, condition: 'Unknown Evaluating: the first look is being taken', auc: 0.84 },
  { name: 'too early to say', gate: resting(), condition: 'False TooFewLabels: Inconclusive: 12 of 50 known leavers.', auc: 0.81 },
  { name: 'proven', gate: resting({ finding: finding({ verdict: 'Pass', reason: 'Proven', message: 'AUC 0.81.' }) }), condition: 'True Proven: Pass: AUC 0.81.', auc: 0.81 },
  { name: 'disproven', gate: resting({ finding: finding({ verdict: 'Fail', reason: 'AUCTooLow', message: 'AUC 0.61.' }) }), condition: 'False AUCTooLow: Fail: AUC 0.61.', auc: 0.81 },
  {
    name: 'a Pass stands through a look that could not be taken',
    gate: resting({ finding: finding({ verdict: 'Pass', reason: 'Proven', message: 'AUC 0.81.' }), problem, failures: 1 }),
    condition: 'True Proven: Pass: AUC 0.81. (the newest look could not be taken: StoreUnreachable: http://s3:7070 does not answer. Next try at 2026-11-21T08:00:00Z.)',
    auc: 0.81,
  },
  {
    name: 'no look has ended yet',
    gate: resting({ finding: undefined, problem, failures: 1 }),
    condition: 'Unknown StoreUnreachable: the newest look could not be taken: StoreUnreachable: http://s3:7070 does not answer. Next try at 2026-11-21T08:00:00Z.',
    auc: 0.84,
  },
])('$name', ({ gate, condition, auc }) => {
  const of = decision(gate);
  expect(gateConditions(of).map(({ status, reason, message }) => `${status} ${reason}: ${message}`)).toEqual([condition]);
  expect(shownAUC(of)).toBe(auc);
});

test('without a gate, or without a candidate beside stable, there is nothing to pass', () => {
  expect(gateConditions(decision(undefined, false))).toEqual([]);
});

test('a person reads that nothing moves by itself', () => {
  expect(messageOf(decision(resting()))).toBe('b is in Shadow: it gets a copy of what callers ask, and answers nobody. Gate: Inconclusive: 12 of 50 known leavers. a serves. No verdict moves it: promotion by the gate comes with the next version of the operator.');
});
