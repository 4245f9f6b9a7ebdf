import type { LabelRecord } from '../../../contracts/journal.ts';
import { MAX_IMPORT_PROBLEMS } from '../../../contracts/outcome-import.ts';
import { systemCode } from '../../../platform/object-store/file.ts';
import { CsvParser, MAX_FIELD_CHARS, UnreadableCsv } from './csv-parser.ts';
import type { CsvRecord } from './csv-parser.ts';
import { delimiterOf, findColumns, readOutcome } from './outcome-rows.ts';
import type { OutcomeColumns, OutcomeContext, OutcomeMapping, RowProblem } from './outcome-rows.ts';

/** A mistake of a file; without `row` it is the file's. */
export type FileProblem = RowProblem & Readonly<{ row?: number }>;

const NOT_UTF_8 = 'ERR_ENCODING_INVALID_ENCODED_DATA';

/** The labels of one outcome file, and what is wrong with it. Memory does not grow with its length. */
export class OutcomeFile {
  readonly #mapping: OutcomeMapping;
  readonly #context: OutcomeContext;
  readonly #problems: FileProblem[] = [];
  #rows = 0;
  #badRows = 0;
  #columns: OutcomeColumns | undefined;

  constructor(mapping: OutcomeMapping, context: OutcomeContext) {
    this.#mapping = mapping;
    this.#context = context;
  }

  /** Rows so far, without the header. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows so far that are no labels. */
  get badRows(): number {
    return this.#badRows;
  }

  /** The first mistakes. */
  get problems(): readonly FileProblem[] {
    return this.#problems;
  }

  /** The labels, in the order of the file; ends early where the file cannot be read on. @throws what `chunks` throws */
  async *labels(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LabelRecord> {
    try {
      for await (const record of records(chunks, this.#mapping)) {
        if (this.#columns === undefined) {
          const found = findColumns(record, this.#mapping);
          if ('problem' in found) return this.#report(found.problem);
          this.#columns = found.columns;
          continue;
        }
        this.#rows += 1;
        const outcome = readOutcome(record, this.#columns, this.#mapping, this.#context);
        if ('label' in outcome) yield outcome.label;
        else this.#reportRow(record.row, outcome.problem);
      }
      if (this.#columns === undefined) this.#report({ message: 'is empty: a header and rows are needed' });
    } catch (thrown) {
      if (thrown instanceof UnreadableCsv) this.#reportRow(thrown.row, { message: `${thrown.message}; rows from here on are not imported` });
      else if (systemCode(thrown) === NOT_UTF_8) this.#report({ message: 'is not UTF-8 from some row on; rows from there on are not imported' });
      else throw thrown;
    }
  }

  #reportRow(row: number, problem: RowProblem): void {
    this.#badRows += 1;
    this.#report({ row, ...problem });
  }

  #report(problem: FileProblem): void {
    if (this.#problems.length < MAX_IMPORT_PROBLEMS) this.#problems.push(problem);
  }
}

/** @throws UnreadableCsv; TypeError for what is not UTF-8 */
async function* records(chunks: AsyncIterable<Uint8Array>, mapping: OutcomeMapping): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parser: CsvParser | undefined;
  let head = '';
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (parser !== undefined) {
      yield* parser.push(text);
      continue;
    }
    // The first line tells the delimiter.
    head += text;
    if (!/[\r\n]/.test(head) && head.length <= MAX_FIELD_CHARS) continue;
    parser = new CsvParser(delimiterOf(firstLine(head), mapping));
    yield* parser.push(head);
  }
  const rest = decoder.decode();
  if (parser === undefined) {
    parser = new CsvParser(delimiterOf(firstLine(head), mapping));
    yield* parser.push(head);
  }
  yield* parser.push(rest);
  yield* parser.end();
}

function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0] ?? '';
}
