import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { countsOf, estimateAuc, estimatePair, type PairEstimate } from '../../../statistics/delong.ts';
import { rocAuc } from '../../../statistics/roc-auc.ts';
import { InvalidSample, type PairedScores } from '../../../statistics/sample.ts';
import { pairedTest } from '../../../statistics/paired-test.ts';
import { TINY, TINY_CURVES, TINY_PAIR } from '../../oracles/proc.ts';
import { pairSamples, pairsOf } from './samples.ts';

type Estimated = Extract<PairEstimate, { state: 'Estimated' }>;

function estimated(pairs: PairedScores): Estimated {
  const found = estimatePair(pairs);
  if (found.state !== 'Estimated') throw new Error(found.reason);
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function psi(scores: Readonly<Float64Array>, i: number, j: number): number {
  const [x, y] = [scores[i] ?? 0, scores[j] ?? 0];
  return x > y ? 1 : x === y ? 0.5 : 0;
}

/** The textbook: every positive against every negative, O(m n). */
function byDefinition({ positive, stable, candidate }: PairedScores) {
  const indices = [...positive.keys()];
  const [yes, no] = [indices.filter((index) => positive[index] === 1), indices.filter((index) => positive[index] === 0)];
  const v10 = (scores: Readonly<Float64Array>) => yes.map((i) => mean(no.map((j) => psi(scores, i, j))));
  const v01 = (scores: Readonly<Float64Array>) => no.map((j) => mean(yes.map((i) => psi(scores, i, j))));
  const covariance = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, index) => sum + (value - mean(a)) * ((b[index] ?? 0) - mean(b)), 0) / (a.length - 1) / a.length;
  const between = (a: Readonly<Float64Array>, b: Readonly<Float64Array>): number => covariance(v10(a), v10(b)) + covariance(v01(a), v01(b));
  return {
    stable: { value: mean(v10(stable)), variance: between(stable, stable) },
    candidate: { value: mean(v10(candidate)), variance: between(candidate, candidate) },
    covariance: between(stable, candidate),
  };
}

describe("pROC's values", () => {
  const found = estimated(pairsOf(TINY.positive, TINY.b, TINY.a));
  const test1 = pairedTest(found.difference);
  test.each([
    ['AUC a', found.candidate.value, TINY_CURVES.a.auc],
    ['variance a', found.candidate.variance, TINY_CURVES.a.variance],
    ['AUC b', found.stable.value, TINY_CURVES.b.auc],
    ['variance b', found.stable.variance, TINY_CURVES.b.variance],
    ['covariance', found.covariance, TINY_PAIR.covariance],
    ['z', test1?.z, TINY_PAIR.z],
    ['p', test1?.p, TINY_PAIR.p],
  ])('%s', (_, ours, theirs) => expect(ours).toBeCloseTo(theirs, 14));
});

test('equals the definition over all pairs, ties half', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const [ours, theirs] = [estimated(pairs), byDefinition(pairs)];
      expect(ours.stable.value).toBeCloseTo(theirs.stable.value, 13);
      expect(ours.candidate.value).toBeCloseTo(theirs.candidate.value, 13);
      expect(ours.stable.variance).toBeCloseTo(theirs.stable.variance, 14);
      expect(ours.candidate.variance).toBeCloseTo(theirs.candidate.variance, 14);
      expect(ours.covariance).toBeCloseTo(theirs.covariance, 14);
      expect(ours.difference.value).toBeCloseTo(theirs.candidate.value - theirs.stable.value, 13);
      expect(ours.difference.variance).toBeCloseTo(theirs.stable.variance + theirs.candidate.variance - 2 * theirs.covariance, 14);
    }),
  );
});

test('only the order of scores matters', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      expect(estimatePair({ ...pairs, candidate: pairs.candidate.map((score) => 4 * score - 8) })).toEqual(estimatePair(pairs));
      const ranks = Float64Array.from(pairs.stable, (score) => new Set(pairs.stable.filter((other) => other < score)).size);
      expect(estimatePair({ ...pairs, stable: ranks })).toEqual(estimatePair(pairs));
    }),
  );
});

test('turning all scores round turns the AUC round and keeps the variance', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const [ours, turned] = [estimated(pairs), estimated({ ...pairs, candidate: pairs.candidate.map((score) => -score) })];
      expect(turned.candidate.value).toBeCloseTo(1 - ours.candidate.value, 14);
      expect(turned.candidate.variance).toBeCloseTo(ours.candidate.variance, 14);
      expect(turned.covariance).toBeCloseTo(-ours.covariance, 14);
    }),
  );
});

