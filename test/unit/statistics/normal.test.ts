import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { normalCdf, normalQuantile } from '../../../statistics/normal.ts';

// scipy 1.17.1: norm.cdf
test.each([
  [-37, 5.7255712225239266e-300],
  [-20, 2.7536241186061556e-89],
  [-6, 9.865876450376946e-10],
  [-3, 0.0013498980316300933],
  [-2.500001, 0.006209647797497547],
  [-2.5, 0.006209665325776132],
  [-1, 0.15865525393145707],
  [-1e-8, 0.4999999960105772],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [2.51, 0.9939634419195873],
  [8, 0.9999999999999993],
  [Number.POSITIVE_INFINITY, 1],
])('Phi(%d)', (x, expected) => expect(Math.abs(normalCdf(x) / expected - 1)).toBeLessThan(1e-13));

// scipy 1.17.1: norm.ppf
test.each([
  [1e-300, -37.0470962993612],
  [1e-10, -6.361340902404056],
  [0.001, -3.090232306167813],
  [0.05, -1.6448536269514729],
  [0.3, -0.5244005127080409],
  [0.5, 0],
  [0.50001, 0.000025066282748820864],
  [0.975, 1.959963984540054],
  [0.999, 3.090232306167813],
  [1 - 1e-12, 7.0344869100478356],
])('quantile of %d', (probability, expected) => expect(Math.abs(normalQuantile(probability) - expected)).toBeLessThan(1e-14 * Math.max(1, Math.abs(expected))));

test('the ends', () => {
  expect([normalCdf(Number.NEGATIVE_INFINITY), normalQuantile(0), normalQuantile(1)]).toEqual([0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(normalCdf(Number.NaN)).toBeNaN();
});

test.each([-0.1, 1.1, Number.NaN])('%d is no probability', (probability) => expect(() => normalQuantile(probability)).toThrow(RangeError));

test('one undoes the other, and both are symmetric', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (probability) => {
      const x = normalQuantile(probability);
      expect(normalCdf(x) / probability).toBeCloseTo(1, 11);
      expect(normalCdf(-x)).toBeCloseTo(1 - probability, 14);
      expect(normalQuantile(1 - probability)).toBeCloseTo(-normalQuantile(1 - (1 - probability)), 14);
    }),
  );
});
