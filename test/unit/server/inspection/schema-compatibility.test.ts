import { expect, test } from '@jest/globals';
import type { InputColumn } from '../../../../contracts/model-card.ts';
import { schemaChanges } from '../../../../server/inspection/schema-compatibility.ts';

const impute = { policy: 'Impute', meaning: '' } as const;
const refuse = { policy: 'Refuse', meaning: '' } as const;
const range = { min: 0, max: 1 };
const tenure: InputColumn = { name: 'tenure', type: 'number', missing: impute, range };
const contract: InputColumn = { name: 'Contract', type: 'category', categories: ['a', 'b'], missing: impute, unseen: 'Ignore' };
const strict: InputColumn = { ...contract, unseen: 'Refuse' };

test.each<{ name: string; stable?: InputColumn[]; candidate: InputColumn[]; expected: string[] }>([
  { name: 'the same', candidate: [tenure, contract], expected: [] },
  { name: 'a column less', candidate: [tenure], expected: [] },
  { name: 'a new column that may be missing', candidate: [tenure, contract, { ...tenure, name: 'age' }], expected: [] },
  { name: 'a new required column', candidate: [tenure, contract, { ...tenure, name: 'age', missing: refuse }], expected: ['age is new and required'] },
  { name: 'another type', candidate: [{ ...contract, name: 'tenure' }], expected: ['tenure was a number and is a category'] },
  { name: 'may no longer be missing', candidate: [{ ...tenure, missing: refuse }], expected: ['tenure may no longer be missing'] },
  { name: 'unseen refused from now on', candidate: [strict], expected: ['Contract may no longer have unseen categories'] },
  { name: 'a category less where unseen is ignored', candidate: [{ ...contract, categories: ['a'] }], expected: [] },
  { name: 'a category less where unseen is refused', stable: [strict], candidate: [{ ...strict, categories: ['a', 'c'] }], expected: ['Contract no longer takes "b"'] },
  { name: 'more lenient', stable: [strict, { ...tenure, missing: refuse }], candidate: [contract, tenure], expected: [] },
])('$name', ({ stable = [tenure, contract], candidate, expected }) => expect(schemaChanges(stable, candidate)).toEqual(expected));
