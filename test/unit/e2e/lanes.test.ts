import { describe, expect, test } from '@jest/globals';
import type { Needs } from '../../e2e/claim.ts';
import { groupsOf, runGroup } from '../../e2e/lanes.ts';

const items = (text: string): { name: string; needs?: Needs }[] => text.split(' ').map((name) => (name.startsWith('s') ? { name, needs: 'shared' } : { name }));

describe('groups', () => {
  test.each<{ name: string; given: string; width: number; expected: string }>([
    { name: 'neighbours that share', given: 'q1 s1 s2 s3 q2', width: 3, expected: 'q1 | s1 s2 s3 | q2' },
    { name: 'a quiet one parts those that share', given: 's1 q1 s2', width: 3, expected: 's1 | q1 | s2' },
    { name: 'quiet ones never meet', given: 'q1 q2', width: 3, expected: 'q1 | q2' },
    { name: 'one at a time', given: 's1 s2 q1', width: 1, expected: 's1 | s2 | q1' },
  ])('$name', ({ given, width, expected }) => {
    expect(groupsOf(items(given), width).map((group) => group.map(({ name }) => name).join(' ')).join(' | ')).toBe(expected);
  });
});

describe('a group runs', () => {
  test('at most so many at a time, with results in its order', async () => {
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const done = runGroup<number, number>([1, 2, 3, 4], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => release.push(resolve));
      running -= 1;
      return item * 10;
    });
    for (let released = 0; released < 4; released += 1) {
      while (release.length === 0) await new Promise(setImmediate);
      release.pop()?.();
    }
    expect(await done).toEqual([10, 20, 30, 40]);
    expect(most).toBe(2);
  });

  test('to the end of what runs, and begins no more, when one rejects', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const done = runGroup<number, void>([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await new Promise(setImmediate);
      if (item === 1) throw new Error('first');
      await new Promise(setImmediate);
      ended.push(item);
    });
    await expect(done).rejects.toThrow('first');
    expect({ begun, ended }).toEqual({ begun: [1, 2], ended: [2] });
  });
});
