import { expect, test } from '@jest/globals';
import { EvaluationReport, TERMINATION_MESSAGE_MAX_BYTES } from '../../../../contracts/reports.ts';
import { shortReport } from '../../../../server/evaluation/short-report.ts';
import { terminationText } from '../../../../server/report/termination-message.ts';

const number = -Math.PI / 10;
const estimate = { value: number, variance: Math.PI / 1e10, lower: number, upper: number };
const calibration = { brier: number, logLoss: number, expectedCalibrationError: number, observedToExpected: number, intercept: number, slope: number };
const side = { rows: 1_000_000, positives: 250_000, negatives: 750_000, auc: estimate, calibration };
const problem = { file: `outcomes/${'f'.repeat(1000)}`, row: 123_456, column: 'c'.repeat(128), message: 'm'.repeat(256) };

/** As long as a report may be. */
const longest: EvaluationReport = {
  schemaVersion: 1,
  kind: 'EvaluationReport',
  candidateHash: 'a'.repeat(64),
  stableHash: 'b'.repeat(64),
  verdict: 'Inconclusive',
  reason: 'RegressionNotExcluded',
  message: 'ü'.repeat(1024),
  labels: 'Feedback',
  mode: 'LowerBound',
  confidence: 0.95,
  candidate: side,
  stable: side,
  difference: estimate,
  agreement: { rankCorrelation: number, maxDifference: number, meanDifference: number, disagreement: { value: number, lower: number, upper: number } },
  missing: { positives: 1000, negatives: 1000, labels: 1_000_000 },
  leaning: 'Pass',
  expectedDecisionAt: '2026-11-21T07:00:00.000Z',
  feedback: { predictions: 1e9, notMatured: 1e9, otherVersion: 1e9, noCandidateScore: 1e9, outsidePopulation: 1e9, superseded: 1e9, trainedOn: 1e9, silent: 1e9, labels: 1e9, unmatchedLabels: 1e9, unreadable: 1e9 },
  import: { files: 1e6, imported: 1e6, rows: 1e9, labels: 1e9, badRows: 1e9, problems: Array.from({ length: 20 }, () => problem) },
  finishedAt: '2026-11-21T07:00:00.000Z',
  report: { path: `s3://${'p'.repeat(507)}`, sha256: 'c'.repeat(64) },
};

test('the longest report fits, with what the operator reads and most of its message', () => {
  const text = terminationText(shortReport(longest));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TERMINATION_MESSAGE_MAX_BYTES);
  const short = EvaluationReport.parse(JSON.parse(text));
  expect(short).toMatchObject({ verdict: 'Inconclusive', reason: 'RegressionNotExcluded', candidate: { rows: 1_000_000, auc: estimate }, difference: estimate, missing: longest.missing, report: longest.report, feedback: longest.feedback });
  expect(short.message.length).toBeGreaterThan(200);
});

test('details go one after the other, the ones for people first', () => {
  const withFile = { ...longest, message: 'short', import: { files: 1, imported: 1, rows: 5, labels: 3, badRows: 2, problems: [problem, problem].map((each) => ({ ...each, file: 'outcomes/a.csv', message: 'is empty' })) } };
  expect(shortReport(withFile)).toMatchObject({ candidate: { calibration }, agreement: longest.agreement });
  const { import: _import, feedback: _feedback, ...plain } = { ...longest, message: 'short' };
  expect(shortReport(plain)).toEqual(plain);
});
