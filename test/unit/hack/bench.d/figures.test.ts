import { describe, expect, test } from '@jest/globals';
import { array, assert, double, property } from 'fast-check';
import { ratios, spreadOf } from '../../../../hack/bench.d/figures.ts';

describe('spreadOf', () => {
  test.each<{ name: string; values: readonly number[]; median: number }>([
    { name: 'one', values: [3], median: 3 },
    { name: 'an odd number of values, in any order', values: [9, 1, 4], median: 4 },
    { name: 'an even number: between the two in the middle', values: [1, 4, 10, 2], median: 3 },
  ])('median of $name', ({ values, median }) => expect(spreadOf(values).median).toBe(median));

  // Ranks of the 95 % interval of a median: Conover (1999), table A3 (binomial, p = 0.5), two-sided.
  test.each([
    { n: 5, rank: 0 },
    { n: 6, rank: 1 },
    { n: 8, rank: 1 },
    { n: 9, rank: 2 },
    { n: 11, rank: 2 },
    { n: 12, rank: 3 },
    { n: 15, rank: 4 },
    { n: 20, rank: 6 },
    { n: 21, rank: 6 },
    { n: 25, rank: 8 },
    { n: 50, rank: 18 },
  ])('the interval of $n values begins at number $rank', ({ n, rank }) => {
    const { interval } = spreadOf(Array.from({ length: n }, (_, index) => index + 1));
    expect(interval).toEqual(rank === 0 ? { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY } : { lower: rank, upper: n + 1 - rank });
  });

  test('the median lies within its interval, the interval within the values', () => {
    assert(
      property(array(double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 6, maxLength: 200 }), (values) => {
        const { median, smallest, largest, interval } = spreadOf(values);
        return smallest <= interval.lower && interval.lower <= median && median <= interval.upper && interval.upper <= largest;
      }),
    );
  });

  test('nothing has no median', () => expect(() => spreadOf([])).toThrow(RangeError));
});

describe('ratios', () => {
  test('are taken within a round', () => expect(ratios([2, 30], [1, 10])).toEqual([2, 3]));
  test('of lists that do not belong together are refused', () => expect(() => ratios([1], [1, 2])).toThrow('1 values, 2 to compare them with'));
});
