import { expect, test } from '@jest/globals';
import { StringPool } from '../../../../operator/runtime/string-pool.ts';

test('a text is remembered once, wherever it stands, and the value says what it said', () => {
  const pool = new StringPool();
  const value = { kind: 'Pod', spec: { names: ['a', 'b', 'a'], on: true, of: null, count: 3 }, list: [{ kind: 'Pod' }] };
  const before = structuredClone(value);
  expect(pool.share(value)).toBe(value);
  expect(value).toEqual(before);
  expect(pool.size).toBe(3);
  pool.share({ other: ['b', 'c'] });
  expect(pool.size).toBe(4);
});

test.each([['text'], [3], [true], [null], [undefined]])('%j has nothing to share', (value) => {
  expect(new StringPool().share(value)).toBe(value);
});

test('it is bounded in texts and in their length', () => {
  const pool = new StringPool(10);
  const sizes = Array.from({ length: 35 }, (_, index) => {
    pool.share({ name: `name-${index}`, message: 'long'.repeat(100) });
    return pool.size;
  });
  expect(Math.max(...sizes)).toBe(10);
  expect(pool.size).toBe(5);
});