test('stable and candidate in each other\'s place: the difference changes its sign and nothing else', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const [ours, swapped] = [estimated(pairs), estimated({ ...pairs, stable: pairs.candidate, candidate: pairs.stable })];
      expect(swapped.difference.value + ours.difference.value).toBe(0);
      expect(swapped.difference.variance).toBe(ours.difference.variance);
      expect(swapped.covariance).toBeCloseTo(ours.covariance, 15);
      expect(swapped.stable).toEqual(ours.candidate);
    }),
  );
});

test('one version by itself is what it is in a pair, and its AUC is rocAuc', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const alone = estimateAuc({ positive: pairs.positive, scores: pairs.stable });
      expect(alone).toEqual({ state: 'Estimated', ...estimated(pairs).stable });
      expect(rocAuc([...pairs.stable], [...pairs.positive].map((label) => label === 1))).toBe(estimated(pairs).stable.value);
    }),
  );
});

describe('where the variance is nothing but 0', () => {
  test.each([
    { name: 'perfect', stable: [0.1, 0.2, 0.8, 0.9], value: 1 },
    { name: 'reversed', stable: [0.9, 0.8, 0.2, 0.1], value: 0 },
    { name: 'constant', stable: [0.3, 0.3, 0.3, 0.3], value: 0.5 },
  ])('$name', ({ stable, value }) => expect(estimated(pairsOf([0, 0, 1, 1], stable)).stable).toEqual({ value, variance: 0 }));

  test('versions that rank alike: no rest of a subtraction', () => {
    fc.assert(
      fc.property(pairSamples, (pairs) => {
        expect(estimated({ ...pairs, candidate: pairs.stable.map((score) => score / 2) }).difference).toEqual({ value: 0, variance: 0 });
      }),
    );
  });
});

describe('too few of a class', () => {
  test.each([
    { name: 'nothing', positive: [], reason: 'TooFewPositives' },
    { name: 'no positives', positive: [0, 0, 0], reason: 'TooFewPositives' },
    { name: 'one positive', positive: [0, 1, 0], reason: 'TooFewPositives' },
    { name: 'one negative', positive: [1, 1, 0], reason: 'TooFewNegatives' },
    { name: 'no negatives', positive: [1, 1, 1], reason: 'TooFewNegatives' },
  ])('$name', ({ positive, reason }) => {
    const scores = positive.map((_, index) => index / 4);
    expect(estimatePair(pairsOf(positive, scores))).toEqual({ state: 'Undefined', reason });
    expect(estimateAuc({ positive: Uint8Array.from(positive), scores: Float64Array.from(scores) })).toEqual({ state: 'Undefined', reason });
  });
});

test.each([
  { name: 'a label short', pairs: pairsOf([0, 1], [0.1, 0.2, 0.3]), code: 'LengthsDiffer', says: '2 labels and 3 stable: expected one a label' },
  { name: 'a score short', pairs: pairsOf([0, 1], [0.1, 0.2], [0.1]), code: 'LengthsDiffer', says: '2 labels and 1 candidate: expected one a label' },
  { name: 'NaN', pairs: pairsOf([0, 1], [0.1, 0.2], [0.1, Number.NaN]), code: 'ScoreNotFinite', says: 'candidate[1] is NaN: expected a finite number' },
  { name: 'infinite', pairs: pairsOf([0, 1], [Number.NEGATIVE_INFINITY, 0.2]), code: 'ScoreNotFinite', says: 'stable[0] is -Infinity: expected a finite number' },
  { name: 'no label', pairs: pairsOf([0, 2], [0.1, 0.2]), code: 'LabelNotBinary', says: 'positive[1] is 2: expected 1 (it happened) or 0' },
])('refused by name: $name', ({ pairs, code, says }) => {
  let thrown: unknown;
  try {
    estimatePair(pairs);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InvalidSample);
  expect(thrown).toMatchObject({ code, message: says });
});

test('labels are counted', () => expect(countsOf(pairsOf([0, 1, 1, 0, 1], [1, 2, 3, 4, 5]))).toEqual({ rows: 5, positives: 3, negatives: 2 }));
