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
