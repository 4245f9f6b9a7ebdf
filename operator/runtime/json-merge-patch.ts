type JsonObject = Record<string, unknown>;

/**
 * The merge patch (RFC 7386) that turns `from` into `to`; undefined when they are equal.
 * What `to` lacks becomes null; lists are replaced whole, as the RFC wants. A field that is undefined counts as absent.
 */
export function mergePatchBetween(from: unknown, to: object): JsonObject | undefined {
  const before = asObject(from) ?? {};
  const after = { ...to };
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(before)) {
    if (value !== undefined && Reflect.get(after, key) === undefined) patch[key] = null;
  }
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const old = before[key];
    const nested = asObject(value);
    if (nested !== undefined && asObject(old) !== undefined) {
      const inner = mergePatchBetween(old, nested);
      if (inner !== undefined) patch[key] = inner;
    } else if (!isSameJson(old, value)) patch[key] = value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Deep equality of JSON values; key order and undefined fields do not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]));
  }
  const left = asObject(a);
  const right = asObject(b);
  if (left === undefined || right === undefined) return false;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => isSameJson(left[key], right[key]));
}

/** `value` as a string-keyed record, if it is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
