/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { InputColumn } from '../../../../contracts/model-card.ts';
import { RowBatch } from '../../../../server/engine/row-batch.ts';
import { InstanceCheck, instancePath, MAX_DETAILS } from '../../../../server/validation/instance-check.ts';

const impute = { policy: 'Impute', meaning: '' } as const;
const refuse = { policy: 'Refuse', meaning: '' } as const;
const inputs: readonly InputColumn[] = [
  { name: 'tenure', type: 'number', missing: refuse, range: { min: 0, max: 72 } },
  { name: 'Monthly Charges', type: 'number', missing: impute, range: { min: 0, max: 120 } },
  { name: 'Contract', type: 'category', categories: ['Monthly', 'Yearly'], missing: refuse, unseen: 'Refuse' },
  { name: 'city', type: 'category', categories: ['Bonn'], missing: impute, unseen: 'Ignore' },
];
const good = { tenure: 3, 'Monthly Charges': 70.5, Contract: 'Monthly', city: 'Bonn', customerID: 'A-1' };
const check = new InstanceCheck({ inputs: [...inputs], entity: { column: 'customerID' } });

function run(...instances: readonly unknown[]) {
  const batch = new RowBatch(inputs);
  const outcome = check.append(batch, instances);
  return { outcome, batch };
}

test.each<{ name: string; given: object; path: string; message: string }>([
  { name: 'number as text', given: { tenure: '3' }, path: 'instances[0].tenure', message: 'expected a number, got a string: send it without quotes' },
  { name: 'blank as number', given: { 'Monthly Charges': ' ' }, path: 'instances[0]["Monthly Charges"]', message: 'expected a number, got a blank string: send null where the value is unknown' },
  { name: 'word as number', given: { tenure: 'three' }, path: 'instances[0].tenure', message: 'expected a number, got a string' },
  { name: 'boolean as number', given: { tenure: true }, path: 'instances[0].tenure', message: 'expected a number, got a boolean' },
  { name: '1e999', given: { tenure: JSON.parse('1e999') }, path: 'instances[0].tenure', message: 'expected a number within ±3.4e38 (float32)' },
  { name: 'beyond float32', given: { tenure: -1e39 }, path: 'instances[0].tenure', message: 'expected a number within ±3.4e38 (float32)' },
  { name: 'array as number', given: { tenure: [3] }, path: 'instances[0].tenure', message: 'expected a number, got an array' },
  { name: 'null where required', given: { tenure: null }, path: 'instances[0].tenure', message: 'expected a number, got null' },
  { name: 'absent where required', given: { tenure: undefined }, path: 'instances[0].tenure', message: 'expected a number, got nothing' },
  { name: 'unseen category', given: { Contract: 'Weekly' }, path: 'instances[0].Contract', message: 'expected one of "Monthly", "Yearly", got an unknown category' },
  { name: 'empty category where required', given: { Contract: '' }, path: 'instances[0].Contract', message: 'expected one of "Monthly", "Yearly", got an empty string' },
  { name: 'blank category where required', given: { Contract: ' \t' }, path: 'instances[0].Contract', message: 'expected one of "Monthly", "Yearly", got a blank string' },
  { name: 'text with NUL, which onnxruntime would cut', given: { city: 'Bonn\0x' }, path: 'instances[0].city', message: 'expected one of "Bonn", got a string with a NUL character' },
  { name: 'text that begins with NUL', given: { city: '\0' }, path: 'instances[0].city', message: 'expected one of "Bonn", got a string with a NUL character' },
  { name: 'number as category', given: { Contract: 1 }, path: 'instances[0].Contract', message: 'expected one of "Monthly", "Yearly", got a number: send it as a string' },
  { name: 'object as category', given: { city: {} }, path: 'instances[0].city', message: 'expected one of "Bonn", got an object' },
])('refuses $name', ({ given, path, message }) => {
  const { outcome, batch } = run({ ...good, ...given });
  expect(outcome).toEqual({ valid: false, problems: 1, details: [{ path, message }] });
  expect(batch.rows).toBe(0);
});

