import { z } from 'zod';
import { MAX_ENTITY_CHARS } from '../../../contracts/journal.ts';
import type { LabelRecord } from '../../../contracts/journal.ts';
import type { ModelCard } from '../../../contracts/model-card.ts';
import { labelValue, MAX_AHEAD_MS } from '../../feedback/label-check.ts';
import { ID_PROBLEMS, readPredictionId } from '../../prediction-id/prediction-ids.ts';
import type { IdStanding } from '../../prediction-id/prediction-ids.ts';
import { DELIMITERS, malformation } from './csv-parser.ts';
import type { CsvRecord, Delimiter } from './csv-parser.ts';

/** Which columns say what (`spec.labels.import`). */
export type OutcomeMapping = Readonly<{ idColumn: string; outcomeColumn: string; timeColumn: string | undefined }>;

/** What rows are read against. */
export type OutcomeContext = Readonly<{
  labels: Pick<ModelCard['labels'], 'negative' | 'positive'>;
  /** What a prediction id is for the model. */
  standing: (id: string) => IdStanding;
  /**
   * When the file was first seen, epoch milliseconds: what rows without a time are observed at, and what is in the future. An import that goes on where
   * another was cut off makes the same labels so, whatever the time is.
   */
  startedMs: number;
}>;

/** A mistake; `column` where it is in one. */
export type RowProblem = Readonly<{ column?: string; message: string }>;

/** Where the columns are in a record. */
export type OutcomeColumns = Readonly<{ id: number; outcome: number; time: number | undefined; count: number }>;

/** The delimiter with which a header has the columns; a comma where none gives them. */
export function delimiterOf(header: string, { idColumn, outcomeColumn }: OutcomeMapping): Delimiter {
  const wanted = [idColumn, outcomeColumn];
  return DELIMITERS.find((delimiter) => wanted.every((column) => header.split(delimiter).some((name) => unquoted(name) === column))) ?? ',';
}

function unquoted(name: string): string {
  return name.trim().replace(/^"(.*)"$/, '$1').trim();
}

/** Finds the columns in a header; or tells which one is missing, or there twice. */
export function findColumns({ fields }: CsvRecord, mapping: OutcomeMapping): Readonly<{ columns: OutcomeColumns } | { problem: RowProblem }> {
  const names = fields.map((name) => name.trim());
  for (const column of [mapping.idColumn, mapping.outcomeColumn, mapping.timeColumn]) {
    const found = names.filter((name) => name === column).length;
    if (column !== undefined && found !== 1) return { problem: { column, message: found === 0 ? 'the header has no such column' : `the header has this column ${found} times` } };
  }
  const time = mapping.timeColumn === undefined ? undefined : names.indexOf(mapping.timeColumn);
  return { columns: { id: names.indexOf(mapping.idColumn), outcome: names.indexOf(mapping.outcomeColumn), time, count: names.length } };
}

/** The label that a row is, or what is wrong with it. */
export function readOutcome(record: CsvRecord, columns: OutcomeColumns, mapping: OutcomeMapping, context: OutcomeContext): Readonly<{ label: LabelRecord } | { problem: RowProblem }> {
  const message = malformation(record, columns.count);
  if (message !== undefined) return { problem: { message } };
  const cell = (at: number): string => (record.fields[at] ?? '').trim();
  const about = subjectOf(cell(columns.id), context.standing);
  if ('message' in about) return { problem: { column: mapping.idColumn, message: about.message } };
  const positive = outcomeOf(cell(columns.outcome), context.labels);
  if (positive === undefined) return { problem: { column: mapping.outcomeColumn, message: `is neither ${JSON.stringify(context.labels.positive)} nor ${JSON.stringify(context.labels.negative)}, nor 1, 0, true or false` } };
  const observed = columns.time === undefined ? { ms: context.startedMs } : observedAt(cell(columns.time), context.startedMs);
  if ('message' in observed) return { problem: { ...(mapping.timeColumn === undefined ? {} : { column: mapping.timeColumn }), message: observed.message } };
  const times = { observedAt: new Date(observed.ms).toISOString(), receivedAt: new Date(context.startedMs).toISOString() };
  return { label: { schemaVersion: 1, ...about, label: positive, ...times, source: 'import' } };
}

const WORDS: ReadonlyMap<string, boolean> = new Map([['1', true], ['true', true], ['0', false], ['false', false]]);

/** What a cell says: the class labels of the model first, as they may be numbers, too; else 1, 0, true or false. Undefined: none of them. */
export function outcomeOf(text: string, labels: OutcomeContext['labels']): boolean | undefined {
  return labelValue(text, labels) ?? WORDS.get(text.toLowerCase());
}

/** A prediction id where it has the form of one, else a customer. */
function subjectOf(text: string, standing: OutcomeContext['standing']): Readonly<{ id: string } | { entity: string } | { message: string }> {
  if (text === '') return { message: 'is empty' };
  if (readPredictionId(text) === undefined) return text.length > MAX_ENTITY_CHARS ? { message: `has more than ${MAX_ENTITY_CHARS} characters` } : { entity: text };
  const found = standing(text);
  return found === 'Own' ? { id: text } : { message: ID_PROBLEMS[found] };
}

const DAY = z.iso.date();
const INSTANT = z.iso.datetime({ offset: true, local: true });
const DAY_END_MS = 86_399_999;
const HAS_ZONE = /(?:Z|[+-]\d{2}:?\d{2})$/;

/** A day means its end: who left on the day of a prediction left after it. Without a time zone it is UTC. */
function observedAt(text: string, startedMs: number): Readonly<{ ms: number } | { message: string }> {
  if (DAY.safeParse(text).success) {
    const dayMs = Date.parse(`${text}T00:00:00Z`);
    return dayMs > startedMs ? { message: 'is in the future' } : { ms: dayMs + DAY_END_MS };
  }
  const instant = text.replace(/^(\d{4}-\d{2}-\d{2}) /, '$1T');
  if (!INSTANT.safeParse(instant).success) return { message: 'is no time: write 2026-11-21, 2026-11-21 07:00:00 (UTC) or 2026-11-21T07:00:00+01:00' };
  const ms = Date.parse(HAS_ZONE.test(instant.slice(10)) ? instant : `${instant}Z`);
  return ms > startedMs + MAX_AHEAD_MS ? { message: 'is in the future' } : { ms };
}
