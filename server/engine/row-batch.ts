import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { InputColumn, RawValue } from '../../contracts/model-card.ts';
import type { ColumnBatch } from './engine.ts';

/** A growing number column; the array is longer than the rows in use. */
export type NumberColumn = { readonly type: 'number'; values: Float32Array };
/** A growing category column. */
export type CategoryColumn = { readonly type: 'category'; values: string[] };

const FIRST_CAPACITY = 64;

/** Rows on their way to an engine, column by column. Reused from turn to turn, so that the hot path allocates little. */
export class RowBatch {
  readonly columns: readonly (NumberColumn | CategoryColumn)[];
  #rows = 0;
  #capacity = FIRST_CAPACITY;

  constructor(inputs: readonly InputColumn[]) {
    this.columns = inputs.map((input) =>
      input.type === 'number' ? { type: 'number', values: new Float32Array(FIRST_CAPACITY) } : { type: 'category', values: [] },
    );
  }

  /** Rows in use. */
  get rows(): number {
    return this.#rows;
  }

  /** Makes room for `count` more rows and returns the index of the first; they count once `commit` is called. */
  reserve(count: number): number {
    const needed = this.#rows + count;
    if (needed > this.#capacity) {
      this.#capacity = Math.max(needed, this.#capacity * 2);
      for (const column of this.columns) {
        if (column.type === 'category') continue;
        const wider = new Float32Array(this.#capacity);
        wider.set(column.values);
        column.values = wider;
      }
    }
    return this.#rows;
  }

  /** Counts the rows that were written since `reserve`. */
  commit(count: number): void {
    this.#rows += count;
  }

  /** Forgets all rows, keeps the room. */
  clear(): void {
    this.#rows = 0;
    for (const column of this.columns) if (column.type === 'category') column.values.length = 0;
  }

  /** Rows [from, to) as an engine takes them; numbers are views, valid until the next `reserve` or `clear`. */
  slice(from: number, to: number): ColumnBatch {
    return {
      rows: to - from,
      columns: this.columns.map((column) => (column.type === 'number' ? column.values.subarray(from, to) : column.values.slice(from, to))),
    };
  }
}

/**
 * Rows of a document (golden.json), values in the order of the inputs, as an engine takes them; unchecked by policy: null is NaN or "".
 * @throws ChurnOpsError GoldenInvalid for a value of another type
 */
export function encodeRows(inputs: readonly InputColumn[], rows: readonly (readonly RawValue[])[]): ColumnBatch {
  return {
    rows: rows.length,
    columns: inputs.map((input, at) => (input.type === 'number' ? Float32Array.from(rows, (row) => encodeNumber(input, row[at])) : rows.map((row) => encodeText(input, row[at])))),
  };
}

function encodeNumber(input: InputColumn, value: RawValue | undefined): number {
  if (value === null || typeof value === 'number') return value ?? Number.NaN;
  throw wrongType(input);
}

function encodeText(input: InputColumn, value: RawValue | undefined): string {
  if (value === null || typeof value === 'string') return value ?? '';
  throw wrongType(input);
}

function wrongType({ name, type }: InputColumn): ChurnOpsError {
  return new ChurnOpsError('GoldenInvalid', `golden.json has a value in column ${name} that is no ${type}.`);
}
