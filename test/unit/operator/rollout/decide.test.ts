import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { Facts, VersionPods } from '../../../../operator/rollout/facts.ts';
import { OUTAGE_MS } from '../../../../operator/rollout/callers.ts';
import { DRAIN_MS } from '../../../../operator/rollout/previous.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { deployed, facts, finished, HOUR_MS, identity, inspecting, keyOf, MINUTE_MS, NO_PODS, NOW_MS, podsOf, previous, READY_PODS, rejected, report, stable, wanted } from './builders.ts';

/** What a table looks at: whom the Service selects, sizes by version, moves, the Job, and when to look again. */
type Seen = Readonly<{ phase: Decision['phase']; reason: Decision['reason']; selected: string | undefined; sizes: Readonly<Record<string, number | undefined>>; moves: readonly string[]; job: string | undefined; recheckMs: number | undefined }>;

function seen(decision: Decision): Seen {
  const names = new Map(decision.versions.map(({ identity }) => [String(identity.hash), identity.version]));
  return {
    phase: decision.phase,
    reason: decision.reason,
    selected: decision.selected === undefined ? undefined : (names.get(decision.selected) ?? 'not deployed'),
    sizes: Object.fromEntries(decision.versions.map(({ identity, replicas }) => [identity.version, replicas])),
    moves: decision.moves.map((move) => move.move),
    job: decision.inspection === undefined ? undefined : `${decision.inspection.requested} try ${decision.inspection.attempt}`,
    recheckMs: decision.recheckMs,
  };
}

const emptied: VersionPods = { ...NO_PODS, requested: 0 };
const justLeft = previous('b', { replacedAtMs: NOW_MS - 1000 });
const problem = { code: 'StoreUnreachable', message: 'no answer', atMs: NOW_MS, report: undefined };

const wentOver = { ...READY_PODS, ready: 1, readyUpToDate: 1 };
const shortOf = (version: string): string => identity(version).hash.slice(0, 8);

