import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { DesiredAutoscaler } from '../../../../operator/rollout/decision.ts';
import type { Facts, LiveAutoscaler, VersionPods } from '../../../../operator/rollout/facts.ts';
import { DRAIN_MS } from '../../../../operator/rollout/previous.ts';
import { SETTLE_MS } from '../../../../operator/rollout/sizing.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { deployed, facts, HOUR_MS, identity, NOW_MS, podsOf, previous, stable, wanted } from './builders.ts';

const shortOf = (version: string): string => identity(version).hash.slice(0, 8);
const pods = (requested: number, ready = requested): VersionPods => ({ requested, ready, readyUpToDate: ready, outdated: 0, problem: undefined });
const sizes = (version: string): LiveAutoscaler => ({ target: shortOf(version), scaling: { status: 'True', reason: 'Scaling', message: '' } });
const from2to6 = (version: string): Facts['wanted'] => wanted(version, { replicas: 2, autoscaling: { maxReplicas: 6, targetCPUPercent: 70 } });
const autoscaler = (version: string, minReplicas = 2): DesiredAutoscaler => ({ target: shortOf(version), minReplicas, maxReplicas: 6, targetCPUPercent: 70 });
const onTheWay: Partial<RolloutState> = { stable: stable('a'), candidate: deployed('b') };

type Row = Readonly<{
  name: string;
  want: Facts['wanted'];
  state: Partial<RolloutState>;
  given: Readonly<Record<string, VersionPods>>;
  live?: LiveAutoscaler;
  selected?: string;
  expected: Readonly<{ selected: string | undefined; sizes: Readonly<Record<string, number | undefined>>; autoscaler: DesiredAutoscaler | undefined; holding?: DesiredAutoscaler; recheckMs?: number }>;
}>;

