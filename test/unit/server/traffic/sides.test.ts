import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { armOf } from '../../../../server/traffic/experiment.ts';
import { isWithin } from '../../../../server/traffic/share.ts';
import { candidateRows, mergeRows } from '../../../../server/traffic/sides.ts';
import { CANDIDATE } from './policy.ts';

const entities = fc.array(fc.option(fc.string({ minLength: 1, maxLength: 6 }), { nil: undefined }), { maxLength: 40 });
const percent = fc.integer({ min: 0, max: 100 });

function chosen(given: readonly (string | undefined)[], share: number, requestId = 'r-1'): readonly number[] {
  return candidateRows({ rows: given.length, entityOf: (row) => given[row], requestId }, { percent: share, candidateHash: CANDIDATE });
}

test('rows go by their customer, wherever they stand and whoever stands beside them; rows that name nobody go by their request', () => {
  fc.assert(
    fc.property(entities, percent, fc.string(), (given, share, requestId) => {
      const rows = new Set(chosen(given, share, requestId));
      for (const [row, entity] of given.entries()) expect(rows.has(row)).toBe(isWithin(share, CANDIDATE, entity ?? requestId));
    }),
  );
});

test('at a larger share nobody goes back', () => {
  fc.assert(
    fc.property(entities, percent, percent, (given, a, b) => {
      const larger = chosen(given, Math.max(a, b));
      for (const row of chosen(given, Math.min(a, b))) expect(larger).toContain(row);
    }),
  );
});

test('what was split is merged in order: each row has its own outcome', () => {
  fc.assert(
    fc.property(entities, percent, (given, share) => {
      const rows = chosen(given, share);
      const merged = mergeRows<{ of: number }>(given.length, rows, rows.map((row) => ({ of: row })));
      expect(merged).toEqual(given.map((_, row) => (rows.includes(row) ? { of: row } : 'StableSide')));
    }),
  );
});

test('an outcome that is missing is no score', () => expect(mergeRows(3, [0, 2], ['Timeout'])).toEqual(['Timeout', 'StableSide', 'InvalidAnswer']));

test('groups: by the customer alone, salted by the name; nobody is in none', () => {
  const customers = Array.from({ length: 2000 }, (_, index) => `customer-${index}`);
  const q4 = { name: 'q4', controlPercent: 10 };
  const control = customers.filter((customer) => armOf(q4, customer) === 'control');
  expect(control).toEqual(customers.filter((customer) => isWithin(10, 'q4', customer)));
  expect(customers.filter((customer) => armOf({ ...q4, name: 'q1' }, customer) === 'control')).not.toEqual(control);
  expect(armOf(q4, undefined)).toBeUndefined();
  expect(new Set(customers.map((customer) => armOf(q4, customer)))).toEqual(new Set(['control', 'treatment']));
});
