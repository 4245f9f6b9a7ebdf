import type { InputColumn } from '../../contracts/model-card.ts';

/** Largest float32: the graph takes numbers as float32, and a larger one would become infinite. */
const MAX_FLOAT32 = 3.4028234663852886e38;
const LISTED_CATEGORIES = 10;
const NUMBER_AS_TEXT = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const MAX_NUMBER_TEXT = 64;
/** Blank as the trainer reads it: `str.strip() == ""` of Python, whose whitespace is not quite that of `trim()`. */
// oxlint-disable-next-line no-control-regex -- U+001C to U+001F separate files, groups, records and units: blanks to Python
const BLANK = /^[\p{White_Space}\u001c-\u001f]*$/u;
/** onnxruntime takes text as C strings: what comes after a NUL would be ignored. */
const NUL = '\0';

/** Whether a category counts as missing (models/trainer/trainer/dataset.py, parse_category). */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}

/** What a value is, for people; values themselves are never repeated: they are customer data. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return stringKind(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : 'a number out of range';
  return typeof value === 'boolean' ? 'a boolean' : 'an object';
}

function stringKind(text: string): string {
  if (text === '') return 'an empty string';
  return isBlank(text) ? 'a blank string' : 'a string';
}

/** A good value, encoded; `undefined` for a missing one; or what is wrong with it. */
export type NumberOutcome = Readonly<{ problem: string }> | number;
export type CategoryOutcome = Readonly<{ problem: string }> | string;

/** The check of one column, compiled from its card entry. */
export type ColumnCheck = Readonly<
  | { type: 'number'; name: string; required: boolean; check: (value: unknown) => NumberOutcome }
  | { type: 'category'; name: string; required: boolean; check: (value: unknown) => CategoryOutcome }
>;

/** Compiles the check of one column. A missing number is NaN, a missing category "" (contracts/model-card.ts). */
export function compileColumn(input: InputColumn): ColumnCheck {
  const required = input.missing.policy === 'Refuse';
  if (input.type === 'number') return { type: 'number', name: input.name, required, check: (value) => checkNumber(value, required) };
  const check = categoryCheck(input.categories, input.unseen, required);
  return { type: 'category', name: input.name, required, check };
}

function checkNumber(value: unknown, required: boolean): NumberOutcome {
  if (typeof value === 'number') {
    if (value >= -MAX_FLOAT32 && value <= MAX_FLOAT32) return value;
    return { problem: 'expected a number within ±3.4e38 (float32)' };
  }
  if (value === undefined || value === null) return required ? { problem: `expected a number, got ${kindOf(value)}` } : Number.NaN;
  if (typeof value === 'string') {
    if (value.length <= MAX_NUMBER_TEXT && NUMBER_AS_TEXT.test(value.trim())) return { problem: 'expected a number, got a string: send it without quotes' };
    if (isBlank(value)) return { problem: `expected a number, got a blank string${required ? '' : ': send null where the value is unknown'}` };
  }
  return { problem: `expected a number, got ${kindOf(value)}` };
}

function categoryCheck(categories: readonly string[], unseen: 'Ignore' | 'Refuse', required: boolean): (value: unknown) => CategoryOutcome {
  const known = new Set(categories.filter((category) => !isBlank(category) && !category.includes(NUL)));
  const listed = categories.slice(0, LISTED_CATEGORIES).map((category) => JSON.stringify(category)).join(', ');
  const oneOf = `one of ${listed}${categories.length > LISTED_CATEGORIES ? `, ... (${categories.length} in all)` : ''}`;
  return (value) => {
    if (typeof value === 'string' && known.has(value)) return value;
    if (typeof value === 'string' && !isBlank(value)) {
      if (value.includes(NUL)) return { problem: `expected ${oneOf}, got a string with a NUL character` };
      return unseen === 'Ignore' ? value : { problem: `expected ${oneOf}, got an unknown category` };
    }
    if (value === undefined || value === null || typeof value === 'string') return required ? { problem: `expected ${oneOf}, got ${kindOf(value)}` } : '';
    const hint = typeof value === 'number' || typeof value === 'boolean' ? ': send it as a string' : '';
    return { problem: `expected ${oneOf}, got ${kindOf(value)}${hint}` };
  };
}
