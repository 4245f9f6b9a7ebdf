import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { agreementOf } from '../../../statistics/agreement.ts';
import { rankCorrelation } from '../../../statistics/rank-correlation.ts';
import { wilsonInterval } from '../../../statistics/wilson.ts';
import { pairSamples, pairsOf } from './samples.ts';

const thresholds = { stable: 0.5, candidate: 0.5 };

describe('degenerate pairs', () => {
  test('nothing', () => expect(agreementOf(pairsOf([], []), thresholds)).toBeUndefined());

  test('the same scores', () => {
    expect(agreementOf(pairsOf([0, 0, 1], [0.2, 0.5, 0.9]), thresholds)).toEqual({
      rows: 3,
      rankCorrelation: 1,
      maxDifference: 0,
      meanDifference: 0,
      meanShift: 0,
      divergence: 0,
      decisions: { both: 2, stableOnly: 0, candidateOnly: 0, neither: 1 },
      disagreement: { value: 0, lower: 0, upper: expect.closeTo(0.5615, 4) },
      kappa: 1,
      listOverlap: 1,
    });
  });

  test('one probability for everybody: no order, no lists, nothing beyond chance', () => {
    expect(agreementOf(pairsOf([0, 1], [0.2, 0.2], [0.1, 0.3]), thresholds)).toMatchObject({ rankCorrelation: undefined, kappa: undefined, listOverlap: undefined, disagreement: { value: 0 } });
  });

  test('certain of the opposite: finite', () => {
    expect(agreementOf(pairsOf([0, 1], [0, 1], [1, 0]), thresholds)).toMatchObject({ rankCorrelation: -1, maxDifference: 1, divergence: expect.closeTo(52 * Math.log(2), 12), kappa: -1, listOverlap: 0, disagreement: { value: 1, upper: 1 } });
  });

  test('each version has its threshold, and a probability at it is acted upon', () => {
    expect(agreementOf(pairsOf([0, 1, 0, 0], [0.4, 0.39, 0.5, 0.1], [0.6, 0.6, 0.59, 0.2]), { stable: 0.4, candidate: 0.6 })?.decisions).toEqual({ both: 1, stableOnly: 1, candidateOnly: 1, neither: 1 });
  });

  test('a score that is no probability is refused by name', () => {
    expect(() => agreementOf(pairsOf([0, 1], [0.2, 0.4], [0.3, 1.5]), thresholds)).toThrow('candidate[1] is 1.5: expected a probability from 0 to 1');
  });
});

function midranks(of: readonly number[]): readonly number[] {
  return of.map((x) => of.filter((y) => y < x).length + (of.filter((y) => y === x).length + 1) / 2);
}

/** Pearson's correlation of midranks, by counting. */
function byCounting(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [midranks(a), midranks(b)];
  const mean = (a.length + 1) / 2;
  const product = (p: readonly number[], q: readonly number[]): number => p.reduce((sum, each, index) => sum + (each - mean) * ((q[index] ?? 0) - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

describe('rank correlation', () => {
  test('equals the one of midranks by counting, both ways round; reversed it changes sign', () => {
    fc.assert(
      fc.property(pairSamples, ({ stable, candidate }) => {
        const found = rankCorrelation(stable, candidate);
        expect(found).toBeCloseTo(byCounting([...stable], [...candidate]), 12);
        expect(rankCorrelation(candidate, stable)).toBeCloseTo(found ?? Number.NaN, 14);
        expect(rankCorrelation(stable, candidate.map((score) => -score))).toBeCloseTo(-(found ?? Number.NaN), 14);
      }),
    );
  });

  test('is 1 of any growing image', () => {
    fc.assert(fc.property(pairSamples, ({ stable }) => expect(rankCorrelation(stable, stable.map((score) => 2 * score - 1))).toBeCloseTo(1, 14)));
  });
});

describe('Wilson', () => {
  // R: prop.test(correct = FALSE), for reference/statistics.md.
  test.each([
    [8, 10, 0.4902, 0.9433],
    [113, 1000, 0.0948, 0.1341],
  ])('%d of %d', (hits, trials, lower, upper) => expect(wilsonInterval(hits, trials, 0.95)).toEqual({ value: hits / trials, lower: expect.closeTo(lower, 4), upper: expect.closeTo(upper, 4) }));

  test('of none there is none; at the ends it stays within', () => {
    expect(wilsonInterval(0, 0, 0.95)).toBeUndefined();
    expect(wilsonInterval(0, 20, 0.95)).toMatchObject({ value: 0, lower: 0 });
    expect(wilsonInterval(20, 20, 0.95)).toMatchObject({ value: 1, upper: 1 });
  });

  test('holds the values that a score test does not reject', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }).chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials))), ([hits, trials]) => {
        const found = wilsonInterval(hits, trials, 0.95);
        for (const bound of [found?.lower, found?.upper]) {
          if (bound === undefined || bound === 0 || bound === 1) continue;
          expect(Math.abs(hits / trials - bound) / Math.sqrt((bound * (1 - bound)) / trials)).toBeCloseTo(1.959963984540054, 8);
        }
      }),
    );
  });
});
