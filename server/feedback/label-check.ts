import { z } from 'zod';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorDetail } from '../../contracts/error-catalogue.ts';
import { entityName, MAX_ENTITY_CHARS } from '../../contracts/journal.ts';
import type { LabelRecord } from '../../contracts/journal.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { MAX_ROWS } from '../../contracts/prediction.ts';
import { ID_PROBLEMS } from '../prediction-id/prediction-ids.ts';
import type { IdStanding } from '../prediction-id/prediction-ids.ts';
import { kindOf } from '../validation/column-check.ts';

/** Clocks of callers may be as far ahead. */
export const MAX_AHEAD_MS = 60_000;
const MAX_DETAILS = 20;
const FIELDS: ReadonlySet<string> = new Set(['id', 'entity', 'label', 'observedAt']);

/** What labels are checked against. */
export type LabelContext = Readonly<{
  labels: Pick<ModelCard['labels'], 'negative' | 'positive'>;
  standing: (id: string) => IdStanding;
  /** Whether predictions in the journal name customers: only then a label can find one by its customer. */
  customers: boolean;
  nowMs: number;
}>;

type Problem = Readonly<{ field: string; message: string }>;
type Checked = Readonly<{ label: LabelRecord } | { problems: readonly Problem[] }>;

/**
 * The labels of a feedback body, all or none: who gets an answer knows that it is about all of them.
 * @throws ChurnOpsError TooManyRows; InvalidLabels with the place of each mistake, never with its value
 */
export function checkLabels(body: unknown, context: LabelContext): readonly LabelRecord[] {
  const rows = typeof body === 'object' && body !== null && !Array.isArray(body) ? Reflect.get(body, 'labels') : undefined;
  if (!Array.isArray(rows) || rows.length === 0) {
    const details = [{ path: 'labels', message: `expected an array of labels, got ${Array.isArray(rows) ? 'an empty one' : kindOf(rows)}` }];
    throw new ChurnOpsError('InvalidLabels', 'The body has no labels.', { details });
  }
  if (rows.length > MAX_ROWS) throw new ChurnOpsError('TooManyRows', `"labels" has ${rows.length} rows.`);
  const known = new Map<string, boolean>();
  const labels: LabelRecord[] = [];
  const details: ErrorDetail[] = [];
  let problems = 0;
  for (const [index, row] of rows.entries()) {
    const checked = checkLabel(row, context);
    const found = 'problems' in checked ? checked.problems : contradiction(checked.label, known);
    for (const { field, message } of found) {
      problems += 1;
      if (details.length < MAX_DETAILS) details.push({ path: `labels[${index}]${field === '' ? '' : `.${field}`}`, message });
    }
    if ('label' in checked) labels.push(checked.label);
  }
  if (problems === 0) return labels;
  const told = problems > details.length ? `; the first ${details.length} are listed` : '';
  throw new ChurnOpsError('InvalidLabels', `${problems === 1 ? 'One label is wrong' : `${problems} things are wrong${told}`}.`, { details });
}

function checkLabel(row: unknown, { labels, standing, customers, nowMs }: LabelContext): Checked {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { problems: [{ field: '', message: `expected an object with id or entity, label and observedAt, got ${kindOf(row)}` }] };
  const given = new Map<string, unknown>(Object.entries(row));
  const problems: Problem[] = [];
  const report = (field: string, message: string): void => void problems.push({ field, message });
  for (const field of given.keys()) if (!FIELDS.has(field)) report(field.length > 64 ? '' : field, 'is no field of a label: id, entity, label and observedAt are');
  const id = idOf(given.get('id'), standing, report);
  const entity = entityOf(given.get('entity'), report);
  if (given.get('id') === undefined) {
    if (given.get('entity') === undefined) report('', 'has neither id nor entity');
    else if (!customers) report('entity', 'names nobody: predictions of this model name no customers; send the id of the prediction');
  }
  const label = labelValue(given.get('label'), labels);
  if (label === undefined) report('label', `expected true, false, ${JSON.stringify(labels.positive)} or ${JSON.stringify(labels.negative)}, got ${given.get('label') === undefined ? 'nothing' : 'something else'}`);
  const observedMs = instantOf(given.get('observedAt'), nowMs, report);
  if (label === undefined || observedMs === undefined || problems.length > 0) return { problems };
  const times = { observedAt: new Date(observedMs).toISOString(), receivedAt: new Date(nowMs).toISOString() };
  return { label: { schemaVersion: 1, ...(id === undefined ? {} : { id }), ...(entity === undefined ? {} : { entity }), label, ...times, source: 'feedback' } };
}

function idOf(given: unknown, standing: LabelContext['standing'], report: (field: string, message: string) => void): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string') {
    report('id', `expected a prediction id, got ${kindOf(given)}`);
    return undefined;
  }
  const found = standing(given);
  if (found !== 'Own') report('id', ID_PROBLEMS[found]);
  return given;
}

function entityOf(given: unknown, report: (field: string, message: string) => void): string | undefined {
  if (given === undefined) return undefined;
  const entity = entityName(given);
  if (entity === undefined) report('entity', `expected a text of 1 to ${MAX_ENTITY_CHARS} characters, or a number`);
  return entity;
}

/** Whether a value stands for the positive class; undefined where it is no label. */
export function labelValue(given: unknown, { negative, positive }: LabelContext['labels']): boolean | undefined {
  if (typeof given === 'boolean') return given;
  const text = typeof given === 'number' ? String(given) : given;
  return text === positive ? true : text === negative ? false : undefined;
}

const RFC_3339 = z.iso.datetime({ offset: true });

function instantOf(given: unknown, nowMs: number, report: (field: string, message: string) => void): number | undefined {
  if (given === undefined) return nowMs;
  const parsed = RFC_3339.safeParse(given);
  const ms = parsed.success ? Date.parse(parsed.data) : Number.NaN;
  if (Number.isNaN(ms)) {
    report('observedAt', 'expected an instant with a time zone (RFC 3339), such as 2026-11-21T07:00:00Z');
    return undefined;
  }
  if (ms <= nowMs + MAX_AHEAD_MS) return ms;
  report('observedAt', 'is in the future');
  return undefined;
}

/** Two labels of one request that say different things of the same at the same time: nobody could say which counts. */
function contradiction({ id, entity, label, observedAt }: LabelRecord, known: Map<string, boolean>): readonly Problem[] {
  const key = JSON.stringify([id, id === undefined ? entity : undefined, observedAt]);
  const before = known.get(key);
  known.set(key, label);
  return before === undefined || before === label ? [] : [{ field: 'label', message: 'contradicts an earlier label of this request for the same observedAt' }];
}