describe('who sizes what', () => {
  test.each<Row>([
    {
      name: 'number to autoscaler: brought to its smallest size before there is one',
      want: wanted('a', { replicas: 4, autoscaling: { maxReplicas: 6, targetCPUPercent: 70 } }),
      state: { stable: stable('a') },
      given: { a: pods(2) },
      expected: { selected: 'a', sizes: { a: 4 }, autoscaler: autoscaler('a', 4) },
    },
    {
      name: 'number to autoscaler: too large is for the autoscaler to mend',
      want: wanted('a', { replicas: 2, autoscaling: { maxReplicas: 6, targetCPUPercent: 70 } }),
      state: { stable: stable('a') },
      given: { a: pods(9) },
      expected: { selected: 'a', sizes: { a: 9 }, autoscaler: autoscaler('a') },
    },
    { name: 'autoscaler at work: its size is its own', want: from2to6('a'), state: { stable: stable('a') }, given: { a: pods(5) }, live: sizes('a'), expected: { selected: 'a', sizes: { a: undefined }, autoscaler: autoscaler('a') } },
    { name: 'autoscaler to number: it goes', want: wanted('a', { replicas: 3 }), state: { stable: stable('a') }, given: { a: pods(5) }, live: sizes('a'), expected: { selected: 'a', sizes: { a: 3 }, autoscaler: undefined } },
    { name: 'a hand scaled to zero, where Kubernetes switches it off: it goes until there are pods', want: from2to6('a'), state: { stable: stable('a') }, given: { a: pods(0) }, live: sizes('a'), expected: { selected: 'a', sizes: { a: 2 }, autoscaler: undefined } },
    { name: 'a hand deleted the Deployment: likewise', want: from2to6('a'), state: { stable: stable('a') }, given: {}, live: sizes('a'), expected: { selected: 'a', sizes: { a: 2 }, autoscaler: undefined } },
    { name: 'the first version has the smallest size', want: from2to6('a'), state: { candidate: deployed('a') }, given: { a: pods(1) }, expected: { selected: undefined, sizes: { a: 2 }, autoscaler: undefined } },
    { name: 'a candidate has the size that stable has now', want: from2to6('b'), state: onTheWay, given: { a: pods(5), b: pods(2) }, live: sizes('a'), expected: { selected: 'a', sizes: { b: 5, a: undefined }, autoscaler: autoscaler('a') } },
    { name: 'and follows it down', want: from2to6('b'), state: onTheWay, given: { a: pods(3), b: pods(5, 2) }, live: sizes('a'), expected: { selected: 'a', sizes: { b: 3, a: undefined }, autoscaler: autoscaler('a'), recheckMs: 14 * 60_000 } },
    { name: 'never beyond the largest size', want: from2to6('b'), state: onTheWay, given: { a: pods(9), b: pods(2, 1) }, live: sizes('a'), expected: { selected: 'a', sizes: { b: 6, a: undefined }, autoscaler: autoscaler('a'), recheckMs: 14 * 60_000 } },
    {
      name: 'callers move: the side they leave is held at its size, the new one is pinned at its own',
      want: from2to6('b'),
      state: onTheWay,
      given: { a: pods(5), b: pods(5) },
      live: sizes('a'),
      expected: { selected: 'b', sizes: { a: undefined, b: 5 }, autoscaler: autoscaler('b', 5), holding: autoscaler('a', 5), recheckMs: DRAIN_MS },
    },
    {
      name: 'cut off after the autoscaler went over: it has made the new side larger, which is as good',
      want: from2to6('b'),
      state: onTheWay,
      selected: 'b',
      given: { a: pods(5), b: pods(6, 5) },
      live: sizes('b'),
      expected: { selected: 'b', sizes: { a: 5, b: undefined }, autoscaler: autoscaler('b', 6), recheckMs: DRAIN_MS },
    },
    {
      name: 'cut off likewise, and pods died: callers go back, and nobody else writes what the autoscaler still sizes',
      want: from2to6('b'),
      state: onTheWay,
      selected: 'b',
      given: { a: pods(5), b: pods(5, 3) },
      live: sizes('b'),
      expected: { selected: 'a', sizes: { b: undefined, a: 5 }, autoscaler: autoscaler('a'), holding: autoscaler('b', 5), recheckMs: 14 * 60_000 },
    },
    {
      name: 'after the switch: pinned, also at what it grew to',
      want: from2to6('b'),
      state: { stable: stable('b', { startedAtMs: NOW_MS - 2 * DRAIN_MS }) },
      given: { b: pods(6) },
      live: sizes('b'),
      expected: { selected: 'b', sizes: { b: undefined }, autoscaler: autoscaler('b', 6), recheckMs: SETTLE_MS - 2 * DRAIN_MS },
    },
    { name: 'settled: free again', want: from2to6('b'), state: { stable: stable('b', { startedAtMs: NOW_MS - SETTLE_MS }) }, given: { b: pods(6) }, live: sizes('b'), expected: { selected: 'b', sizes: { b: undefined }, autoscaler: autoscaler('b') } },
    {
      name: 'a clock that jumped back pins no longer than that',
      want: from2to6('b'),
      state: { stable: stable('b', { startedAtMs: NOW_MS + HOUR_MS }) },
      given: { b: pods(6) },
      live: sizes('b'),
      expected: { selected: 'b', sizes: { b: undefined }, autoscaler: autoscaler('b', 6), recheckMs: SETTLE_MS },
    },
    {
      name: 'the version before is not drained while the autoscaler has not left it',
      want: from2to6('b'),
      state: { stable: stable('b'), previous: previous('a') },
      given: { a: pods(5), b: pods(5) },
      live: sizes('a'),
      expected: { selected: 'b', sizes: { a: undefined, b: 5 }, autoscaler: autoscaler('b') },
    },
    {
      name: 'one that comes back in the middle of its drain keeps its callers',
      want: wanted('a', { replicas: 1 }),
      state: { stable: stable('b'), previous: previous('a', { replacedAtMs: NOW_MS - 1000 }), candidate: deployed('a') },
      selected: 'b',
      given: { a: pods(3, 0), b: pods(1) },
      expected: { selected: 'b', sizes: { a: 3, b: 1 }, autoscaler: undefined, recheckMs: DRAIN_MS - 1000 },
    },
    {
      name: 'a status that was lost: what answers stays autoscaled, and as large as it is: since when callers are there is not known',
      want: from2to6('b'),
      state: {},
      selected: 'a',
      given: { a: pods(5) },
      live: sizes('a'),
      expected: { selected: undefined, sizes: {}, autoscaler: autoscaler('a', 5), recheckMs: SETTLE_MS },
    },
    {
      name: 'cut off after the Service went over, and then autoscaling is asked for: callers come back to a side as large as the one they leave',
      want: wanted('a', { replicas: 1, autoscaling: { maxReplicas: 6, targetCPUPercent: 70 } }),
      state: { stable: stable('a'), candidate: deployed('b') },
      selected: 'b',
      given: { a: pods(1), b: pods(2) },
      expected: { selected: 'a', sizes: { a: 2 }, autoscaler: { ...autoscaler('a'), minReplicas: 1 } },
    },
  ])('$name', ({ want, state, given, live, selected = state.stable === undefined ? undefined : 'a', expected }) => {
    const settledOn = state.candidate === undefined && state.stable !== undefined ? shortOf(state.stable.version) : selected === undefined ? undefined : shortOf(selected);
    const decision = decide(facts({ wanted: want, state: { ...INITIAL_STATE, ...state }, pods: podsOf(given), autoscaler: live, selected: settledOn }));
    const names = new Map(['a', 'b'].map((version) => [String(identity(version).hash), version]));
    expect({
      selected: decision.selected === undefined ? undefined : names.get(decision.selected),
      sizes: Object.fromEntries(decision.versions.map((version) => [version.identity.version, version.replicas])),
      autoscaler: decision.autoscaler,
      holding: decision.holding,
      recheckMs: decision.recheckMs,
    }).toEqual({ holding: undefined, recheckMs: undefined, ...expected });
  });
});
