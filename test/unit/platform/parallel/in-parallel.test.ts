import { describe, expect, test } from '@jest/globals';
import { inParallel } from '../../../../platform/parallel/in-parallel.ts';

describe('in parallel', () => {
  test('at most so many at a time, with results in its order', async () => {
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const done = inParallel<number, number>([1, 2, 3, 4], 2, async (item) => {
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
    const done = inParallel<number, void>([1, 2, 3, 4], 2, async (item) => {
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
