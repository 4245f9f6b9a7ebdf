import { expect, test } from '@jest/globals';
import { everyFault, neverStruck, sampleOfFaults, type Struck } from '../../../../e2e/claims/crash/plan.ts';

const lost = (at: number, done?: string): Struck => ({ fault: { kind: 'LostAnswer', at }, done });

test.each<{ name: string; runs: readonly Struck[]; expected: readonly number[] }>([
  { name: 'all struck', runs: [lost(1, 'x'), lost(2, 'x')], expected: [] },
  { name: 'one did not', runs: [lost(1, 'x'), lost(2)], expected: [2] },
  { name: 'it did the second time', runs: [lost(1), lost(2, 'x'), lost(1, 'x')], expected: [] },
  { name: 'not at the second time either: told once', runs: [lost(1), lost(1)], expected: [1] },
  { name: 'beyond the shortest run there need be no write', runs: [lost(3)], expected: [] },
])('$name', ({ runs, expected }) => expect(neverStruck(runs, 2).map(({ at }) => at)).toEqual(expected));

test('another kind at the same write is another fault', () => {
  expect(neverStruck([lost(1, 'x'), { fault: { kind: 'Gone', at: 1 }, done: undefined }], 1)).toEqual([{ kind: 'Gone', at: 1 }]);
});

test('every kind hits every write, the last one too', () => {
  const faults = everyFault(7);
  const kinds = [...Map.groupBy(faults, ({ kind }) => kind).values()];
  expect(kinds.length).toBe(18);
  for (const those of kinds) expect(those.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a sample stays within the writes that every run has', () => {
  for (const { at } of sampleOfFaults(5)) expect(at >= 1 && at <= 5).toBe(true);
});