describe('the Service went over, and the operator was cut off before it wrote that down', () => {
  test.each<{ name: string; want: Facts['wanted']; state: Partial<RolloutState>; selected: string; pods: Readonly<Record<string, VersionPods>>; expected: Seen }>([
    {
      name: 'first version, and another size is wanted: callers are not sent away',
      want: wanted('a', { replicas: 1 }),
      state: { candidate: deployed('a') },
      selected: 'a',
      pods: { a: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 1 }, moves: ['Promoted'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'first version, and another one is wanted',
      want: wanted('b'),
      state: { candidate: deployed('a') },
      selected: 'a',
      pods: { a: wentOver },
      expected: { phase: 'Stable', reason: 'Inspecting', selected: 'a', sizes: { a: 2 }, moves: ['Promoted', 'InspectionStarted'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'stable can answer: nothing is taken for granted, callers go back until all pods are ready',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      selected: 'b',
      pods: { a: READY_PODS, b: wentOver },
      expected: { phase: 'Promoting', reason: 'StartingPods', selected: 'a', sizes: { a: 2, b: 2 }, moves: [], job: undefined, recheckMs: 14 * MINUTE_MS },
    },
    {
      name: 'stable cannot answer: callers stay',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      selected: 'b',
      pods: { a: { ...READY_PODS, ready: 0, readyUpToDate: 0 }, b: wentOver },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'b', sizes: { a: 2, b: 2 }, moves: ['Promoted'], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'back to the one before, and stable cannot answer',
      want: wanted('b'),
      state: { stable: stable('a'), previous: justLeft },
      selected: 'b',
      pods: { b: wentOver },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'b', sizes: { a: 0, b: 2 }, moves: ['Promoted'], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'back to the one before, cut off, and stable is wanted after all: the drain begins now',
      want: wanted('a'),
      state: { stable: stable('a'), previous: previous('b', { replacedAtMs: NOW_MS - DRAIN_MS }) },
      selected: 'b',
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 2, b: 2 }, moves: [], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'nobody answers anywhere: as the state says',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      selected: 'b',
      pods: {},
      expected: { phase: 'Promoting', reason: 'StartingPods', selected: 'a', sizes: { a: 2, b: 2 }, moves: [], job: undefined, recheckMs: OUTAGE_MS },
    },
  ])('$name', ({ want, state, selected, pods, expected }) => {
    expect(seen(decide(facts({ wanted: want, state: { ...INITIAL_STATE, ...state }, selected: shortOf(selected), pods: podsOf(pods) })))).toEqual(expected);
  });
});

describe('one look', () => {
  test.each<{ name: string; want?: Facts['wanted']; state?: Partial<RolloutState>; pods?: Readonly<Record<string, VersionPods>>; expected: Seen }>([
    { name: 'a new model', expected: { phase: 'Initializing', reason: 'Inspecting', selected: undefined, sizes: {}, moves: ['InspectionStarted'], job: undefined, recheckMs: undefined } },
    {
      name: 'the first version starts: nobody is selected',
      state: { candidate: deployed('a') },
      pods: { a: { ...READY_PODS, ready: 1, readyUpToDate: 1 } },
      expected: { phase: 'Initializing', reason: 'StartingPods', selected: undefined, sizes: { a: 2 }, moves: [], job: undefined, recheckMs: undefined },
    },
    { name: 'the first version is ready', state: { candidate: deployed('a') }, pods: { a: READY_PODS }, expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 2 }, moves: ['Promoted'], job: undefined, recheckMs: undefined } },
    { name: 'settled', state: { stable: stable('a') }, pods: { a: READY_PODS }, expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 2 }, moves: [], job: undefined, recheckMs: undefined } },
    { name: 'stable has no pod left: it stays selected', state: { stable: stable('a') }, expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 2 }, moves: [], job: undefined, recheckMs: undefined } },
    {
      name: 'stable has no ready pod: since when is remembered, and the candidate that is half there is looked at again in 30 s',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      pods: { a: { ...READY_PODS, ready: 0, readyUpToDate: 0 }, b: wentOver },
      expected: { phase: 'Promoting', reason: 'StartingPods', selected: 'a', sizes: { a: 2, b: 2 }, moves: [], job: undefined, recheckMs: OUTAGE_MS },
    },
    {
      name: 'and takes over then',
      want: wanted('b'),
      state: { stable: stable('a', { downSinceMs: NOW_MS - OUTAGE_MS }), candidate: deployed('b') },
      pods: { a: { ...READY_PODS, ready: 0, readyUpToDate: 0 }, b: wentOver },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'b', sizes: { a: 2, b: 2 }, moves: ['Promoted'], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'but not where stable answers again',
      want: wanted('b'),
      state: { stable: stable('a', { downSinceMs: NOW_MS - OUTAGE_MS }), candidate: deployed('b') },
      pods: { a: wentOver, b: wentOver },
      expected: { phase: 'Promoting', reason: 'StartingPods', selected: 'a', sizes: { a: 2, b: 2 }, moves: [], job: undefined, recheckMs: 14 * MINUTE_MS },
    },
    {
      name: 'another version is wanted',
      want: wanted('b'),
      state: { stable: stable('a') },
      pods: { a: READY_PODS },
      expected: { phase: 'Stable', reason: 'Inspecting', selected: 'a', sizes: { a: 2 }, moves: ['InspectionStarted'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'and a third one before the second is through',
      want: wanted('c'),
      state: { stable: stable('a'), candidate: deployed('b') },
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Inspecting', selected: 'a', sizes: { a: 2 }, moves: ['CandidateAborted', 'InspectionStarted'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'a candidate that is written down is inspected',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: inspecting('b', { key: keyOf('b'), attempt: 1, state: 'Running', last: undefined }) },
      pods: { a: READY_PODS },
      expected: { phase: 'Stable', reason: 'Inspecting', selected: 'a', sizes: { a: 2 }, moves: [], job: 'b try 1', recheckMs: undefined },
    },
    {
      name: 'nobody is to serve: the candidate waits, however ready it is',
      want: wanted('b', { replicas: 0 }),
      state: { stable: stable('a'), candidate: deployed('b') },
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Promoting', reason: 'ScaledToZero', selected: 'a', sizes: { b: 0, a: 0 }, moves: [], job: undefined, recheckMs: undefined },
    },
    {
      name: 'no Job runs between two tries',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: inspecting('b', { key: keyOf('b'), attempt: 1, state: 'Error', problem, nextTryAtMs: NOW_MS + 7000 }) },
      expected: { phase: 'Stable', reason: 'InspectionRetry', selected: 'a', sizes: { a: 2 }, moves: [], job: undefined, recheckMs: 7000 },
    },
    {
      name: 'the second is ready: the first keeps its size',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      pods: { a: { ...READY_PODS, requested: 3 }, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'b', sizes: { a: 3, b: 2 }, moves: ['Promoted'], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'the one before drains, and is not made larger',
      want: wanted('a', { replicas: 5 }),
      state: { stable: stable('a'), previous: justLeft },
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { b: 2, a: 5 }, moves: [], job: undefined, recheckMs: DRAIN_MS - 1000 },
    },
    {
      name: 'the one before has drained',
      state: { stable: stable('a'), previous: previous('b') },
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { b: 0, a: 2 }, moves: ['PreviousDrained'], job: undefined, recheckMs: 23 * HOUR_MS },
    },
    {
      name: 'the one before waits at zero',
      state: { stable: stable('a'), previous: previous('b') },
      pods: { a: READY_PODS, b: emptied },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { b: 0, a: 2 }, moves: [], job: undefined, recheckMs: 23 * HOUR_MS },
    },
    {
      name: 'the window is over',
      state: { stable: stable('a'), previous: previous('b', { replacedAtMs: NOW_MS - 24 * HOUR_MS }) },
      pods: { a: READY_PODS, b: emptied },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 2 }, moves: ['PreviousRemoved'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'back within the drain: a selector switch',
      want: wanted('b'),
      state: { stable: stable('a'), previous: justLeft },
      pods: { a: READY_PODS, b: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'b', sizes: { a: 2, b: 2 }, moves: ['ReturnedToPrevious', 'Promoted'], job: undefined, recheckMs: DRAIN_MS },
    },
    {
      name: 'back after the drain: scale up first, without an inspection',
      want: wanted('b'),
      state: { stable: stable('a'), previous: previous('b') },
      pods: { a: READY_PODS, b: emptied },
      expected: { phase: 'Promoting', reason: 'StartingPods', selected: 'a', sizes: { b: 2, a: 2 }, moves: ['ReturnedToPrevious'], job: undefined, recheckMs: 15 * MINUTE_MS },
    },
    {
      name: 'a rejected version stays away',
      want: wanted('b'),
      state: { stable: stable('a'), rejected: [rejected('b')] },
      pods: { a: READY_PODS },
      expected: { phase: 'RolledBack', reason: 'OfflineGateFailed', selected: 'a', sizes: { a: 2 }, moves: [], job: undefined, recheckMs: undefined },
    },
    {
      name: 'asking for a rejected version ends what is under way',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('c'), rejected: [rejected('b')] },
      expected: { phase: 'RolledBack', reason: 'OfflineGateFailed', selected: 'a', sizes: { a: 2 }, moves: ['CandidateAborted'], job: undefined, recheckMs: undefined },
    },
    {
      name: 'nobody is wanted at all',
      want: wanted('a', { replicas: 0 }),
      state: { stable: stable('a') },
      pods: { a: READY_PODS },
      expected: { phase: 'Stable', reason: 'Settled', selected: 'a', sizes: { a: 0 }, moves: [], job: undefined, recheckMs: undefined },
    },
  ])('$name', ({ want = wanted('a'), state = {}, pods = {}, expected }) => {
    expect(seen(decide(facts({ wanted: want, state: { ...INITIAL_STATE, ...state }, pods: podsOf(pods) })))).toEqual(expected);
  });
});

