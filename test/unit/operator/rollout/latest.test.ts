import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Facts, Wanted } from '../../../../operator/rollout/facts.ts';
import { knownVersions, latestOf, pollTry, untilPollMs } from '../../../../operator/rollout/latest.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { deployed, facts, finished, HOUR_MS, identity, inspecting, keyOf, latest, MINUTE_MS, NOW_MS, podsOf, previous, READY_PODS, rejected, report, stable, wanted, wantedLatest } from './builders.ts';

const serving = stable('v2', { requested: 'latest' });
const stateOf = (over: Partial<RolloutState>): RolloutState => ({ ...INITIAL_STATE, ...over });
const overtaking = wantedLatest({ poll: { intervalMs: HOUR_MS, offsetMs: 50 * MINUTE_MS, whileUnderWay: true } });
const failed = { failures: 2, code: 'StoreUnreachable', message: 'no answer' };
const goingUp = deployed('v3', { identity: identity('v3', { requested: 'latest' }), inspectionKey: keyOf('latest') });

describe('when the next look is due', () => {
  test.each<{ name: string; want?: Wanted; state: Partial<RolloutState>; expected: number | undefined }>([
    { name: 'ten minutes after the last one', state: { stable: serving, latest: latest('v2') }, expected: 50 * MINUTE_MS },
    { name: 'an hour after it', state: { stable: serving, latest: latest('v2', { checkedAtMs: NOW_MS - HOUR_MS }) }, expected: 0 },
    { name: 'the interval was made shorter', want: wantedLatest({ poll: { intervalMs: 5 * MINUTE_MS, offsetMs: 0, whileUnderWay: false } }), state: { stable: serving, latest: latest('v2') }, expected: 0 },
    { name: 'the last one failed: when it said', state: { stable: serving, latest: latest('v2', { failed, nextCheckAtMs: NOW_MS + 20_000 }) }, expected: 20_000 },
    { name: 'the clock jumped back by a year', state: { stable: serving, latest: latest('v2', { checkedAtMs: NOW_MS + 8760 * HOUR_MS }) }, expected: 0 },
    { name: 'the clock jumped back while it failed', state: { stable: serving, latest: latest('v2', { failed, nextCheckAtMs: NOW_MS + HOUR_MS }) }, expected: 0 },
    { name: 'a status from before there was a record: an interval after stable began', state: { stable: serving }, expected: 0 },
    { name: 'a pinned version', want: wanted('v2'), state: { stable: serving }, expected: undefined },
    { name: 'suspended', want: wantedLatest({ poll: undefined }), state: { stable: serving, latest: latest('v2') }, expected: undefined },
    { name: 'nothing is known: a candidate is inspected instead', state: { stable: stable('v2') }, expected: undefined },
    { name: 'a candidate is inspected', state: { stable: serving, candidate: inspecting('latest'), latest: latest('v2') }, expected: undefined },
    { name: 'a candidate is under way: after the decision', state: { stable: serving, candidate: goingUp, latest: latest('v3') }, expected: undefined },
    { name: 'a candidate is under way, and may be overtaken', want: overtaking, state: { stable: serving, candidate: goingUp, latest: latest('v3') }, expected: 50 * MINUTE_MS },
    { name: 'the first version does not come up: a newer one may', state: { candidate: goingUp, latest: latest('v3') }, expected: 50 * MINUTE_MS },
  ])('$name', ({ want = wantedLatest(), state, expected }) => expect(untilPollMs(want, stateOf(state), NOW_MS)).toBe(expected));
});

test('the next look has one name until it has an end', () => {
  const state = stateOf({ stable: serving, latest: latest('v2', { failed }) });
  expect(pollTry(wantedLatest(), state)).toEqual({ key: 'key-of-latest/latest', attempt: 3, startedAtMs: NOW_MS - 10 * MINUTE_MS });
  expect(pollTry(wantedLatest(), { ...state, latest: latestOf(wantedLatest(), state) })).toEqual(pollTry(wantedLatest(), state));
});

test.each<{ name: string; want?: Wanted; state: Partial<RolloutState>; expected: readonly string[] }>([
  { name: 'what serves, what is under way, what was rejected', state: { stable: serving, candidate: goingUp, rejected: [rejected('v1', { key: keyOf('latest') })] }, expected: ['v2', 'v3', 'v1'] },
  { name: 'what was rejected under another gate is looked at again', state: { stable: serving, rejected: [rejected('v1', { key: 'other' })] }, expected: ['v2'] },
  { name: 'what serves from elsewhere is another package', state: { stable: stable('v2', { repository: 's3://other/x' }) }, expected: [] },
  { name: 'a named version is looked at in any case', want: wanted('v2'), state: { stable: serving }, expected: [] },
])('known: $name', ({ want = wantedLatest(), state, expected }) => expect(knownVersions(want, stateOf(state))).toEqual(expected));

