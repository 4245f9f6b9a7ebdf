import { expect, test } from '@jest/globals';
import { shipDelayMs } from '../../../../server/journal/ship-delay.ts';

test.each([
  { failures: 0, least: 49_500, most: 55_000 },
  { failures: 1, least: 2500, most: 5000 },
  { failures: 2, least: 5000, most: 10_000 },
  { failures: 4, least: 20_000, most: 40_000 },
  { failures: 5, least: 27_500, most: 55_000 },
  { failures: 2000, least: 27_500, most: 55_000 },
])('after $failures failures: $least to $most ms', ({ failures, least, most }) => {
  const ends = [0, 1].map((lot) => shipDelayMs(failures, () => lot)).toSorted((a, b) => a - b);
  expect(ends).toEqual([least, most]);
});
