import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CompensatedSum } from '../../../statistics/compensated-sum.ts';

function sumOf(terms: readonly number[]): number {
  const sum = new CompensatedSum();
  for (const term of terms) sum.add(term);
  return sum.value;
}

test.each([
  { name: 'nothing', terms: [], expected: 0 },
  { name: 'a small term beside large ones', terms: [1e16, 1, -1e16], expected: 1 },
  { name: 'a term larger than the sum', terms: [1, 1e100, 1, -1e100], expected: 2 },
  { name: 'a million tenths', terms: Array.from({ length: 1_000_000 }, () => 0.1), expected: 100_000 },
])('$name', ({ terms, expected }) => expect(sumOf(terms)).toBe(expected));

test('the order does not matter', () => {
  const terms = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 200 });
  fc.assert(fc.property(terms, (list) => expect(sumOf(list.toSorted((a, b) => a - b))).toBeCloseTo(sumOf(list), 15)));
});
