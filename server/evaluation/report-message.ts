import type { EvaluationReport } from '../../contracts/reports.ts';
import { clipped, MAX_MESSAGE } from '../report/termination-message.ts';

/** What a message is made of. */
type Told = Pick<EvaluationReport, 'expectedDecisionAt' | 'feedback' | 'replay' | 'import'>;

/** What was found, with what somebody may have to look after: labels that match nothing, files with bad rows, customers left out. */
export function fullMessage(found: string, told: Told): string {
  return clipped([found, ...sentences(told)].join(' '), MAX_MESSAGE);
}

function sentences({ expectedDecisionAt, feedback, replay, import: imported }: Told): readonly string[] {
  const trainedOn = feedback?.trainedOn ?? replay?.trainedOn ?? 0;
  return [
    expectedDecisionAt === undefined ? '' : `Expected to decide about ${expectedDecisionAt.slice(0, 16)}Z.`,
    trainedOn === 0 ? '' : `${trainedOn} customers that a trainer saw are left out.`,
    feedback === undefined || feedback.unmatchedLabels === 0 ? '' : `${feedback.unmatchedLabels} labels match no prediction.`,
    feedback === undefined || feedback.unreadable === 0 ? '' : `${feedback.unreadable} lines or objects of the journal cannot be read.`,
    replay === undefined || replay.unusable === 0 ? '' : `${replay.unusable} rows of the labelled set are left out, ${place(replay.problems[0])}.`,
    imported === undefined || imported.badRows + imported.problems.length === 0 ? '' : `${imported.badRows} rows of outcome files are no labels, ${filePlace(imported.problems[0])}.`,
  ].filter((sentence) => sentence !== '');
}

function place(problem: Readonly<{ row?: number | undefined; column?: string | undefined; message: string }> | undefined): string {
  if (problem === undefined) return 'see the evidence';
  return `the first of them row ${problem.row ?? '?'}${problem.column === undefined ? '' : ` (${problem.column})`}: ${clipped(problem.message, 120)}`;
}

function filePlace(problem: NonNullable<EvaluationReport['import']>['problems'][number] | undefined): string {
  if (problem === undefined) return 'see the evidence';
  const where = problem.row === undefined ? '' : `, row ${problem.row}`;
  return `the first in ${clipped(problem.file, 120)}${where}${problem.column === undefined ? '' : ` (${problem.column})`}: ${clipped(problem.message, 120)}`;
}
