import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { calibrationLine, type CalibrationLine } from '../../../statistics/calibration-line.ts';
import { calibrationOf } from '../../../statistics/calibration.ts';
import { expit, logit } from '../../../statistics/interval.ts';
import { InvalidSample, type LabelledScores } from '../../../statistics/sample.ts';
import { TINY, TINY_CALIBRATION } from '../../oracles/proc.ts';
import { pairSamples } from './samples.ts';

function sampleOf(positive: readonly number[], scores: readonly number[]): LabelledScores {
  return { positive: Uint8Array.from(positive), scores: Float64Array.from(scores) };
}

test('the tiny set', () => {
  const found = calibrationOf(sampleOf(TINY.positive, TINY.a));
  const { brier, logLoss, expectedCalibrationError } = TINY_CALIBRATION;
  expect(found).toMatchObject({ brier: expect.closeTo(brier, 14), logLoss: expect.closeTo(logLoss, 14), expectedCalibrationError: expect.closeTo(expectedCalibrationError, 14) });
});

test('a probability on an edge is in the bin above, 1 in the last', () => {
  const found = calibrationOf(sampleOf([0, 1, 0, 1, 1, 1], [0, 0.3, 0.6, 0.7, 0.8999, 1]));
  expect(found?.bins.map(({ lower, upper, rows }) => [lower, upper, rows])).toEqual([[0, 0.1, 1], [0.3, 0.4, 1], [0.6, 0.7, 1], [0.7, 0.8, 1], [0.8, 0.9, 1], [0.9, 1, 1]]);
});

test('bins of equally many customers keep those of one probability together', () => {
  // 20 customers: 15 with 0.02, of whom 3 left; 5 with 0.5, of whom 3 left. |3/15 - 0.02| 15/20 + |3/5 - 0.5| 5/20.
  const scores = [...Array.from({ length: 15 }, () => 0.02), ...Array.from({ length: 5 }, () => 0.5)];
  const found = calibrationOf(sampleOf(scores.map((_, index) => (index % 5 === 0 ? 1 : index >= 18 ? 1 : 0)), scores));
  expect(found?.equalMassCalibrationError).toBeCloseTo(0.18 * 0.75 + 0.1 * 0.25, 14);
});

test('Brier score is reliability - resolution + uncertainty, where a bin holds one probability', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 50 }), (rows) => {
      const found = calibrationOf(sampleOf(rows.map(([, y]) => y), rows.map(([tenth]) => tenth / 10 + 0.05)));
      expect(found?.murphy.withinBins).toBeCloseTo(0, 14);
    }),
  );
});

test('certain and wrong: the log loss is finite', () => {
  expect(calibrationOf(sampleOf([1, 0], [0, 1]))?.logLoss).toBeCloseTo(52 * Math.log(2), 12);
});

test('of nothing there is no calibration; of probabilities that are all 0 no ratio', () => {
  expect(calibrationOf(sampleOf([], []))).toBeUndefined();
  expect(calibrationOf(sampleOf([1, 0], [0, 0]))).toMatchObject({ observedToExpected: undefined, line: { state: 'Undefined', reason: 'ConstantScores' } });
});

test.each([-0.1, 1.1])('%d is no probability', (score) => {
  expect(() => calibrationOf(sampleOf([1, 0], [0.5, score]))).toThrow(InvalidSample);
  expect(() => calibrationOf(sampleOf([1, 0], [0.5, score]))).toThrow(`scores[1] is ${score}: expected a probability from 0 to 1`);
});

describe('calibration line', () => {
  test.each<{ name: string; positive: number[]; scores: number[]; reason: Extract<CalibrationLine, { state: 'Undefined' }>['reason'] }>([
    { name: 'nothing', positive: [], scores: [], reason: 'OneClass' },
    { name: 'one class', positive: [1, 1], scores: [0.2, 0.4], reason: 'OneClass' },
    { name: 'one probability', positive: [1, 0, 1], scores: [0.4, 0.4, 0.4], reason: 'ConstantScores' },
    { name: 'classes apart', positive: [0, 0, 1, 1], scores: [0.1, 0.2, 0.3, 0.4], reason: 'PerfectSeparation' },
    { name: 'classes apart, the wrong way round', positive: [1, 1, 0, 0], scores: [0.1, 0.2, 0.3, 0.4], reason: 'PerfectSeparation' },
    { name: 'classes that touch', positive: [0, 0, 1, 1], scores: [0.1, 0.3, 0.3, 0.4], reason: 'PerfectSeparation' },
  ])('$name', ({ positive, scores, reason }) => expect(calibrationLine(sampleOf(positive, scores))).toEqual({ state: 'Undefined', reason }));

  test('a fit exists where the classes overlap, certain probabilities or not, and the likelihood is flat there', () => {
    const hard = fc.oneof(fc.constantFrom(0, 1, 1e-13, 0.5), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(0, 1), hard), { maxLength: 30 }), (rows) => {
        const sample = sampleOf(rows.map(([y]) => y), rows.map(([, p]) => p));
        const line = calibrationLine(sample);
        if (line.state === 'Undefined') {
          expect(line.reason).not.toBe('NotConverged');
          return;
        }
        const rest = rows.map(([y, p]) => {
          const x = logit(Math.min(1 - 2 ** -52, Math.max(2 ** -52, p)));
          return { rest: y - expit(line.intercept + line.slope * x), x };
        });
        expect(rest.reduce((sum, each) => sum + each.rest, 0)).toBeCloseTo(0, 6);
        expect(rest.reduce((sum, each) => sum + each.rest * each.x, 0)).toBeCloseTo(0, 5);
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  test('probabilities stretched in log-odds give the inverse line', () => {
    fc.assert(
      fc.property(pairSamples, fc.constantFrom(0.5, 2), (pairs, factor) => {
        const scores = pairs.stable.map((p) => 0.05 + 0.9 * p);
        const [line, stretched] = [calibrationLine({ positive: pairs.positive, scores }), calibrationLine({ positive: pairs.positive, scores: scores.map((p) => expit(factor * logit(p))) })];
        if (line.state !== 'Fitted' || stretched.state !== 'Fitted') return;
        expect(stretched.slope * factor).toBeCloseTo(line.slope, 6);
        expect(stretched.intercept).toBeCloseTo(line.intercept, 6);
      }),
    );
  });
});