describe('a look that is due', () => {
  const due = latest('v2', { checkedAtMs: NOW_MS - HOUR_MS });
  const look = (over: Partial<Facts>, state: Partial<RolloutState> = {}, want = wantedLatest()) =>
    decide(facts({ wanted: want, state: stateOf({ stable: serving, latest: due, ...state }), pods: podsOf({ v2: READY_PODS, v3: READY_PODS }), ...over }));

  test('is a Job, and no other phase', () => {
    const decision = look({});
    expect([decision.phase, decision.reason, decision.moves, decision.recheckMs]).toEqual(['Stable', 'Settled', [], undefined]);
    expect(decision.inspection).toEqual({ key: 'key-of-latest/latest', attempt: 1, startedAtMs: NOW_MS - HOUR_MS, repository: serving.repository, requested: 'latest', known: ['v2'], poll: true });
  });

  test('finds a newer version and makes it the candidate, inspected', () => {
    const { moves, state } = look({ inspectionJob: finished(report('v3')), pods: podsOf({ v2: READY_PODS }) });
    expect(moves.map(({ move }) => move)).toEqual(['NewerVersion', 'InspectionPassed']);
    expect([state.candidate?.stage, state.latest?.version, state.latest?.checkedAtMs]).toEqual(['Deployed', 'v3', NOW_MS]);
  });

  test('takes no version that was rejected since its Job was made', () => {
    const { moves, state } = look({ inspectionJob: finished(report('v3')) }, { rejected: [rejected('v3', { key: keyOf('latest'), reason: 'NotReady' })] });
    expect([moves, state.candidate, state.latest?.version]).toEqual([[], undefined, 'v3']);
  });

  test('lets a newer version overtake where it may', () => {
    const { moves, state } = look({ inspectionJob: finished(report('v4')), pods: podsOf({ v2: READY_PODS }) }, { candidate: goingUp, latest: { ...due, version: 'v3' } }, overtaking);
    expect(moves.map(({ move }) => move)).toEqual(['NewerVersion', 'CandidateAborted', 'InspectionPassed']);
    expect(state.candidate).toMatchObject({ stage: 'Deployed', identity: { version: 'v4' } });
  });

  test('that fails leaves a candidate alone', () => {
    const broken = finished(report('v4', { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer' }));
    const { moves, state, phase } = look({ inspectionJob: broken, pods: podsOf({ v2: READY_PODS }) }, { candidate: goingUp, latest: { ...due, version: 'v3' } }, overtaking);
    expect([phase, moves.map(({ move }) => move), state.candidate?.stage, state.latest?.failed?.failures]).toEqual(['Promoting', ['PollErrored'], 'Deployed', 1]);
  });

  test('that found a pinned version unchanged is no answer', () => {
    const decision = decide(facts({ wanted: wanted('v3'), state: stateOf({ stable: serving, candidate: inspecting('v3') }), inspectionJob: finished(report('v3', { verdict: 'Unchanged', reason: 'NothingNewer' })) }));
    expect(decision.moves).toMatchObject([{ move: 'InspectionErrored', code: 'InspectionBroken' }]);
  });
});

describe('latest after a named version', () => {
  test('is found out for everyone to see, and serves under that name from then on', () => {
    const state = stateOf({ stable: stable('v2'), candidate: { ...inspecting('latest'), startedAtMs: NOW_MS } });
    const decision = decide(facts({ wanted: wantedLatest(), state, pods: podsOf({ v2: READY_PODS }), inspectionJob: finished(report('v2', { verdict: 'Unchanged', reason: 'NothingNewer' })) }));
    expect([decision.phase, decision.reason, decision.moves.map(({ move }) => move), decision.recheckMs]).toEqual(['Stable', 'Settled', ['NothingNewer'], 50 * MINUTE_MS]);
    expect([decision.state.stable?.requested, decision.state.candidate, decision.state.latest?.version]).toEqual(['latest', undefined, 'v2']);
  });

  test('a named version forgets what latest was, and goes back without an inspection', () => {
    const decision = decide(facts({ wanted: wanted('v1'), state: stateOf({ stable: serving, latest: latest('v2'), previous: previous('v1', { requested: 'latest' }) }), pods: podsOf({ v1: READY_PODS, v2: READY_PODS }) }));
    expect([decision.state.latest, decision.state.stable?.version, decision.state.stable?.requested]).toEqual([undefined, 'v1', 'v1']);
  });
});
