/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { expect, test } from '@jest/globals';
import type { GoldenRows, RawValue } from '../../../../contracts/model-card.ts';
import { assertGolden } from '../../../../server/engine/golden-rules.ts';
import type { GoldenContract } from '../../../../server/engine/golden-rules.ts';
import { encodeRows } from '../../../../server/engine/row-batch.ts';
import { tinyCard, tinyGolden } from '../tiny-package.ts';

function withRow(...row: readonly RawValue[]): GoldenRows['rows'] {
  return [[...row], ...tinyGolden.rows.slice(1)];
}

function without(kind: GoldenRows['kinds'][number]): Partial<GoldenRows> {
  return { kinds: tinyGolden.kinds.map((found) => (found === kind ? 'Real' : found)) };
}

test.each<{ name: string; card?: Partial<GoldenContract>; golden: Partial<GoldenRows>; message: string }>([
  { name: 'another threshold', golden: { threshold: 0.43 }, message: 'golden.json is for threshold 0.43, the card has 0.42.' },
  { name: 'another order', golden: { columns: ['MonthlyCharges', 'tenure', 'Contract'] }, message: "golden.json has column 1 MonthlyCharges, the card has tenure: the card's inputs are needed, in its order." },
  { name: 'a column less', golden: { columns: ['tenure', 'MonthlyCharges'] }, message: "golden.json has column 3 (none), the card has Contract: the card's inputs are needed, in its order." },
  { name: 'a column more', golden: { columns: [...tinyGolden.columns, 'age'] }, message: "golden.json has column 4 age, the card has (none): the card's inputs are needed, in its order." },
  { name: 'a number as text', golden: { rows: withRow('3', 70, 'One year') }, message: 'golden.json has in row 0 a value that column tenure cannot take: a number is needed.' },
  { name: 'a number beyond float32', golden: { rows: withRow(3, 1e39, 'One year') }, message: 'golden.json has in row 0 a value that column MonthlyCharges cannot take: a number is needed.' },
  { name: 'a category as number', golden: { rows: withRow(3, 70, 1) }, message: 'golden.json has in row 0 a value that column Contract cannot take: a category is needed.' },
  { name: 'a text with NUL', golden: { rows: withRow(3, 70, 'One year\0') }, message: 'golden.json has in row 0 a value that column Contract cannot take: a category is needed.' },
  { name: 'nothing near the threshold', golden: without('Straddler'), message: 'golden.json has 0 rows of kind Straddler, 20 are needed.' },
  { name: 'nothing missing', golden: without('Missing'), message: 'golden.json has no row of kind Missing, but columns that may be missing.' },
  { name: 'nothing unseen', golden: without('Unseen'), message: 'golden.json has no row of kind Unseen, but columns that may have unseen categories.' },
  { name: 'one class', golden: { labels: tinyGolden.labels.map((label) => (label === 1 ? null : label)) }, message: 'golden.json has labelled rows of one class at most, both are needed.' },
])('refuses $name', ({ card = {}, golden, message }) => {
  expect(() => assertGolden({ ...tinyCard, ...card }, { ...tinyGolden, ...golden })).toThrow(expect.objectContaining({ code: 'GoldenInvalid', message }));
});

test('kinds that a card cannot have are not asked for', () => {
  const inputs = tinyCard.inputs.map((input) => ({ ...input, missing: { policy: 'Refuse' as const, meaning: '' }, ...(input.type === 'category' ? { unseen: 'Refuse' as const } : {}) }));
  const kinds = tinyGolden.kinds.map((kind) => (kind === 'Straddler' ? kind : 'Real'));
  expect(() => assertGolden({ ...tinyCard, inputs }, { ...tinyGolden, kinds })).not.toThrow();
});

test('a value of another type is never taken for a missing one', () => {
  expect(() => encodeRows(tinyCard.inputs, [[3, '70', null]])).toThrow(expect.objectContaining({ code: 'GoldenInvalid' }));
  expect(encodeRows(tinyCard.inputs, [[null, 70, null]]).columns.map((column) => column[0])).toEqual([Number.NaN, 70, '']);
});
