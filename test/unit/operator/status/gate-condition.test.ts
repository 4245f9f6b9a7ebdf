import { expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { EvaluationJob, VersionPods } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type GateState } from '../../../../operator/rollout/state.ts';
import { gateConditions, shownAUC } from '../../../../operator/status/gate-condition.ts';
import { messageOf } from '../../../../operator/status/message.ts';
import { besides, facts, finding, GATE, HOUR_MS, identity, NOW_MS, podsOf, READY_PODS, stable, wanted } from '../rollout/builders.ts';

const proven = finding({ verdict: 'Pass', reason: 'Proven', message: 'AUC 0.81.' });
const passed = { reason: proven.reason, message: proven.message, atMs: proven.atMs, evidence: undefined };
const problem = { code: 'StoreUnreachable', message: 'http://s3:7070 does not answer.', atMs: NOW_MS };
function resting(over: Partial<Extract<GateState, { state: 'Resting' }>> = {}): GateState {
  return { key: GATE.key, run: 2, failures: 0, problem: undefined, finding: finding(), passed: undefined, state: 'Resting', nextRunAtMs: NOW_MS + HOUR_MS, ...over };
}

function running(over: Partial<Extract<GateState, { state: 'Running' }>> = {}): GateState {
  return { key: GATE.key, run: 3, failures: 0, problem: undefined, finding: undefined, passed: undefined, state: 'Running', startedAtMs: NOW_MS - HOUR_MS, ...over };
}

type Given = Readonly<{ hasGate?: boolean; job?: EvaluationJob; candidatePods?: VersionPods }>;
function decision(gate: GateState | undefined, { hasGate = true, job = { state: 'Absent' }, candidatePods = READY_PODS }: Given = {}) {
  const state = { ...INITIAL_STATE, stable: stable('a'), candidate: besides('b', { gate }) };
  return decide(facts({ wanted: wanted('b', { gate: hasGate ? GATE : undefined }), state, selected: identity('a').hash.slice(0, 8), pods: podsOf({ a: READY_PODS, b: candidatePods }), evaluationJob: job }));
}
const held: EvaluationJob = { state: 'Running', problem: { code: 'NoEvaluationPod', message: 'Job x has no pod: quota or admission may refuse it.', outside: true } };

test.each<{ name: string; gate: GateState | undefined; given?: Given; condition: string; auc: number }>([
  { name: 'the first look is being taken', gate: undefined, condition: 'Unknown Evaluating: the first look is being taken', auc: 0.84 },
  { name: 'the first look has no pod', gate: running(), given: { job: held }, condition: 'Unknown NoEvaluationPod: the newest look is held up: NoEvaluationPod: Job x has no pod: quota or admission may refuse it.', auc: 0.84 },
  { name: 'a later look has none: what was found stands', gate: running({ finding: proven, passed }), given: { job: held }, condition: 'True Proven: Pass: AUC 0.81. (the newest look is held up: NoEvaluationPod: Job x has no pod: quota or admission may refuse it.)', auc: 0.81 },
  { name: 'what holds up the try now is told, not what became of the one before', gate: running({ problem, failures: 1 }), given: { job: held }, condition: 'Unknown NoEvaluationPod: the newest look is held up: NoEvaluationPod: Job x has no pod: quota or admission may refuse it.', auc: 0.84 },
  { name: 'a look that gets on', gate: running(), given: { job: { state: 'Running', problem: undefined } }, condition: 'Unknown Evaluating: the first look is being taken', auc: 0.84 },
  { name: 'the first look is due, and one side has no pod', gate: resting({ finding: undefined, nextRunAtMs: NOW_MS }), given: { candidatePods: { ...READY_PODS, ready: 0, readyUpToDate: 0 } }, condition: 'Unknown NotLookedYet: the gate looks once the pods of both sides are ready', auc: 0.84 },
  { name: 'too early to say', gate: resting(), condition: 'False TooFewLabels: Inconclusive: 12 of 50 known leavers.', auc: 0.81 },
  { name: 'proven', gate: resting({ finding: proven, passed }), condition: 'True Proven: Pass: AUC 0.81.', auc: 0.81 },
  { name: 'disproven', gate: resting({ finding: finding({ verdict: 'Fail', reason: 'AUCTooLow', message: 'AUC 0.61.' }) }), condition: 'False AUCTooLow: Fail: AUC 0.61.', auc: 0.81 },
  {
    name: 'a Pass stands through a look that could not be taken',
    gate: resting({ finding: proven, passed, problem, failures: 1 }),
    condition: 'True Proven: Pass: AUC 0.81. (the newest look could not be taken: StoreUnreachable: http://s3:7070 does not answer. Next try at 2026-11-21T08:00:00Z.)',
    auc: 0.81,
  },
  {
    name: 'a Pass stands through a look that is Inconclusive',
    gate: resting({ finding: finding({ reason: 'AUCNotProven', message: 'AUC 0.80, at least 0.79.' }), passed }),
    condition: 'True Proven: passed at 2026-11-21T06:00:00Z: AUC 0.81. This stands until a look ends in Fail; the newest was Inconclusive: AUC 0.80, at least 0.79.',
    auc: 0.81,
  },
  {
    name: 'no look has ended yet',
    gate: resting({ finding: undefined, problem, failures: 1 }),
    condition: 'Unknown StoreUnreachable: the newest look could not be taken: StoreUnreachable: http://s3:7070 does not answer. Next try at 2026-11-21T08:00:00Z.',
    auc: 0.84,
  },
])('$name', ({ gate, given, condition, auc }) => {
  const of = decision(gate, given);
  expect(gateConditions(of).map(({ status, reason, message }) => `${status} ${reason}: ${message}`)).toEqual([condition]);
  expect(shownAUC(of)).toBe(auc);
});

test('without a gate, or without a candidate beside stable, there is nothing to pass', () => {
  expect(gateConditions(decision(undefined, { hasGate: false }))).toEqual([]);
});

test('a person reads that nothing moves by itself', () => {
  expect(messageOf(decision(resting()))).toBe('b is in Shadow: it gets a copy of what callers ask, and answers nobody. Gate: Inconclusive: 12 of 50 known leavers. a serves. No verdict moves it: promotion by the gate comes with the next version of the operator.');
});

test('a person reads what holds up the look', () => {
  expect(messageOf(decision(running(), { job: held }))).toContain("answers nobody. The gate's look is held up: NoEvaluationPod: Job x has no pod: quota or admission may refuse it. a serves.");
});
