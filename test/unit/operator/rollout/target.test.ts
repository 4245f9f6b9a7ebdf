import { expect, test } from '@jest/globals';
import type { Wanted } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { findTarget, type Target } from '../../../../operator/rollout/target.ts';
import { deployed, HOUR_MS, inspecting, keyOf, NOW_MS, previous, rejected, stable, wanted } from './builders.ts';

const underWay = inspecting('b');
const goingUp = deployed('b');
const before = previous('b');
const refused = rejected('b');
const latestBefore = previous('b', { requested: 'latest' });

test.each<{ name: string; wanted: Wanted; state: Partial<RolloutState>; expected: Target }>([
  { name: 'nothing there yet', wanted: wanted('a'), state: {}, expected: { target: 'New' } },
  { name: 'serves', wanted: wanted('a'), state: { stable: stable('a') }, expected: { target: 'Stable' } },
  { name: 'serves, asked for by its own name after latest', wanted: wanted('a'), state: { stable: stable('a', { requested: 'latest' }) }, expected: { target: 'Stable' } },
  { name: 'serves, asked for as latest', wanted: wanted('latest'), state: { stable: stable('a', { requested: 'latest' }) }, expected: { target: 'Stable' } },
  { name: 'latest asked for after a fixed version', wanted: wanted('latest'), state: { stable: stable('a') }, expected: { target: 'New' } },
  { name: 'the same name in another repository', wanted: wanted('a', { repository: 's3://other/models' }), state: { stable: stable('a') }, expected: { target: 'New' } },
  { name: 'another gate does not touch what serves', wanted: wanted('a', { inspectionKey: 'other' }), state: { stable: stable('a') }, expected: { target: 'Stable' } },
  { name: 'under inspection', wanted: wanted('b'), state: { stable: stable('a'), candidate: underWay }, expected: { target: 'Candidate', candidate: underWay } },
  { name: 'under inspection with another gate: again', wanted: wanted('b', { inspectionKey: 'other' }), state: { stable: stable('a'), candidate: underWay }, expected: { target: 'New' } },
  { name: 'deployed', wanted: wanted('b'), state: { stable: stable('a'), candidate: goingUp }, expected: { target: 'Candidate', candidate: goingUp } },
  { name: 'deployed, then another gate: the inspection stands', wanted: wanted('b', { inspectionKey: 'other' }), state: { candidate: goingUp }, expected: { target: 'Candidate', candidate: goingUp } },
  { name: 'another version overtakes', wanted: wanted('c'), state: { stable: stable('a'), candidate: goingUp }, expected: { target: 'New' } },
  { name: 'back to stable ends a candidate', wanted: wanted('a'), state: { stable: stable('a'), candidate: goingUp }, expected: { target: 'Stable' } },
  { name: 'rejected, same manifest', wanted: wanted('b'), state: { stable: stable('a'), rejected: [refused] }, expected: { target: 'Rejected', rejected: refused } },
  { name: 'rejected, another gate', wanted: wanted('b', { inspectionKey: 'other' }), state: { stable: stable('a'), rejected: [refused] }, expected: { target: 'New' } },
  { name: 'rejected while something else is under way', wanted: wanted('b'), state: { stable: stable('a'), candidate: deployed('c'), rejected: [refused] }, expected: { target: 'Rejected', rejected: refused } },
  { name: 'the one before, within the window', wanted: wanted('b'), state: { stable: stable('a'), previous: before }, expected: { target: 'Previous', previous: before } },
  { name: 'the one before, window over', wanted: wanted('b', { rollbackWindowMs: HOUR_MS }), state: { stable: stable('a'), previous: before }, expected: { target: 'New' } },
  { name: 'the one before did not come up again', wanted: wanted('b'), state: { stable: stable('a'), previous: before, rejected: [refused] }, expected: { target: 'Rejected', rejected: refused } },
  { name: 'the one before was latest once; latest asks for the newest', wanted: wanted('latest'), state: { stable: stable('a'), previous: latestBefore }, expected: { target: 'New' } },
  { name: 'the one before was latest once, asked for by its own name', wanted: wanted('b'), state: { stable: stable('a'), previous: latestBefore }, expected: { target: 'Previous', previous: latestBefore } },
])('$name', ({ wanted, state, expected }) => expect(findTarget(wanted, { ...INITIAL_STATE, ...state }, NOW_MS)).toEqual(expected));

test('keys of different versions differ', () => expect(keyOf('a')).not.toBe(keyOf('b')));
