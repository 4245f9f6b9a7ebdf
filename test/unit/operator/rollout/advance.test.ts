import { describe, expect, test } from '@jest/globals';
import { advance, type Step } from '../../../../operator/rollout/advance.ts';
import type { Facts, PodProblem } from '../../../../operator/rollout/facts.ts';
import { READY_DEADLINE_MS } from '../../../../operator/rollout/promotion.ts';
import { INITIAL_STATE, MAX_REJECTED, type Rejected, type RolloutState } from '../../../../operator/rollout/state.ts';
import { deployed, facts, failingPods, finished, identity, inspecting, keyOf, MINUTE_MS, NOW_MS, podsOf, previous, READY_PODS, rejected, report, stable, wanted } from './builders.ts';

type Case = Readonly<{ name: string; state?: Partial<RolloutState>; facts?: Partial<Facts>; rejected?: Rejected; expected: Step }>;

function step(given: Case): Step {
  return advance(facts({ wanted: wanted('b'), ...given.facts }), stateOf(given), given.rejected);
}

function stateOf(given: Pick<Case, 'state'>): RolloutState {
  return { ...INITIAL_STATE, ...given.state };
}

const serving = stable('a');
const underWay = inspecting('b');
const goingUp = deployed('b');
const problem = { code: 'StoreUnreachable', message: 'no answer', atMs: NOW_MS - 1000, report: undefined };
const waiting = inspecting('b', { key: keyOf('b'), attempt: 2, state: 'Error', problem, nextTryAtMs: NOW_MS + 5000 });
const again = inspecting('b', { key: keyOf('b'), attempt: 3, state: 'Running', last: problem });
const rest = { moves: [], recheckMs: undefined, problem: undefined };
const refused = rejected('b');
const noNode: PodProblem = { code: 'Unschedulable', message: 'no node', outside: true };

const atRest: readonly Case[] = [
  { name: 'stable serves', state: { stable: serving }, expected: { ...rest, phase: 'Stable', reason: 'Settled', state: stateOf({ state: { stable: serving } }) } },
  {
    name: 'what is wanted was rejected; stable serves',
    state: { stable: serving, rejected: [refused] },
    rejected: refused,
    expected: { ...rest, phase: 'RolledBack', reason: 'OfflineGateFailed', problem: { code: 'OfflineGateFailed', message: 'too weak' }, state: stateOf({ state: { stable: serving, rejected: [refused] } }) },
  },
  {
    name: 'what is wanted was rejected; nothing serves',
    state: { rejected: [refused] },
    rejected: refused,
    expected: { ...rest, phase: 'Initializing', reason: 'OfflineGateFailed', problem: { code: 'OfflineGateFailed', message: 'too weak' }, state: stateOf({ state: { rejected: [refused] } }) },
  },
];

