import { describe, expect, test } from '@jest/globals';
import type { Needs } from '../../e2e/claim.ts';
import { groupsOf, runGroup, type Group } from '../../e2e/lanes.ts';

type Item = Readonly<{ name: string; needs?: Needs }>;

const NEEDS: Readonly<Record<string, Needs>> = { s: 'shared', p: 'processor' };

/** By their first letter: s, p, or quiet. */
const itemsOf = (text: string): readonly Item[] => text.split(' ').map((name) => {
  const needs = NEEDS[name.charAt(0)];
  return needs === undefined ? { name } : { name, needs };
});

function groupOf(text: string): Group<Item> {
  const [first, ...others] = itemsOf(text);
  if (first === undefined) throw new Error('a group is never empty');
  return [first, ...others];
}

describe('groups', () => {
  test.each<{ name: string; given: string; width: number; expected: string }>([
    { name: 'neighbours that share', given: 'q1 s1 s2 s3 q2', width: 3, expected: 'q1 | s1 s2 s3 | q2' },
    { name: 'those that need no cluster share with both', given: 'p1 s1 p2 q1 p3', width: 3, expected: 'p1 s1 p2 | q1 | p3' },
    { name: 'a quiet one parts those that share', given: 's1 q1 s2', width: 3, expected: 's1 | q1 | s2' },
    { name: 'quiet ones never meet', given: 'q1 q2', width: 3, expected: 'q1 | q2' },
    { name: 'one at a time', given: 's1 s2 p1 q1', width: 1, expected: 's1 | s2 | p1 | q1' },
  ])('$name', ({ given, width, expected }) => {
    expect(groupsOf(itemsOf(given), width).map((group) => group.map(({ name }) => name).join(' ')).join(' | ')).toBe(expected);
  });
});

describe('a group runs', () => {
  test('at most so many at a time, with results in its order', async () => {
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const done = runGroup(groupOf('s1 p2 s3 s4'), 2, async ({ name }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => release.push(resolve));
      running -= 1;
      return `${name} ran`;
    });
    for (let released = 0; released < 4; released += 1) {
      while (release.length === 0) await new Promise(setImmediate);
      release.pop()?.();
    }
    expect(await done).toEqual(['s1 ran', 'p2 ran', 's3 ran', 's4 ran']);
    expect(most).toBe(2);
  });

  test('to the end of what runs, and begins no more, when one rejects', async () => {
    const begun: string[] = [];
    const ended: string[] = [];
    const done = runGroup(groupOf('s1 s2 s3 p4'), 2, async ({ name }) => {
      begun.push(name);
      await new Promise(setImmediate);
      if (name === 's1') throw new Error('first');
      await new Promise(setImmediate);
      ended.push(name);
    });
    await expect(done).rejects.toThrow('first');
    expect({ begun, ended }).toEqual({ begun: ['s1', 's2'], ended: ['s2'] });
  });
});

/** Runs a group of which those in capitals have a part to do alone; each part takes as long as the group has items. */
async function told(text: string, width: number): Promise<readonly string[]> {
  const group = groupOf(text);
  const log: string[] = [];
  const part = async (what: string): Promise<void> => {
    log.push(`+${what}`);
    for (let turn = 0; turn < group.length; turn += 1) await new Promise(setImmediate);
    log.push(`-${what}`);
  };
  await runGroup(group, width, async ({ name }, alone) => {
    await part(name);
    if (name.endsWith('!')) await alone(async () => part(name.toUpperCase()));
  });
  return log;
}

/** Those between whose beginning and end somebody of the cluster began or went on. */
function disturbed(log: readonly string[]): readonly string[] {
  const running = new Set<string>();
  const seen = new Set<string>();
  for (const entry of log) {
    const name = entry.slice(1);
    if (entry.startsWith('-')) running.delete(name);
    else running.add(name);
    const inCluster = [...running].filter((each) => !each.startsWith('p'));
    if (inCluster.length > 1) for (const each of inCluster) if (each.startsWith('S')) seen.add(each);
  }
  return [...seen];
}

describe('what one does alone', () => {
  test.each<{ given: string; width: number }>([
    { given: 's1! s2 s3 s4', width: 3 },
    { given: 's1 s2 s3 s4!', width: 3 },
    { given: 's1! s2! s3 p1 p2', width: 3 },
    { given: 's1! s2! s3! s4!', width: 2 },
    { given: 'q1!', width: 1 },
  ])('has no other beside it that uses the cluster: $given, $width at a time', async ({ given, width }) => {
    const log = await told(given, width);
    expect(disturbed(log)).toEqual([]);
    const alone = given.split(' ').filter((name) => name.endsWith('!')).length;
    expect(log).toHaveLength(2 * (given.split(' ').length + alone));
  });

  test('waits without a place, and has beside it those that need no cluster', async () => {
    expect(await told('p1 s1! s2 s3', 2)).toEqual(['+s1!', '+s2', '-s1!', '+s3', '-s2', '+p1', '-s3', '+S1!', '-p1', '-S1!']);
    expect((await told('s1! p1 p2 p3', 2)).slice(0, 6)).toEqual(['+s1!', '+p1', '-s1!', '+S1!', '-p1', '+p2']);
  });
});
