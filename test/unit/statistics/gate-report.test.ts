import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { EvaluationReport, TERMINATION_MESSAGE_MAX_BYTES } from '../../../contracts/reports.ts';
import { evaluatePairs, evaluateVersion } from '../../../statistics/evaluation.ts';
import { pairReport, versionReport } from '../../../statistics/gate-report.ts';
import type { GateRule } from '../../../statistics/gate.ts';
import { TINY } from '../../oracles/proc.ts';
import { pairSamples, pairsOf } from './samples.ts';

const rule: GateRule = { mode: 'LowerBound', confidence: 0.95, minAUC: 0.6, maxRegression: 0.5, minPositives: 5, minNegatives: 5 };
const thresholds = { stable: 0.5, candidate: 0.5 };
const around = { schemaVersion: 1, kind: 'EvaluationReport', candidateHash: 'a'.repeat(64), finishedAt: '2026-11-21T07:00:00.000Z', expectedDecisionAt: '2026-11-30T07:00:00.000Z', report: { path: `s3://${'p'.repeat(507)}`, sha256: 'b'.repeat(64) } };

test('the tiny set', () => {
  const report = pairReport(evaluatePairs(pairsOf(TINY.positive, TINY.b, TINY.a), rule, thresholds), rule);
  expect(report).toMatchObject({
    verdict: 'Inconclusive',
    reason: 'AUCNotProven',
    mode: 'LowerBound',
    confidence: 0.95,
    candidate: { rows: 12, positives: 5, negatives: 7, auc: { value: expect.closeTo(0.842857142857143, 14), variance: expect.closeTo(0.0151020408163265, 14) }, calibration: { brier: expect.closeTo(0.16, 14) } },
    difference: { value: expect.closeTo(-0.042857142857143, 14) },
    missing: { positives: 0, negatives: 0 },
    leaning: 'Pass',
  });
});

test('each side has its own numbers', () => {
  const { candidate, stable } = pairReport(evaluatePairs(pairsOf(TINY.positive, TINY.b, TINY.a), rule, thresholds), rule);
  expect(stable?.auc?.value).toBeCloseTo(0.885714285714286, 14);
  expect(stable?.auc?.variance).toBeCloseTo(0.01, 14);
  expect(candidate.auc?.value).toBeCloseTo(0.842857142857143, 14);
  expect(stable?.calibration?.brier).not.toBe(candidate.calibration?.brier);
});

test('what is undefined is null: a line through scores that separate the classes, a share over nothing', () => {
  const { candidate, stable, agreement } = pairReport(evaluatePairs(pairsOf([0, 0, 1, 1], [0, 0, 0, 0], [0.1, 0.2, 0.8, 0.9]), rule, thresholds), rule);
  expect(candidate.calibration).toMatchObject({ intercept: null, slope: null, observedToExpected: 1 });
  expect(stable?.calibration).toMatchObject({ intercept: null, slope: null, observedToExpected: null });
  expect(agreement?.rankCorrelation).toBeNull();
});

test('a version by itself has no other side', () => {
  const report = versionReport(evaluateVersion({ positive: Uint8Array.from(TINY.positive), scores: Float64Array.from(TINY.a) }, rule), rule);
  expect(Object.keys(report)).not.toEqual(expect.arrayContaining(['stable']));
  expect(EvaluationReport.parse({ ...around, ...report })).toMatchObject({ candidate: { rows: 12 } });
});

test('whatever the sample, the report is a report, survives JSON, and fits a termination message', () => {
  const few = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 0.3, 1), fc.constantFrom(0, 0.5, 1)), { maxLength: 12 }).map((rows) => pairsOf(rows.map(([y]) => y), rows.map(([, a]) => a), rows.map(([, , b]) => b)));
  fc.assert(
    fc.property(fc.oneof(few, pairSamples), fc.constantFrom('Anytime', 'LowerBound', 'Point'), (pairs, mode) => {
      const gate = { ...rule, mode } as const;
      const report = { ...around, ...pairReport(evaluatePairs(pairs, gate, thresholds), gate) };
      const text = JSON.stringify(report);
      expect(EvaluationReport.parse(JSON.parse(text))).toEqual(report);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TERMINATION_MESSAGE_MAX_BYTES);
    }),
  );
});
