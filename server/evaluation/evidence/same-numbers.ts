/** Largest relative difference of two computations of the same number: rounding, nothing else. */
export const TOLERANCE = 1e-12;

/**
 * Where two documents differ: their paths, such as `candidate.auc.lower`. Numbers may differ by TOLERANCE of the larger one, or of 1.
 * @param path of both, for the names
 */
export function differences(stated: unknown, found: unknown, path = ''): readonly string[] {
  if (typeof stated === 'number' && typeof found === 'number') return isClose(stated, found) ? [] : [path];
  if (!isObject(stated) || !isObject(found) || Array.isArray(stated) !== Array.isArray(found)) return Object.is(stated, found) ? [] : [path];
  const names = [...new Set([...Object.keys(stated), ...Object.keys(found)])];
  return names.flatMap((name) => differences(stated[name], found[name], path === '' ? name : `${path}.${name}`));
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
