import { load } from 'js-yaml';

/** A value of values.yaml: where it is, what it is by default, and what the comment above it says. */
export type DocumentedValue = Readonly<{ path: string; default: unknown; words: string }>;

const KEY = /^( *)([A-Za-z0-9]+):(.*)$/;
const WORDS = /^ *# -- (.*)$/;

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined), values);
}

/**
 * Every documented value of a values.yaml, in its order: a comment `# -- words` on the line above the key, as helm-docs reads them.
 * What is below a documented key is part of its default.
 * @throws Error naming a value without words
 */
export function documentedValues(text: string): readonly DocumentedValue[] {
  const values: unknown = load(text);
  const found: DocumentedValue[] = [];
  const above: { indent: number; name: string }[] = [];
  let words: string | undefined;
  let documentedIndent = Number.POSITIVE_INFINITY;
  for (const line of text.split('\n')) {
    const comment = WORDS.exec(line);
    if (comment !== null) words = comment[1];
    const key = KEY.exec(line);
    if (key === null) continue;
    const [, spaces = '', name = '', rest = ''] = key;
    const indent = spaces.length;
    if (indent > documentedIndent) continue;
    documentedIndent = Number.POSITIVE_INFINITY;
    while ((above.at(-1)?.indent ?? -1) >= indent) above.pop();
    const path = [...above.map((each) => each.name), name];
    if (words !== undefined) {
      found.push({ path: path.join('.'), default: valueAt(values, path), words });
      documentedIndent = indent;
    } else if (rest.trim() !== '') throw new Error(`values.yaml: ${path.join('.')} has no comment "# -- ..." above it`);
    above.push({ indent, name });
    words = undefined;
  }
  return found;
}