test.each<{ name: string; given: object; numbers: readonly number[]; texts: readonly string[]; unknownColumns: number }>([
  { name: 'a whole row', given: {}, numbers: [3, 70.5], texts: ['Monthly', 'Bonn'], unknownColumns: 0 },
  { name: 'null is missing', given: { 'Monthly Charges': null, city: null }, numbers: [3, Number.NaN], texts: ['Monthly', ''], unknownColumns: 0 },
  { name: 'absent is missing', given: { 'Monthly Charges': undefined, city: undefined }, numbers: [3, Number.NaN], texts: ['Monthly', ''], unknownColumns: 0 },
  { name: 'empty text is a missing category', given: { city: '' }, numbers: [3, 70.5], texts: ['Monthly', ''], unknownColumns: 0 },
  { name: 'blank text is a missing category, as in training', given: { city: ' \u0085\u001f\u3000' }, numbers: [3, 70.5], texts: ['Monthly', ''], unknownColumns: 0 },
  { name: 'a byte order mark is not blank in Python', given: { city: '\ufeff' }, numbers: [3, 70.5], texts: ['Monthly', '\ufeff'], unknownColumns: 0 },
  { name: 'blanks round a text are part of it', given: { city: ' Bonn ' }, numbers: [3, 70.5], texts: ['Monthly', ' Bonn '], unknownColumns: 0 },
  { name: 'unseen is passed on where ignored', given: { city: 'Köln' }, numbers: [3, 70.5], texts: ['Monthly', 'Köln'], unknownColumns: 0 },
  { name: 'unknown columns are ignored and counted', given: { shoeSize: 44, nested: { a: 1 } }, numbers: [3, 70.5], texts: ['Monthly', 'Bonn'], unknownColumns: 2 },
])('takes $name', ({ given, numbers, texts, unknownColumns }) => {
  const { outcome, batch } = run(JSON.parse(JSON.stringify({ ...good, ...given })));
  expect(outcome).toEqual({ valid: true, rows: 1, unknownColumns });
  const [tenure, charges, contract, city] = batch.slice(0, 1).columns;
  expect([tenure?.[0], charges?.[0]]).toEqual(numbers);
  expect([contract?.[0], city?.[0]]).toEqual(texts);
});

test('a missing column names the unknown one that was probably meant', () => {
  const { tenure: _tenure, ...rest } = good;
  const { outcome } = run({ ...rest, Tenure: 3 });
  expect(outcome).toEqual({ valid: false, problems: 1, details: [{ path: 'instances[0].tenure', message: 'expected a number, got nothing; "Tenure" is no column of this model: was tenure meant?' }] });
});

test('details are bounded, problems are all counted', () => {
  const { outcome } = run(...Array.from({ length: 30 }, () => 'x'));
  expect(outcome).toMatchObject({ valid: false, problems: 30 });
  expect(outcome.valid ? [] : outcome.details).toHaveLength(MAX_DETAILS);
});

test('hints are looked for only where they will be told', () => {
  const many: InputColumn[] = Array.from({ length: 20 }, (_, index) => ({ name: `monthly_usage_${index}`, type: 'number', missing: refuse, range: { min: 0, max: 1 } }));
  let looks = 0;
  const counted = (): object => new Proxy(Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`other_${index}`, 1])), {
    ownKeys: (target) => {
      looks += 1;
      return Reflect.ownKeys(target);
    },
  });
  const outcome = new InstanceCheck({ inputs: many, entity: null }).append(new RowBatch(many), Array.from({ length: 100 }, counted));
  expect(outcome).toMatchObject({ valid: false, problems: 2000 });
  expect(looks).toBe(100 + MAX_DETAILS);
});

test('names of Object.prototype are columns like others, and __proto__ changes nothing', () => {
  const odd = new InstanceCheck({ inputs: [{ name: 'constructor', type: 'number', missing: refuse, range: { min: 0, max: 1 } }], entity: null });
  const batch = new RowBatch([{ name: 'constructor', type: 'number', missing: refuse, range: { min: 0, max: 1 } }]);
  expect(odd.append(batch, [{}])).toMatchObject({ valid: false });
  expect(odd.append(batch, [JSON.parse('{"__proto__":{"constructor":1}}')])).toMatchObject({ valid: false });
  expect(odd.append(batch, [{ constructor: 1 }])).toEqual({ valid: true, rows: 1, unknownColumns: 0 });
});

test('rows of a refused request leave no trace among their neighbours', () => {
  const batch = new RowBatch(inputs);
  check.append(batch, [good]);
  check.append(batch, [{ ...good, tenure: 9 }, { ...good, tenure: 'x' }]);
  check.append(batch, [{ ...good, tenure: 5, city: 'Ulm' }]);
  const { rows, columns } = batch.slice(0, batch.rows);
  expect(rows).toBe(2);
  expect([columns[0]?.[0], columns[0]?.[1]]).toEqual([3, 5]);
  expect(columns[3]).toEqual(['Bonn', 'Ulm']);
});

test('never throws, and gives either all rows or details', () => {
  const near = fc.record({ tenure: fc.anything(), 'Monthly Charges': fc.anything(), Contract: fc.constantFrom('Monthly', 'Weekly', null), city: fc.jsonValue() }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.array(fc.oneof(near, fc.jsonValue(), fc.constant(good)), { maxLength: 8 }), (instances) => {
      const { outcome, batch } = run(...instances);
      if (outcome.valid) return batch.rows === instances.length;
      return batch.rows === 0 && outcome.problems > 0 && outcome.details.length === Math.min(outcome.problems, MAX_DETAILS);
    }),
    { numRuns: 500 },
  );
});

test.each([
  { column: undefined, expected: 'instances[7]' },
  { column: 'tenure', expected: 'instances[7].tenure' },
  { column: 'a"b', expected: 'instances[7]["a\\"b"]' },
])('path $expected', ({ column, expected }) => expect(instancePath(7, column)).toBe(expected));
