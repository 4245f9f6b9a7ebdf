import type { Needs } from './claim.ts';
import { Places, type Alone, type Place } from './places.ts';

/** What runs at the same time: one quiet claim, or neighbours that share. */
export type Group<Item> = readonly [Item, ...Item[]];

type Need = Readonly<{ needs?: Needs }>;

/**
 * Items in their order, neighbours that share as one group. A quiet item waits for all before it, and all after it wait for it.
 * @param width at most so many run at the same time; 1: each by itself
 */
export function groupsOf<Item extends Need>(items: readonly Item[], width: number): readonly Group<Item>[] {
  const groups: [Item, ...Item[]][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (width > 1 && last !== undefined && needsOf(item) !== 'quiet' && needsOf(last[0]) !== 'quiet') last.push(item);
    else groups.push([item]);
  }
  return groups;
}

/**
 * Runs all of a group, at most `width` at a time, in their order, those that need no cluster last; results in the order of the group.
 * A run that rejects stops those that have not begun.
 */
export async function runGroup<Item extends Need, Result>(group: Group<Item>, width: number, run: (item: Item, alone: Alone) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  const places = new Places(width);
  const one = async ([index, item]: readonly [number, Item]): Promise<void> => {
    const place = placeOf(item);
    if (!(await places.take(place))) return;
    try {
      results[index] = await run(item, async (work) => places.alone(work));
    } catch (thrown) {
      places.close();
      throw thrown;
    } finally {
      places.giveBack(place);
    }
  };
  const clusterFirst = [...group.entries()].toSorted(([, a], [, b]) => placeOf(a).localeCompare(placeOf(b)));
  const ends = await Promise.allSettled(clusterFirst.map(one));
  for (const ended of ends) if (ended.status === 'rejected') throw ended.reason;
  return results;
}

function needsOf({ needs = 'quiet' }: Need): Needs {
  return needs;
}

function placeOf(item: Need): Place {
  return needsOf(item) === 'processor' ? 'Processor' : 'Cluster';
}
