import { expect, test } from '@jest/globals';
import { arrivals } from '../../../../hack/bench.d/arrivals.ts';
import { seededRandom } from '../../../e2e/seeded-random.ts';

const CALLS = 20_000;
const DURATION_MS = 10_000;
const due = arrivals(CALLS, DURATION_MS, seededRandom(20_261_121));
const gaps = [...due].slice(1).map((dueMs, index) => dueMs - (due[index] ?? Number.NaN));

test('so many, in order, within the slice', () => {
  expect(due).toHaveLength(CALLS);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  expect([due[0], due.at(-1)].every((dueMs) => dueMs !== undefined && dueMs >= 0 && dueMs < DURATION_MS)).toBe(true);
});

test('gaps are exponential: e^-1 of them are longer than the mean', () => {
  const mean = DURATION_MS / CALLS;
  const longer = gaps.filter((gap) => gap > mean).length / gaps.length;
  // Four standard errors of a share of 20,000.
  expect(Math.abs(longer - Math.exp(-1))).toBeLessThan(4 * Math.sqrt((Math.exp(-1) * (1 - Math.exp(-1))) / CALLS));
});

test('the same seed calls at the same instants', () => expect(arrivals(5, 100, seededRandom(1))).toEqual(arrivals(5, 100, seededRandom(1))));
