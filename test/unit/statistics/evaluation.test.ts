import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { z } from 'zod';
import { evaluatePairs, evaluateVersion } from '../../../statistics/evaluation.ts';
import type { GateRule } from '../../../statistics/gate.ts';
import { compareWithReference, ReferenceMeasures } from '../../oracles/reference.ts';
import { pairSamples, pairsOf } from './samples.ts';

const rule: GateRule = { mode: 'Anytime', confidence: 0.95, minAUC: 0.8, maxRegression: 0.02, minPositives: 10, minNegatives: 10 };
const thresholds = { stable: 0.5, candidate: 0.5 };

const Sample = z.object({
  name: z.string(),
  positive: z.array(z.int()),
  stable: z.array(z.number()),
  candidate: z.array(z.number()),
  thresholds: z.object({ stable: z.number(), candidate: z.number() }),
  expected: ReferenceMeasures,
});
const samples = z.array(Sample).parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../oracles/scikit-learn.json'), 'utf8')));

test.each(samples)('every measure of "$name" is scikit-learn\'s or scipy\'s', (sample) => {
  const found = evaluatePairs(pairsOf(sample.positive, sample.stable, sample.candidate), rule, sample.thresholds);
  expect(compareWithReference(found, sample.expected).filter(({ error }) => !(error < 1e-12))).toEqual([]);
});

test('what is by itself is what it is beside another', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const pair = evaluatePairs(pairs, rule, thresholds);
      const alone = evaluateVersion({ positive: pairs.positive, scores: pairs.candidate }, rule);
      expect(alone.quality).toEqual(pair.candidate);
      expect(alone.counts).toEqual(pair.counts);
    }),
  );
});

test('nothing that leaves is NaN or infinite', () => {
  const numbers = (value: unknown): readonly number[] => (typeof value === 'number' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbers) : []);
  const hard = fc.constantFrom(0, 5e-324, 1e-17, 0.3, 0.5, 1 - 2 ** -53, 1);
  const few = fc.array(fc.tuple(fc.constantFrom(0, 1), hard, hard), { maxLength: 12 }).map((rows) => pairsOf(rows.map(([y]) => y), rows.map(([, a]) => a), rows.map(([, , b]) => b)));
  const loose: GateRule = { ...rule, minPositives: 1, minNegatives: 1 };
  fc.assert(
    fc.property(fc.oneof(few, pairSamples), fc.constantFrom('Anytime', 'LowerBound', 'Point'), fc.constantFrom(0.5, 0.8, 1), fc.constantFrom(0.5, 0.95, 0.999), (pairs, mode, minAUC, confidence) => {
      const gate = { ...loose, mode, minAUC, confidence } as const;
      const found = [evaluatePairs(pairs, gate, thresholds), evaluateVersion({ positive: pairs.positive, scores: pairs.stable }, gate)];
      expect(found.flatMap(numbers).filter((number) => !Number.isFinite(number))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('the order of customers changes nothing but the last digits', () => {
  fc.assert(
    fc.property(pairSamples, (pairs) => {
      const reversed = pairsOf([...pairs.positive].toReversed(), [...pairs.stable].toReversed(), [...pairs.candidate].toReversed());
      const [a, b] = [evaluatePairs(pairs, rule, thresholds), evaluatePairs(reversed, rule, thresholds)];
      expect(b.decision.verdict).toBe(a.decision.verdict);
      expect(b.candidate.auc?.variance).toBeCloseTo(a.candidate.auc?.variance ?? Number.NaN, 15);
      expect(b.candidate.calibration?.brier).toBeCloseTo(a.candidate.calibration?.brier ?? Number.NaN, 15);
      expect(b.agreement?.divergence).toBeCloseTo(a.agreement?.divergence ?? Number.NaN, 13);
    }),
  );
});
