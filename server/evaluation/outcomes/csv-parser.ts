/** A record of a CSV file. `row` counts as a spreadsheet does: from 1, the header and empty lines included. */
export type CsvRecord = Readonly<{ row: number; fields: readonly string[]; malformed: boolean }>;

/** Characters that may separate fields, the usual one first. */
export const DELIMITERS = [',', ';', '\t'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** A longer field is a quote that is never closed. */
export const MAX_FIELD_CHARS = 65_536;

/** A file that cannot be read on. */
export class UnreadableCsv extends Error {
  override readonly name = 'UnreadableCsv';
  readonly row: number;

  constructor(row: number, message: string) {
    super(message);
    this.row = row;
  }
}

/** What is wrong with the form of a record below a header of `columns` columns; undefined: nothing. */
export function malformation({ fields, malformed }: Pick<CsvRecord, 'fields' | 'malformed'>, columns: number): string | undefined {
  if (malformed) return 'text follows a closing quote: double the quotes within a field';
  return fields.length === columns ? undefined : `has ${fields.length} fields, the header has ${columns}`;
}

const QUOTE = '"';

/**
 * Reads CSV (RFC 4180) piece by piece: quoted fields with delimiters, line breaks and doubled quotes in them; CRLF, LF or CR. A field that
 * goes on behind its closing quote makes its record malformed; empty lines are no records. Memory is that of one record.
 */
export class CsvParser {
  readonly #delimiter: Delimiter;
  #fields: string[] = [];
  #field = '';
  #state: 'Start' | 'Plain' | 'Quoted' | 'AfterQuote' = 'Start';
  #malformed = false;
  #afterReturn = false;
  #row = 1;

  constructor(delimiter: Delimiter) {
    this.#delimiter = delimiter;
  }

  /** The records that end in this piece. @throws UnreadableCsv */
  *push(text: string): Generator<CsvRecord> {
    for (const char of text) {
      const wasReturn = this.#afterReturn;
      this.#afterReturn = false;
      if (this.#state === 'Quoted') this.#quoted(char);
      else if (char === '\n' && wasReturn) continue;
      else if (char === '\n' || char === '\r') {
        this.#afterReturn = char === '\r';
        yield* this.#endRecord();
      } else this.#unquoted(char);
    }
  }

  /** The record that the file ends in. @throws UnreadableCsv where that is within quotes */
  *end(): Generator<CsvRecord> {
    if (this.#state === 'Quoted') throw new UnreadableCsv(this.#row, 'a quote is not closed');
    yield* this.#endRecord();
  }

  #quoted(char: string): void {
    if (char === QUOTE) this.#state = 'AfterQuote';
    else this.#append(char);
  }

  #unquoted(char: string): void {
    if (char === this.#delimiter) {
      this.#endField();
    } else if (char === QUOTE && this.#state === 'Start') {
      this.#state = 'Quoted';
    } else if (char === QUOTE && this.#state === 'AfterQuote') {
      this.#append(char);
      this.#state = 'Quoted';
    } else {
      if (this.#state === 'AfterQuote') this.#malformed = true;
      else this.#state = 'Plain';
      this.#append(char);
    }
  }

  #append(char: string): void {
    this.#field += char;
    if (this.#field.length > MAX_FIELD_CHARS) throw new UnreadableCsv(this.#row, `a field has more than ${MAX_FIELD_CHARS} characters: is a quote not closed?`);
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'Start';
  }

  *#endRecord(): Generator<CsvRecord> {
    const isEmpty = this.#fields.length === 0 && this.#field === '' && this.#state === 'Start';
    this.#endField();
    const record = { row: this.#row, fields: this.#fields, malformed: this.#malformed };
    this.#fields = [];
    this.#malformed = false;
    this.#row += 1;
    if (!isEmpty) yield record;
  }
}
