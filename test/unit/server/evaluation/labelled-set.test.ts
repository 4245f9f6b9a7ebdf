import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { LabelledSet } from '../../../../server/evaluation/replay/labelled-set.ts';
import type { LabelledRow, LabelledSetCards } from '../../../../server/evaluation/replay/labelled-set.ts';
import { temporaryFolder } from '../tiny-package.ts';

const impute = { policy: 'Impute', meaning: '' } as const;
const refuse = { policy: 'Refuse', meaning: '' } as const;
const inputs: ModelCard['inputs'] = [
  { name: 'tenure', type: 'number', missing: refuse, range: { min: 0, max: 1 } },
  { name: 'TotalCharges', type: 'number', missing: impute, range: { min: 0, max: 1 } },
  { name: 'SeniorCitizen', type: 'category', categories: ['0', '1'], missing: impute, unseen: 'Ignore' },
];
const candidate = { inputs, entity: { column: 'customerID' }, labels: { column: 'Churn', negative: 'No', positive: 'Yes' } };
const cards: LabelledSetCards = { candidate, stable: { inputs: inputs.slice(0, 2), entity: { column: 'customerID' } } };

async function setOf(csv: string | Uint8Array, given: Readonly<{ cards?: LabelledSetCards; outcomeColumn?: string }> = {}): Promise<LabelledSet> {
  const path = join(await temporaryFolder(), 'labelled.csv');
  await writeFile(path, csv);
  return LabelledSet.open(path, given.cards ?? cards, given.outcomeColumn);
}

async function rowsOf(set: LabelledSet): Promise<readonly LabelledRow[]> {
  const rows: LabelledRow[] = [];
  for await (const row of set.rows()) rows.push(row);
  return rows;
}

const HEADER = 'customerID,tenure,TotalCharges,SeniorCitizen,region,Churn\n';

describe('cells as a version takes them', () => {
  test.each<{ name: string; cells: string; instance: Record<string, unknown> }>([
    { name: 'numbers and categories', cells: '12,29.85,0', instance: { tenure: 12, TotalCharges: 29.85, SeniorCitizen: '0' } },
    { name: 'a blank cell is a missing value', cells: '12, ,', instance: { tenure: 12, TotalCharges: null, SeniorCitizen: null } },
    { name: 'a required one too: the version says what it thinks of it', cells: ',1,1', instance: { tenure: null, TotalCharges: 1, SeniorCitizen: '1' } },
    { name: 'forms of numbers', cells: '-1e3,.5,1', instance: { tenure: -1000, TotalCharges: 0.5, SeniorCitizen: '1' } },
    { name: 'no number stays as it is', cells: '0x10,Infinity,1', instance: { tenure: '0x10', TotalCharges: 'Infinity', SeniorCitizen: '1' } },
    { name: 'spaces about a number are none of it, those of a category are', cells: ' 12 ,1, 1', instance: { tenure: 12, TotalCharges: 1, SeniorCitizen: ' 1' } },
  ])('$name', async ({ cells, instance }) => {
    const set = await setOf(`${HEADER}a,${cells},north,Yes\n`);
    const [row] = await rowsOf(set);
    expect(row === undefined ? undefined : set.instance(row, inputs)).toEqual(instance);
  });

  test('each version gets the columns of its card', async () => {
    const set = await setOf(`${HEADER}a,1,2,0,north,Yes\n`);
    const [row] = await rowsOf(set);
    expect(row === undefined ? undefined : set.instance(row, inputs.slice(0, 1))).toEqual({ tenure: 1 });
  });
});

test('rows with their number, customer and outcome; what is wrong with one is said', async () => {
  const set = await setOf(`${HEADER}a,1,1,0,north,Yes\n\nb,1,1,0,north,no\nc,1,1,0,north,false\n,1,1,0,north,No\nd,1,1\n"e"x,1,1,0,north,Yes\n "f",1,1,0,north,1\n`);
  expect((await rowsOf(set)).map(({ row, entity, positive, problem }) => [row, entity, positive, problem])).toEqual([
    [2, 'a', true, undefined],
    [4, 'b', undefined, 'Churn is neither "Yes" nor "No", nor 1, 0, true or false'],
    [5, 'c', false, undefined],
    [6, undefined, false, 'customerID is empty or too long'],
    [7, 'd', undefined, 'has 3 fields, the header has 6'],
    [8, 'ex', true, 'text follows a closing quote: double the quotes within a field'],
    [9, ' "f"', true, undefined],
  ]);
});

test('separated by semicolons or tabs, with a byte order mark, without a last line break, read twice', async () => {
  for (const delimiter of [';', '\t']) {
    const set = await setOf(`\uFEFF${HEADER}a,1,1,0,north,Yes`.replaceAll(',', delimiter));
    expect((await rowsOf(set)).map(({ entity }) => entity)).toEqual(['a']);
    expect((await rowsOf(set)).length).toBe(1);
  }
});

describe('the column that says what happened', () => {
  const renamed = `${HEADER.replace('Churn', 'left')}a,1,1,0,north,Yes\n`;
  test("is the card's label", async () => expect((await setOf(`${HEADER}a,1,1,0,north,Yes\n`, { outcomeColumn: 'region' })).outcomeColumn).toBe('Churn'));
  test('else that of outcome files', async () => {
    const set = await setOf(renamed, { outcomeColumn: 'left' });
    expect([set.outcomeColumn, (await rowsOf(set))[0]?.positive]).toEqual(['left', true]);
  });
  test('is needed', async () => expect(setOf(renamed, { outcomeColumn: 'gone' })).rejects.toThrow('The labelled set lacks the columns Churn.'));
});

describe('a set that cannot be replayed', () => {
  test.each<{ name: string; csv: string | Uint8Array; message: string }>([
    { name: 'empty', csv: '', message: 'The labelled set lacks the columns tenure, customerID, Churn.' },
    { name: 'without customers: nobody could say whom the trainer saw', csv: 'tenure,Churn\n1,Yes\n', message: 'The labelled set lacks the columns customerID.' },
    { name: 'a column twice', csv: 'customerID,tenure,tenure,Churn\n', message: 'The labelled set has the column tenure twice.' },
  ])('$name', async ({ csv, message }) => expect(setOf(csv)).rejects.toMatchObject({ code: 'DatasetInvalid', message }));

  test.each<{ name: string; csv: string | Uint8Array; message: string }>([
    { name: 'a quote that is never closed', csv: `${HEADER}a,1,1,0,"north,Yes\n`, message: 'Row 2 of the labelled set: a quote is not closed.' },
    { name: 'no UTF-8', csv: Buffer.concat([Buffer.from(`${HEADER}a,1,1,0,`), Buffer.from([0xff]), Buffer.from(',Yes\n')]), message: 'The labelled set is not UTF-8.' },
  ])('$name', async ({ csv, message }) => {
    await expect((async () => rowsOf(await setOf(csv)))()).rejects.toMatchObject({ code: 'DatasetInvalid', message });
  });
});

test('a model whose rows name nobody needs no customers', async () => {
  const nameless = { candidate: { ...candidate, entity: null }, stable: undefined };
  const set = await setOf('tenure,Churn\n1,Yes\n', { cards: nameless });
  expect(await rowsOf(set)).toMatchObject([{ entity: undefined, positive: true, problem: undefined }]);
});
