import { expect, test } from '@jest/globals';
import { differences } from '../../../../server/evaluation/evidence/same-numbers.ts';

test.each<{ name: string; stated: unknown; found: unknown; at: readonly string[] }>([
  { name: 'the same', stated: { a: [1, { b: null }], c: 'x' }, found: { a: [1, { b: null }], c: 'x' }, at: [] },
  { name: 'within rounding', stated: { a: 0.8 }, found: { a: 0.8 + 9e-13 }, at: [] },
  { name: 'beyond rounding', stated: { a: 0.8 }, found: { a: 0.8 + 1.1e-12 }, at: ['a'] },
  { name: 'large numbers by their size', stated: { a: 1e6 }, found: { a: 1e6 + 9e-7 }, at: [] },
  { name: 'nested', stated: { a: { b: 1, c: 2 } }, found: { a: { b: 1, c: 3 } }, at: ['a.c'] },
  { name: 'a field that is missing', stated: { a: 1 }, found: { a: 1, b: 2 }, at: ['b'] },
  { name: 'a field that is too many', stated: { a: 1, b: 2 }, found: { a: 1 }, at: ['b'] },
  { name: 'null and 0', stated: { a: null }, found: { a: 0 }, at: ['a'] },
  { name: 'words', stated: 'Pass', found: 'Fail', at: [''] },
  { name: 'a list and an object', stated: [], found: {}, at: [''] },
  { name: 'no number', stated: { a: Number.NaN }, found: { a: 0 }, at: ['a'] },
])('$name', ({ stated, found, at }) => expect(differences(stated, found)).toEqual(at));
