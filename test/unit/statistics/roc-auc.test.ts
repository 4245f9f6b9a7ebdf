import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { rocAuc } from '../../../statistics/roc-auc.ts';

test.each<{ name: string; scores: number[]; positive: number[]; expected: number | undefined }>([
  { name: 'perfect', scores: [0.1, 0.2, 0.8, 0.9], positive: [0, 0, 1, 1], expected: 1 },
  { name: 'reversed', scores: [0.9, 0.8, 0.2, 0.1], positive: [0, 0, 1, 1], expected: 0 },
  { name: 'all tied is chance', scores: [0.5, 0.5, 0.5], positive: [0, 1, 1], expected: 0.5 },
  { name: 'scikit-learn roc_auc_score([0,0,1,1], [.1,.4,.35,.8])', scores: [0.1, 0.4, 0.35, 0.8], positive: [0, 0, 1, 1], expected: 0.75 },
  { name: 'one tie across classes counts half', scores: [0.1, 0.4, 0.4, 0.8], positive: [0, 0, 1, 1], expected: 0.875 },
  { name: 'only one class', scores: [0.1, 0.4], positive: [1, 1], expected: undefined },
  { name: 'nothing', scores: [], positive: [], expected: undefined },
])('$name', ({ scores, positive, expected }) => expect(rocAuc(scores, positive.map((label) => label === 1))).toBe(expected));

test('scores must be finite', () => {
  expect(() => rocAuc([Number.NaN, 1], [true, false])).toThrow(RangeError);
});

const samples = fc.array(fc.record({ score: fc.integer({ min: 0, max: 20 }), positive: fc.boolean() }), { minLength: 2, maxLength: 60 });

test('equals the share of pairs in the right order, ties half', () => {
  fc.assert(
    fc.property(samples, (sample) => {
      const of = (positive: boolean) => sample.filter((entry) => entry.positive === positive).map((entry) => entry.score);
      const pairs = of(true).flatMap((p) => of(false).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
      const expected = pairs.length === 0 ? undefined : pairs.reduce<number>((sum, won) => sum + won, 0) / pairs.length;
      const found = rocAuc(sample.map((entry) => entry.score), sample.map((entry) => entry.positive));
      if (expected === undefined) expect(found).toBeUndefined();
      else expect(found).toBeCloseTo(expected, 12);
    }),
  );
});
