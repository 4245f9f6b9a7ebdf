import { isSameQuantity } from '../../../../operator/runtime/quantity.ts';
import type { Json } from './values.ts';

/** Words of any message ("write the name of an object", "labels: Feedback"): alone they tell nobody which field is meant. */
const COMMON_WORDS: ReadonlySet<string> = new Set(['name', 'key', 'type', 'version', 'labels']);

/** Whether an answer that refuses a spec tells which field: the field itself by name, with the one around it where that is a common word; or a field around it by its path. */
export function namesField(message: string, field: string): boolean {
  const steps = field.replaceAll('[]', '').split('.');
  const [own = field, parent = ''] = steps.toReversed();
  if (hasWord(message, own) && (!COMMON_WORDS.has(own) || hasWord(message, parent))) return true;
  // Places of list items stand between a list and its fields.
  const paths = steps.slice(2).map((_, index) => steps.slice(0, index + 2));
  return paths.some((path) => new RegExp(`(^|[^A-Za-z])${path.map(escaped).join('(\\[[^\\]]*\\])*\\.')}([^A-Za-z]|$)`).test(message));
}

function hasWord(message: string, word: string): boolean {
  return new RegExp(`(^|[^A-Za-z])${escaped(word)}([^A-Za-z]|$)`).test(message);
}

/** Whether the text of SpecHonoured lists a field, or a branch that it is part of, or a part of it. */
export function isListed(text: string, field: string): boolean {
  const entries = text.replace(/^[^:]*: /, '').split(/, (?=spec\.)/).map((entry) => /^[A-Za-z.[\]]+/.exec(entry)?.[0] ?? '');
  const plain = field.replaceAll('[]', '');
  return entries.some((entry) => entry !== '' && (plain === entry || plain.startsWith(`${entry}.`) || entry.startsWith(`${plain}.`)));
}

/** Values that `after` has and `before` has not, at the same place. */
export function newValues(before: Json | undefined, after: Json | undefined): readonly Json[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (typeof after !== 'object' || after === null) return after === undefined ? [] : [after];
  const [left, right] = [entriesOf(before), entriesOf(after)];
  return [...right.keys()].flatMap((key) => newValues(left.get(key), right.get(key)));
}

/** Whether a value declares anything at all: an empty object or list says what nothing says. */
export function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && entriesOf(value).size === 0;
}

/** Every value that stands under a key, wherever that is. */
export function valuesUnder(key: string, within: Json): readonly Json[] {
  return [...entriesOf(within)].flatMap(([name, value]) => [...(name === key ? [value] : []), ...valuesUnder(key, value)]);
}

/** Whether a declared value is among values: numbers as their texts, quantities by value, and each part of an object or list. */
export function isShown(declared: Json, values: readonly Json[]): boolean {
  if (typeof declared === 'object' && declared !== null) return [...entriesOf(declared).values()].every((part) => isShown(part, values));
  return values.some((value) => isSame(declared, value));
}

function isSame(declared: Json, value: Json): boolean {
  if (textOf(declared) === textOf(value)) return true;
  const scalars = (typeof declared === 'string' || typeof declared === 'number') && (typeof value === 'string' || typeof value === 'number');
  if (scalars && isSameQuantity(declared, value)) return true;
  return typeof declared === 'string' && typeof value === 'string' && declared.length > 3 && value.includes(declared);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function entriesOf(value: Json | undefined): ReadonlyMap<string, Json> {
  if (typeof value !== 'object' || value === null) return new Map();
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  // Items by name, or an item in front would make all others new.
  return new Map(value.map((item: Json, index) => [nameOf(item) ?? String(index), item]));
}

function nameOf(item: Json): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const name = new Map(Object.entries(item)).get('name');
  return typeof name === 'string' ? name : undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
