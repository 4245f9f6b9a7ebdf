import { expect, test } from '@jest/globals';
import { editDistance, similarColumn } from '../../../../server/validation/similar-column.ts';

test.each([
  { a: '', b: '', edits: 0 },
  { a: 'kitten', b: 'sitting', edits: 3 },
  { a: 'abc', b: '', edits: 3 },
])('$a -> $b: $edits', ({ a, b, edits }) => expect(editDistance(a, b)).toBe(edits));

test.each([
  { name: 'MonthlyCharges', candidates: ['monthly_charges', 'TotalCharges'], expected: 'monthly_charges' },
  { name: 'tenure', candidates: ['tenur', 'x'], expected: 'tenur' },
  { name: 'tenure', candidates: ['Contract'], expected: undefined },
  { name: 'id', candidates: ['ie'], expected: undefined },
  { name: 'a'.repeat(65), candidates: ['a'.repeat(65)], expected: undefined },
])('$name among $candidates: $expected', ({ name, candidates, expected }) => expect(similarColumn(name, candidates)).toBe(expected));
