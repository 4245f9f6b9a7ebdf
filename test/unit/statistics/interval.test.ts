import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Counts } from '../../../statistics/delong.ts';
import { anyLook, aucInterval, chanceBelow, differenceInterval, exactInterval, expit, logit, oneLook, TUNED_FOR_LABELS } from '../../../statistics/interval.ts';
import { TINY_CURVES, TINY_PAIR } from '../../oracles/proc.ts';

const tiny: Counts = { rows: 12, positives: 5, negatives: 7 };
/** pROC's 95 % are two-sided: 97.5 % each. */
const twoSided95 = oneLook(0.975);

test.each(['a', 'b'] as const)("the logit interval of the tiny set is pROC's: %s", (name) => {
  const { auc, variance, logitInterval } = TINY_CURVES[name];
  const { lower, upper } = aucInterval({ value: auc, variance }, tiny, twoSided95);
  expect([lower, upper]).toEqual([expect.closeTo(logitInterval[0], 13), expect.closeTo(logitInterval[1], 13)]);
});

test("the interval of the tiny set's difference is pROC's", () => {
  const [a, b] = [TINY_CURVES.a, TINY_CURVES.b];
  const { lower, upper } = differenceInterval({ value: a.auc - b.auc, variance: a.variance + b.variance - 2 * TINY_PAIR.covariance }, tiny, twoSided95);
  expect([lower, upper]).toEqual([expect.closeTo(TINY_PAIR.differenceInterval[0], 13), expect.closeTo(TINY_PAIR.differenceInterval[1], 13)]);
});

/** The radius as the paper has it: of a mean, for a variance of 1 of one observation. */
function paper(labels: number, alpha: number): number {
  const a = 2 * alpha;
  const squaredRho = (-2 * Math.log(a) + Math.log(-2 * Math.log(a) + 1)) / TUNED_FOR_LABELS;
  return Math.sqrt(((2 * (labels * squaredRho + 1)) / (labels ** 2 * squaredRho)) * Math.log(1 + Math.sqrt(labels * squaredRho + 1) / (2 * alpha)));
}

describe('confidence sequence', () => {
  test.each([100, 1000, 5000, 1_000_000])('the radius at %d labels is that of the paper', (labels) => {
    // Standard errors of a mean are sigma / sqrt(n).
    expect(anyLook(0.95).width(labels) / Math.sqrt(labels)).toBeCloseTo(paper(labels, 0.05), 14);
  });

  test('wider than one look, and never twice as wide where a gate decides', () => {
    const [any, one] = [anyLook(0.95), oneLook(0.95)];
    for (let labels = 300; labels <= 10_000; labels += 100) {
      expect(any.width(labels)).toBeGreaterThan(one.width(labels));
      expect(any.width(labels)).toBeLessThan(2 * one.width(labels));
    }
  });

  test.each([0.5, 0.51, 0.75, 0.9, 0.999])('confidence %d: finite, and more labels give a narrower interval', (confidence) => {
    const { width } = anyLook(confidence);
    let before = Number.POSITIVE_INFINITY;
    for (const labels of [1, 2, 10, 100, 1000, 100_000]) {
      const radius = width(labels) / Math.sqrt(labels);
      expect(radius).toBeGreaterThan(0);
      expect(radius).toBeLessThan(before);
      before = radius;
    }
  });
});

describe('all comparisons alike: exact bounds', () => {
  const counts: Counts = { rows: 189, positives: 50, negatives: 139 };
  // 0.05 ** (1 / 50), by hand: exp(ln(0.05) / 50).
  const p = 0.9418449;
  test.each([
    { name: 'AUC 1', value: 1, lower: p, upper: 1 },
    { name: 'AUC 0', value: 0, lower: 0, upper: 1 - p },
    { name: 'all tied', value: 0.5, lower: p / 2, upper: 1 - p / 2 },
  ])('$name', ({ value, lower, upper }) => {
    const found = aucInterval({ value, variance: 0 }, counts, oneLook(0.95));
    expect(found).toEqual({ value, lower: expect.closeTo(lower, 6), upper: expect.closeTo(upper, 6) });
  });

  test('versions that rank alike need 149 positives to be within 0.02 of each other', () => {
    const lower = [148, 149].map((positives) => differenceInterval({ value: 0, variance: 0 }, { rows: 1000, positives, negatives: 1000 - positives }, oneLook(0.95)).lower);
    expect(lower.map((bound) => bound > -0.02)).toEqual([false, true]);
  });

  test('the bound is wrong in at most alpha of all samples: by the chance that k comparisons are all in order', () => {
    for (const auc of [0.5, 0.8, 0.94, 0.99]) {
      for (const k of [1, 2, 10, 50, 400]) {
        const { lower } = exactInterval(1, { lowest: 0, highest: 1 }, { rows: 2 * k, positives: k, negatives: k }, 0.05);
        if (lower > auc) expect(auc ** k).toBeLessThanOrEqual(0.05);
      }
    }
  });
});

const estimates = fc.record({ value: fc.double({ min: 0.001, max: 0.999, noNaN: true }), variance: fc.double({ min: 1e-12, max: 0.25, noNaN: true }) });
const counts: Counts = { rows: 1000, positives: 265, negatives: 735 };

test('bounds lie round the estimate and within the range, narrower with less confidence', () => {
  fc.assert(
    fc.property(estimates, fc.constantFrom(oneLook, anyLook), (estimate, look) => {
      const [wide, narrow] = [aucInterval(estimate, counts, look(0.95)), aucInterval(estimate, counts, look(0.8))];
      const ordered = [0, wide.lower, narrow.lower, estimate.value, narrow.upper, wide.upper, 1];
      expect(ordered.toSorted((a, b) => a - b)).toEqual(ordered);
      const difference = differenceInterval({ ...estimate, value: 2 * estimate.value - 1 }, counts, look(0.95));
      expect(difference.lower).toBeGreaterThanOrEqual(-1);
      expect(difference.upper).toBeLessThanOrEqual(1);
    }),
  );
});

test('the chance that the true AUC is below: a half at the estimate, 5 % at the 95 % bound', () => {
  fc.assert(
    fc.property(estimates, (estimate) => {
      expect(chanceBelow(estimate, estimate.value)).toBeCloseTo(0.5, 12);
      const { lower } = aucInterval(estimate, counts, oneLook(0.95));
      if (lower > 1e-300) expect(chanceBelow(estimate, lower)).toBeCloseTo(0.05, 6);
    }),
  );
  expect(chanceBelow({ value: 1, variance: 0 }, 0.8)).toBeUndefined();
});

test('logit and expit undo each other', () => {
  fc.assert(fc.property(fc.double({ min: 1e-10, max: 1 - 1e-10, noNaN: true }), (p) => expect(expit(logit(p))).toBeCloseTo(p, 14)));
  expect([expit(-1000), expit(1000)]).toEqual([0, 1]);
});
