import type { Json } from './values.ts';

/** Where a value stands: names of fields and places in lists. */
export type Path = readonly (string | number)[];

function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(root: Json, path: Path): Json | undefined {
  let value: Json | undefined = root;
  for (const step of path) {
    if (typeof step === 'number') value = isList(value) ? value[step] : undefined;
    else value = isMap(value) ? value[step] : undefined;
  }
  return value;
}

/**
 * A copy with a value at a path.
 * @param between gives what to put where something on the way is missing
 */
export function placed(root: Json, path: Path, value: Json, between: (path: Path) => Json, at: Path = []): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const here = [...at, step];
  if (typeof step === 'number') {
    const list = isList(root) ? [...root] : [];
    list[step] = placed(list[step] ?? (rest.length === 0 ? null : between(here)), rest, value, between, here);
    return list;
  }
  const map = isMap(root) ? root : {};
  return { ...map, [step]: placed(map[step] ?? (rest.length === 0 ? null : between(here)), rest, value, between, here) };
}

/** A copy without the value at a path. */
export function removed(root: Json, path: Path): Json {
  const [step, ...rest] = path;
  if (step === undefined) return root;
  if (typeof step === 'number') {
    if (!isList(root)) return root;
    return rest.length === 0 ? root.filter((_, index) => index !== step) : root.map((item, index) => (index === step ? removed(item, rest) : item));
  }
  if (!isMap(root) || root[step] === undefined) return root;
  const { [step]: inner, ...others } = root;
  return rest.length === 0 ? others : { ...root, [step]: removed(inner ?? null, rest) };
}
