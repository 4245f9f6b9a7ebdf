import type { EvaluationReport } from '../../contracts/reports.ts';
import { TERMINATION_MESSAGE_MAX_BYTES } from '../../contracts/reports.ts';

const LISTED = 3;
/** Shorter than this a message no longer says what is the matter: details go first. */
const MESSAGE_BYTES = 500;

/** What a report can do without, in this order; the evidence file has all of it. */
const STEPS: readonly ((report: EvaluationReport) => EvaluationReport)[] = [
  (report) => withProblems(report, LISTED),
  (report) => withProblems(report, 1),
  (report) => withProblems(report, 0),
  ({ agreement: _agreement, ...report }) => report,
  (report) => ({ ...report, ...(report.stable === undefined ? {} : { stable: withoutCalibration(report.stable) }) }),
  (report) => ({ ...report, ...(report.candidate === undefined ? {} : { candidate: withoutCalibration(report.candidate) }) }),
];

/** The form of at most 3 KiB that goes into the pod's status: less of what is for people, until it fits. */
export function shortReport(report: EvaluationReport): EvaluationReport {
  let short = report;
  for (const step of STEPS) {
    if (sizeOf(short) <= TERMINATION_MESSAGE_MAX_BYTES) return short;
    short = step(short);
  }
  return short;
}

function sizeOf(report: EvaluationReport): number {
  const message = Buffer.byteLength(report.message);
  return Buffer.byteLength(JSON.stringify(report)) - Math.max(0, message - MESSAGE_BYTES);
}

function withProblems(report: EvaluationReport, most: number): EvaluationReport {
  const { replay, import: imported } = report;
  return {
    ...report,
    ...(replay === undefined ? {} : { replay: { ...replay, problems: replay.problems.slice(0, most) } }),
    ...(imported === undefined ? {} : { import: { ...imported, problems: imported.problems.slice(0, most) } }),
  };
}

function withoutCalibration({ calibration: _calibration, ...side }: NonNullable<EvaluationReport['candidate']>): NonNullable<EvaluationReport['candidate']> {
  return side;
}