test.each<{ name: string; report: ReturnType<typeof report> }>([
  { name: 'a pass', report: report('b') },
  { name: 'a failure', report: report('b', { verdict: 'Fail', reason: 'OfflineGateFailed' }) },
  { name: 'an error', report: report('b', { verdict: 'Error', reason: 'PackageError', code: 'FileMissing' }) },
])('$name of the version before says nothing about the one that overtakes it', ({ report }) => {
  const given = facts({ wanted: wanted('c'), state: { ...INITIAL_STATE, stable: stable('a'), candidate: inspecting('b') }, inspectionJob: finished(report) });
  expect(seen(decide(given))).toEqual({ phase: 'Stable', reason: 'Inspecting', selected: 'a', sizes: { a: 2 }, moves: ['CandidateAborted', 'InspectionStarted'], job: undefined, recheckMs: undefined });
});

test('a size that the API server refuses does not move the status from look to look', () => {
  const given = facts({ wanted: wanted('b', { replicas: 3 }), state: { ...INITIAL_STATE, stable: stable('a'), candidate: deployed('b') }, selected: shortOf('a'), pods: podsOf({ a: { ...READY_PODS, requested: 3, ready: 3, readyUpToDate: 3 }, b: READY_PODS }) });
  const first = decide(given);
  expect(first.versions.find(({ identity: { version } }) => version === 'b')?.replicas).toBe(3);
  const second = decide({ ...given, nowMs: NOW_MS + 1000, state: first.state });
  expect(second.state).toEqual(first.state);
  expect(decide({ ...given, nowMs: NOW_MS + HOUR_MS, state: second.state })).toMatchObject({ reason: 'StartingPods', state: first.state });
});

test('the Job is the same after a crash: same key, same try, same start', () => {
  const candidate = inspecting('b');
  const given = facts({ wanted: wanted('b'), state: { ...INITIAL_STATE, candidate } });
  const expected = { key: keyOf('b'), attempt: 1, repository: candidate.repository, requested: 'b', startedAtMs: candidate.startedAtMs, known: [], poll: false };
  expect(decide(given).inspection).toEqual(expected);
  expect(decide({ ...given, nowMs: NOW_MS + HOUR_MS }).inspection).toEqual(expected);
});

test.each<{ name: string; selected: string | undefined; pods: Parameters<typeof podsOf>[0]; expected: string | undefined }>([
  { name: 'what answers is left alone', selected: 'a', pods: { a: READY_PODS }, expected: shortOf('a') },
  { name: 'whether it answers at this moment or not', selected: 'a', pods: { a: { ...READY_PODS, ready: 0, readyUpToDate: 0 } }, expected: shortOf('a') },
  { name: 'what is gone is not kept', selected: 'a', pods: {}, expected: undefined },
  { name: 'nobody is selected', selected: undefined, pods: { a: READY_PODS }, expected: undefined },
])('a status that was lost, and a Deployment that does not say what it is: $name', ({ selected, pods, expected }) => {
  const decision = decide(facts({ wanted: wanted('b'), state: INITIAL_STATE, selected: selected === undefined ? undefined : shortOf(selected), pods: podsOf(pods) }));
  expect({ unrecorded: decision.unrecorded, selected: decision.selected }).toEqual({ unrecorded: expected, selected: undefined });
});