const inspection: readonly Case[] = [
  { name: 'first version: the Job runs', state: { candidate: underWay }, expected: { ...rest, phase: 'Initializing', reason: 'Inspecting', state: stateOf({ state: { candidate: underWay } }) } },
  {
    name: 'the Job runs beside stable',
    state: { stable: serving, candidate: underWay },
    facts: { inspectionJob: { state: 'Running', problem: undefined } },
    expected: { ...rest, recheckMs: 30_000, phase: 'Stable', reason: 'Inspecting', state: stateOf({ state: { stable: serving, candidate: underWay } }) },
  },
  {
    name: "the Job's pod cannot start",
    state: { candidate: underWay },
    facts: { inspectionJob: { state: 'Running', problem: noNode } },
    expected: { ...rest, recheckMs: 30_000, phase: 'Initializing', reason: 'Inspecting', problem: noNode, state: stateOf({ state: { candidate: underWay } }) },
  },
  {
    name: 'it could not be found out',
    state: { stable: serving, candidate: underWay },
    facts: { inspectionJob: finished(report('b', { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer', report: null })) },
    expected: {
      phase: 'Stable',
      reason: 'InspectionRetry',
      problem: { ...problem, nextTryAtMs: NOW_MS + 10_000 },
      state: stateOf({ state: { stable: serving, candidate: inspecting('b', { key: keyOf('b'), attempt: 1, state: 'Error', problem, nextTryAtMs: NOW_MS + 10_000 }) } }),
      moves: [{ move: 'InspectionErrored', requested: 'b', attempt: 1, code: 'StoreUnreachable', message: 'no answer', nextTryAtMs: NOW_MS + 10_000 }],
      recheckMs: 10_000,
    },
  },
  {
    name: 'the next try is not due',
    state: { stable: serving, candidate: waiting },
    expected: { phase: 'Stable', reason: 'InspectionRetry', problem: { ...problem, nextTryAtMs: NOW_MS + 5000 }, state: stateOf({ state: { stable: serving, candidate: waiting } }), moves: [], recheckMs: 5000 },
  },
  {
    name: 'the next try is due',
    state: { stable: serving, candidate: waiting },
    facts: { nowMs: NOW_MS + 5000 },
    expected: { phase: 'Stable', reason: 'InspectionRetry', problem, state: stateOf({ state: { stable: serving, candidate: again } }), moves: [{ move: 'InspectionStarted', requested: 'b', attempt: 3 }], recheckMs: undefined },
  },
  {
    name: 'the next try runs',
    state: { stable: serving, candidate: again },
    facts: { inspectionJob: { state: 'Running', problem: undefined } },
    expected: { ...rest, recheckMs: 30_000, phase: 'Stable', reason: 'InspectionRetry', problem, state: stateOf({ state: { stable: serving, candidate: again } }) },
  },
  {
    name: 'too weak, beside stable',
    state: { stable: serving, candidate: underWay },
    facts: { inspectionJob: finished(report('b', { verdict: 'Fail', reason: 'OfflineGateFailed', message: '0.52 < 0.80' })) },
    expected: {
      phase: 'RolledBack',
      reason: 'OfflineGateFailed',
      problem: { code: 'OfflineGateFailed', message: '0.52 < 0.80' },
      state: stateOf({ state: { stable: serving, rejected: [rejected('b', { message: '0.52 < 0.80', atMs: NOW_MS })] } }),
      moves: [{ move: 'CandidateRejected', version: 'b', reason: 'OfflineGateFailed', message: '0.52 < 0.80' }],
      recheckMs: undefined,
    },
  },
  {
    name: 'too weak, and nothing serves',
    state: { candidate: underWay },
    facts: { inspectionJob: finished(report('b', { verdict: 'Fail', reason: 'SchemaIncompatible', message: 'column x' })) },
    expected: {
      phase: 'Initializing',
      reason: 'SchemaIncompatible',
      problem: { code: 'SchemaIncompatible', message: 'column x' },
      state: stateOf({ state: { rejected: [rejected('b', { reason: 'SchemaIncompatible', message: 'column x', atMs: NOW_MS })] } }),
      moves: [{ move: 'CandidateRejected', version: 'b', reason: 'SchemaIncompatible', message: 'column x' }],
      recheckMs: undefined,
    },
  },
  {
    name: 'passed: pods are asked for',
    state: { stable: serving, candidate: underWay },
    facts: { inspectionJob: finished(report('b', { report: null })) },
    expected: {
      phase: 'Promoting',
      reason: 'StartingPods',
      problem: undefined,
      state: stateOf({ state: { stable: serving, candidate: deployed('b', { startedAtMs: underWay.startedAtMs, deployedAtMs: NOW_MS, message: 'all is well' }) } }),
      moves: [{ move: 'InspectionPassed', version: 'b', message: 'all is well' }],
      recheckMs: READY_DEADLINE_MS,
    },
  },
  {
    name: 'passed, and it is what serves under another name',
    state: { stable: serving, candidate: underWay },
    facts: { inspectionJob: finished(report('b', { packageDigest: identity('a').digest, candidateHash: identity('a').hash })) },
    expected: {
      ...rest,
      phase: 'Stable',
      reason: 'Settled',
      state: stateOf({ state: { stable: { ...serving, version: 'b', requested: 'b' } } }),
      moves: [{ move: 'InspectionPassed', version: 'b', message: 'all is well' }],
    },
  },
];

const held = { heldBy: 'StoreUnreachable', heldSinceMs: NOW_MS - 20 * MINUTE_MS, deployedAtMs: NOW_MS - 21 * MINUTE_MS };
const outside = { code: 'StoreUnreachable', message: 'no answer', outside: true };
const promotion: readonly Case[] = [
  {
    name: 'first version: pods start',
    state: { candidate: goingUp },
    expected: { ...rest, phase: 'Initializing', reason: 'StartingPods', state: stateOf({ state: { candidate: goingUp } }) },
  },
  {
    name: 'first version: ready',
    state: { candidate: goingUp },
    facts: { pods: podsOf({ b: READY_PODS }) },
    expected: { ...rest, phase: 'Stable', reason: 'Settled', state: stateOf({ state: { stable: stable('b', { startedAtMs: NOW_MS }) } }), moves: [{ move: 'Promoted', version: 'b', from: undefined, wasDown: false }] },
  },
  {
    name: 'ready beside stable; an old rejection of it is over',
    state: { stable: serving, candidate: goingUp, previous: previous('z'), rejected: [rejected('c'), refused] },
    facts: { pods: podsOf({ b: READY_PODS }) },
    expected: {
      ...rest,
      phase: 'Stable',
      reason: 'Settled',
      state: { stable: stable('b', { startedAtMs: NOW_MS }), candidate: undefined, previous: previous('a', { replacedAtMs: NOW_MS }), latest: undefined, policy: undefined, rejected: [rejected('c')] },
      moves: [{ move: 'Promoted', version: 'b', from: 'a', wasDown: false }],
    },
  },
  {
    name: 'a pod fails by itself',
    state: { stable: serving, candidate: goingUp },
    facts: { pods: podsOf({ b: failingPods() }) },
    expected: {
      phase: 'Promoting',
      reason: 'PodsFailing',
      problem: failingPods().problem,
      state: stateOf({ state: { stable: serving, candidate: goingUp } }),
      moves: [],
      recheckMs: READY_DEADLINE_MS - MINUTE_MS,
    },
  },
  {
    name: 'something outside holds a pod up: since now',
    state: { stable: serving, candidate: goingUp },
    facts: { pods: podsOf({ b: failingPods(outside) }) },
    expected: { phase: 'Promoting', reason: 'PodsFailing', problem: outside, state: stateOf({ state: { stable: serving, candidate: { ...goingUp, heldSinceMs: NOW_MS, heldBy: 'StoreUnreachable' } } }), moves: [{ move: 'CandidateHeld', version: 'b', code: 'StoreUnreachable', message: 'no answer' }], recheckMs: undefined },
  },
  {
    name: 'held up for twenty minutes, and still',
    state: { stable: serving, candidate: { ...goingUp, ...held } },
    facts: { pods: podsOf({ b: failingPods(outside) }) },
    expected: { phase: 'Promoting', reason: 'PodsFailing', problem: outside, state: stateOf({ state: { stable: serving, candidate: { ...goingUp, ...held } } }), moves: [], recheckMs: undefined },
  },
  {
    name: 'held up by something else now: it is told',
    state: { stable: serving, candidate: { ...goingUp, ...held, heldBy: 'Unschedulable' } },
    facts: { pods: podsOf({ b: failingPods(outside) }) },
    expected: { phase: 'Promoting', reason: 'PodsFailing', problem: outside, state: stateOf({ state: { stable: serving, candidate: { ...goingUp, ...held } } }), moves: [{ move: 'CandidateHeld', version: 'b', code: 'StoreUnreachable', message: 'no answer' }], recheckMs: undefined },
  },
  {
    name: 'held up for twenty minutes, and no longer: the store is back and the pod starts, it is not rejected',
    state: { stable: serving, candidate: { ...goingUp, ...held } },
    facts: { pods: podsOf({ b: { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined } }) },
    expected: { ...rest, phase: 'Promoting', reason: 'StartingPods', state: stateOf({ state: { stable: serving, candidate: goingUp } }), recheckMs: READY_DEADLINE_MS - MINUTE_MS },
  },
  {
    name: 'out of time',
    state: { stable: serving, candidate: deployed('b', { deployedAtMs: NOW_MS - READY_DEADLINE_MS }) },
    expected: {
      phase: 'RolledBack',
      reason: 'NotReady',
      problem: { code: 'NotReady', message: '0 of 2 pods became ready within 15 minutes' },
      state: stateOf({ state: { stable: serving, rejected: [rejected('b', { reason: 'NotReady', message: '0 of 2 pods became ready within 15 minutes', atMs: NOW_MS })] } }),
      moves: [{ move: 'CandidateRejected', version: 'b', reason: 'NotReady', message: '0 of 2 pods became ready within 15 minutes' }],
      recheckMs: undefined,
    },
  },
];

describe('at rest', () => test.each(atRest)('$name', (given) => expect(step(given)).toEqual(given.expected)));
describe('inspecting', () => test.each(inspection)('$name', (given) => expect(step(given)).toEqual(given.expected)));
describe('deployed', () => test.each(promotion)('$name', (given) => expect(step(given)).toEqual(given.expected)));

test('rejections: newest first, one a key, ten at most', () => {
  const old = Array.from({ length: MAX_REJECTED }, (_, index) => rejected(`old-${index}`));
  const state = { stable: serving, candidate: underWay, rejected: [rejected('b', { message: 'before' }), ...old.slice(0, 9)] };
  const job = finished(report('b', { verdict: 'Fail', reason: 'OfflineGateFailed', message: 'now' }));
  const next = step({ name: '', state, facts: { inspectionJob: job }, expected: { ...rest, phase: 'Stable', reason: 'Settled', state: INITIAL_STATE } }).state.rejected;
  expect(next.map((entry) => `${entry.version} ${entry.message}`)).toEqual(['b now', ...old.slice(0, 9).map((entry) => `${entry.version} too weak`)]);
  const full = step({ name: '', state: { ...state, rejected: old }, facts: { inspectionJob: job }, expected: { ...rest, phase: 'Stable', reason: 'Settled', state: INITIAL_STATE } }).state.rejected;
  expect(full).toHaveLength(MAX_REJECTED);
  expect(full[0]?.version).toBe('b');
});
