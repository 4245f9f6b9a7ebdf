import type { Needs } from './claim.ts';

/** What runs at the same time: one quiet claim, or neighbours that share. */
export type Group<Item> = readonly [Item, ...Item[]];

/**
 * Items in their order, neighbours that share as one group. A quiet item waits for all before it, and all after it wait for it.
 * @param width at most so many run at the same time; 1: each by itself
 */
export function groupsOf<Item extends Readonly<{ needs?: Needs }>>(items: readonly Item[], width: number): readonly Group<Item>[] {
  const groups: [Item, ...Item[]][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (width > 1 && last !== undefined && item.needs === 'shared' && last[0].needs === 'shared') last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Runs all of a group, at most `width` at a time, in their order; results in the order of the group. A run that rejects stops those that have not begun. */
export async function runGroup<Item, Result>(group: Group<Item>, width: number, run: (item: Item) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = [...group.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, item] = next;
      try {
        results[index] = await run(item);
      } catch (thrown) {
        waiting.length = 0;
        throw thrown;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, group.length) }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
  return results;
}
