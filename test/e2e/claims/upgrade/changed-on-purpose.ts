/**
 * Fields of the serving pods' template that this release changes on purpose, and why: pods of the release before are then replaced once,
 * in place, never one fewer than wanted. Empty: an upgrade of the operator alone restarts nothing. A list's members are told by their place,
 * as `spec.containers.0.image`.
 */
export const CHANGED_ON_PURPOSE: Readonly<Record<string, string>> = {
  ...changed('spec.containers.0.env', [6, 7, 8, 9, 10, 11], 'serving pods write journal and labels: they are told the store, its keys, and their name'),
  ...changed('spec.containers.0.volumeMounts', [3, 4, 5], 'journal, feedback token and keys of prediction ids are mounted'),
  ...changed('spec.volumes', [3, 4, 5], 'a volume for segments of the journal, and the two Secrets about labels'),
};

function changed(list: string, places: readonly number[], why: string): Readonly<Record<string, string>> {
  return Object.fromEntries(places.map((place) => [`${list}.${place}`, why]));
}

/** Paths of two JSON values at which they differ. */
export function differingPaths(before: unknown, after: unknown, path = ''): readonly string[] {
  if (typeof before === 'object' && before !== null && typeof after === 'object' && after !== null) {
    const [left, right] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    const names = [...new Set([...left.keys(), ...right.keys()])];
    return names.flatMap((name) => differingPaths(left.get(name), right.get(name), path === '' ? name : `${path}.${name}`));
  }
  return before === after ? [] : [path];
}
