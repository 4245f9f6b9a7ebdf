import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { anyLook, aucInterval, differenceInterval, oneLook } from '../../../statistics/interval.ts';
import { hanleyMcNeilVariance, labelsToReach, requiredLabels, type Goal } from '../../../statistics/required-labels.ts';

// Labels at which AUC - 1.645 SE reaches 0.80 (Hanley & McNeil's SE), rounded to ten: computed with R for reference/statistics.md, section 2.5.
test.each([
  [0.82, 0.265, 1910],
  [0.82, 0.113, 4160],
  [0.84, 0.265, 440],
  [0.84, 0.113, 960],
  [0.86, 0.265, 180],
  [0.86, 0.113, 390],
])('Hanley & McNeil: AUC %d, prevalence %d: the bound reaches 0.80 at %d labels', (auc, prevalence, labels) => {
  const lower = (count: number): number => auc - 1.6448536 * Math.sqrt(hanleyMcNeilVariance(auc, prevalence * count, (1 - prevalence) * count));
  expect(lower(labels - 10)).toBeLessThan(0.8);
  expect(lower(labels + 10)).toBeGreaterThan(0.8);
});

describe('before there are labels', () => {
  const base = { auc: 0.84, minAUC: 0.8, prevalence: 0.265, rule: oneLook(0.95) };
  const labels = (change: Partial<Parameters<typeof requiredLabels>[0]>): number => requiredLabels({ ...base, ...change }) ?? Number.POSITIVE_INFINITY;

  test('more for a rarer outcome, a smaller distance, more power, more looks', () => {
    expect(labels({})).toBeGreaterThan(400);
    expect(labels({})).toBeLessThan(600);
    expect(labels({ prevalence: 0.113 })).toBeGreaterThan(2 * labels({}));
    expect(labels({ auc: 0.82 })).toBeGreaterThan(3 * labels({}));
    expect(labels({ power: 0.8 })).toBeGreaterThan(2 * labels({}));
    expect(labels({ rule: anyLook(0.95) })).toBeGreaterThan(2 * labels({}));
  });

  test.each([{ auc: 0.8 }, { auc: 0.7 }])('none prove what is not there: $auc', (change) => expect(requiredLabels({ ...base, ...change })).toBeUndefined());
});

const counts = { rows: 800, positives: 212, negatives: 588 };
const goals = fc.record({ value: fc.double({ min: 0.05, max: 0.95, noNaN: true }), variance: fc.double({ min: 1e-6, max: 0.01, noNaN: true }), target: fc.double({ min: 0.05, max: 0.95, noNaN: true }) });

test('with so many labels the bound is at the target, with one less it is not', () => {
  fc.assert(
    fc.property(goals, fc.constantFrom(oneLook(0.95), anyLook(0.95)), ({ value, variance, target }, rule) => {
      const goal: Goal = { estimate: { value, variance }, target, range: { lowest: 0, highest: 1 }, scale: 'Logit' };
      const labels = labelsToReach(goal, counts, rule);
      if (labels === undefined || labels === counts.rows) return;
      const reached = (rows: number): boolean => {
        const { lower, upper } = aucInterval({ value, variance: (variance * counts.rows) / rows }, { ...counts, rows }, rule);
        return value > target ? lower >= target - 1e-12 : upper <= target + 1e-12;
      };
      expect(reached(labels)).toBe(true);
      expect(reached(labels - Math.ceil(labels * 1e-9) - 1)).toBe(false);
    }),
  );
});

describe('all comparisons alike', () => {
  const goal: Goal = { estimate: { value: 0, variance: 0 }, target: -0.02, range: { lowest: -1, highest: 1 }, scale: 'Plain' };
  test('149 of the rarer class', () => {
    const labels = labelsToReach(goal, { rows: 200, positives: 53, negatives: 147 }, oneLook(0.95)) ?? Number.NaN;
    // ln(0.05) / ln(0.98) = 148.3 positives, at 53 of 200.
    expect(labels).toBe(Math.ceil((Math.log(0.05) / Math.log(0.98)) * (200 / 53)));
    const positives = labels * (53 / 200);
    expect(differenceInterval(goal.estimate, { rows: labels, positives, negatives: labels - positives }, oneLook(0.95)).lower).toBeGreaterThanOrEqual(-0.02);
  });
  test.each([
    { name: 'perfect, 0.8 to prove', value: 1, target: 0.8, expected: 200 },
    { name: 'perfect, all but 1 to prove', value: 1, target: 1 - 1e-12, expected: undefined },
    { name: 'constant, 0.8 to prove: soon refuted', value: 0.5, target: 0.8, expected: 200 },
    { name: 'reversed', value: 0, target: 0.8, expected: 200 },
    { name: 'perfect, 1 to prove: on the target', value: 1, target: 1, expected: undefined },
  ])('$name', ({ value, target, expected }) =>
    expect(labelsToReach({ estimate: { value, variance: 0 }, target, range: { lowest: 0, highest: 1 }, scale: 'Logit' }, { rows: 200, positives: 53, negatives: 147 }, oneLook(0.95))).toBe(expected));
});

test('on the target itself nobody can say', () => {
  expect(labelsToReach({ estimate: { value: 0.8, variance: 0.001 }, target: 0.8, range: { lowest: 0, highest: 1 }, scale: 'Logit' }, counts, oneLook(0.95))).toBeUndefined();
  expect(labelsToReach({ estimate: { value: 0.8000001, variance: 0.01 }, target: 0.8, range: { lowest: 0, highest: 1 }, scale: 'Logit' }, counts, oneLook(0.95))).toBeUndefined();
});
