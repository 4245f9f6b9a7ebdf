import { createReadStream } from 'node:fs';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { entityName } from '../../../contracts/journal.ts';
import type { ModelCard } from '../../../contracts/model-card.ts';
import { CsvParser, DELIMITERS, malformation, UnreadableCsv } from '../outcomes/csv-parser.ts';
import type { CsvRecord, Delimiter } from '../outcomes/csv-parser.ts';
import { outcomeOf } from '../outcomes/outcome-rows.ts';

/** Whose columns a labelled set must have. */
export type LabelledSetCards = Readonly<{ candidate: Pick<ModelCard, 'inputs' | 'entity' | 'labels'>; stable: Pick<ModelCard, 'inputs' | 'entity'> | undefined }>;

/** A row of a labelled set. `cells` are those of the header's columns, as they stand in the file. */
export type LabelledRow = Readonly<{ row: number; entity: string | undefined; positive: boolean | undefined; cells: readonly string[]; problem: string | undefined }>;

/** Where columns are, by name; `outcome` is the one that says what happened. */
type Header = Readonly<{ columns: ReadonlyMap<string, number>; delimiter: Delimiter; outcome: string; entity: string | undefined }>;

const LISTED = 5;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * A labelled set on this machine's disk: CSV as outcome files are, with the raw columns of the model, its entity column, and the column that
 * its card names as the label (or, where it has none of that name, `spec.labels.import.outcomeColumn`). It can be read more than once;
 * memory is that of a row.
 */
export class LabelledSet {
  readonly #path: string;
  readonly #cards: LabelledSetCards;
  readonly #header: Header;

  private constructor(path: string, cards: LabelledSetCards, header: Header) {
    this.#path = path;
    this.#cards = cards;
    this.#header = header;
  }

  /** @throws ChurnOpsError DatasetInvalid naming the columns that are missing */
  static async open(path: string, cards: LabelledSetCards, outcomeColumn: string | undefined): Promise<LabelledSet> {
    return new LabelledSet(path, cards, headerOf(await firstLine(path), cards, outcomeColumn));
  }

  /** Name of the column that says what happened. */
  get outcomeColumn(): string {
    return this.#header.outcome;
  }

  /** All rows, in the order of the file. @throws ChurnOpsError DatasetInvalid where it cannot be read on */
  async *rows(): AsyncGenerator<LabelledRow> {
    const { columns, delimiter, outcome, entity } = this.#header;
    const [outcomeAt = -1, entityAt = -1] = [columns.get(outcome), entity === undefined ? undefined : columns.get(entity)];
    let isHeader = true;
    for await (const { row, fields, malformed } of recordsOf(this.#path, delimiter)) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const positive = outcomeOf((fields[outcomeAt] ?? '').trim(), this.#cards.candidate.labels);
      // As it stands there: the trainer hashed it so.
      const name = entityName(fields[entityAt]);
      yield { row, entity: name, positive, cells: fields, problem: malformation({ fields, malformed }, columns.size) ?? this.#missing(positive, name) };
    }
  }

  /** A row as a version takes it: the columns that its card names. A blank cell is a missing value, whatever the column. */
  instance({ cells }: Pick<LabelledRow, 'cells'>, inputs: ModelCard['inputs']): Readonly<Record<string, string | number | null>> {
    const { columns } = this.#header;
    return Object.fromEntries(
      inputs.flatMap(({ name, type }) => {
        const at = columns.get(name);
        return at === undefined ? [] : [[name, rawValue(cells[at] ?? '', type)] as const];
      }),
    );
  }

  #missing(positive: boolean | undefined, name: string | undefined): string | undefined {
    const { outcome, entity } = this.#header;
    const { negative, positive: yes } = this.#cards.candidate.labels;
    if (positive === undefined) return `${outcome} is neither ${JSON.stringify(yes)} nor ${JSON.stringify(negative)}, nor 1, 0, true or false`;
    return entity !== undefined && name === undefined ? `${entity} is empty or too long` : undefined;
  }
}

/** What is no number is left as it is: the pod says what it thinks of it. */
function rawValue(cell: string, type: 'number' | 'category'): string | number | null {
  const text = cell.trim();
  if (text === '') return null;
  return type === 'number' && NUMBER.test(text) ? Number(text) : type === 'number' ? text : cell;
}

function headerOf(line: string, cards: LabelledSetCards, outcomeColumn: string | undefined): Header {
  const { candidate, stable } = cards;
  const parsed = DELIMITERS.map((delimiter) => ({ delimiter, names: namesOf(line, delimiter) })).toSorted((a, b) => b.names.length - a.names.length)[0];
  const [names, delimiter] = [parsed?.names ?? [], parsed?.delimiter ?? ','] as const;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ChurnOpsError('DatasetInvalid', `The labelled set has the column ${twice} twice.`);
  const entities = [...new Set([candidate.entity?.column, stable?.entity?.column].filter((name) => name !== undefined))];
  const needed = [candidate.inputs, stable?.inputs ?? []].flatMap((inputs) => inputs.filter(({ missing }) => missing.policy === 'Refuse').map(({ name }) => name));
  const missing = [...new Set([...needed, ...entities])].filter((name) => !names.includes(name));
  const outcome = [candidate.labels.column, outcomeColumn].find((name) => name !== undefined && names.includes(name));
  if (outcome === undefined) missing.push(candidate.labels.column);
  if (outcome === undefined || missing.length > 0) {
    throw new ChurnOpsError('DatasetInvalid', `The labelled set lacks the columns ${missing.slice(0, LISTED).join(', ')}${missing.length > LISTED ? ` and ${missing.length - LISTED} more` : ''}.`);
  }
  return { columns: new Map(names.map((name, at) => [name, at])), delimiter, outcome, entity: entities[0] };
}

function namesOf(line: string, delimiter: Delimiter): readonly string[] {
  const parser = new CsvParser(delimiter);
  try {
    const [header] = [...parser.push(line), ...parser.end()];
    return (header?.fields ?? []).map((name) => name.trim());
  } catch {
    return [];
  }
}

async function firstLine(path: string): Promise<string> {
  let text = '';
  for await (const piece of decoded(path)) {
    text += piece;
    if (/[\r\n]/.test(text)) break;
  }
  return text.split(/[\r\n]/, 1)[0] ?? '';
}

async function* recordsOf(path: string, delimiter: Delimiter): AsyncGenerator<CsvRecord> {
  const parser = new CsvParser(delimiter);
  try {
    for await (const text of decoded(path)) yield* parser.push(text);
    yield* parser.end();
  } catch (thrown) {
    if (thrown instanceof UnreadableCsv) throw new ChurnOpsError('DatasetInvalid', `Row ${thrown.row} of the labelled set: ${thrown.message}.`, { cause: thrown });
    throw thrown;
  }
}

/** A byte order mark is none of the text. @throws ChurnOpsError DatasetInvalid for what is not UTF-8 */
async function* decoded(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk: Uint8Array | undefined): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new ChurnOpsError('DatasetInvalid', 'The labelled set is not UTF-8.', { cause });
    }
  };
  for await (const chunk of createReadStream(path)) if (chunk instanceof Uint8Array) yield decode(chunk);
  yield decode(undefined);
}
