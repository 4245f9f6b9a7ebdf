import { describe, expect, test } from '@jest/globals';
import { LabelRecord } from '../../../../contracts/journal.ts';
import { OutcomeFile } from '../../../../server/evaluation/outcomes/outcome-file.ts';
import type { OutcomeContext, OutcomeMapping } from '../../../../server/evaluation/outcomes/outcome-rows.ts';
import { ephemeralKeyring } from '../../../../server/prediction-id/keyring.ts';
import { PredictionIds } from '../../../../server/prediction-id/prediction-ids.ts';

const NOW_MS = Date.parse('2026-11-21T07:00:00Z');
const keyring = ephemeralKeyring();
const ids = new PredictionIds('telco-churn', keyring);
const own = ids.issue(NOW_MS);
const mapping: OutcomeMapping = { idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'date' };
const context: OutcomeContext = { labels: { negative: 'No', positive: 'Yes' }, standing: (id) => ids.standing(id), startedMs: NOW_MS };

async function* pieces(content: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(content: string | Uint8Array, given: Partial<OutcomeMapping> = {}, size = 7) {
  const file = new OutcomeFile({ ...mapping, ...given }, context);
  const labels: LabelRecord[] = [];
  for await (const label of file.labels(pieces(content, size))) labels.push(LabelRecord.parse(label));
  return { labels, rows: file.rows, badRows: file.badRows, problems: file.problems };
}

const HEADER = 'customerID,Churn,date\n';

describe('a row', () => {
  test.each([
    { name: 'of a day', row: '7590-VHVEG,Yes,2026-11-20', label: { entity: '7590-VHVEG', label: true, observedAt: '2026-11-20T23:59:59.999Z' } },
    { name: 'of today', row: 'c,Yes,2026-11-21', label: { observedAt: '2026-11-21T23:59:59.999Z' } },
    { name: 'of an instant', row: 'c,No,2026-11-20T10:00:00+01:00', label: { label: false, observedAt: '2026-11-20T09:00:00.000Z' } },
    { name: 'of an instant without a zone', row: 'c,No,2026-11-20 10:00:00', label: { observedAt: '2026-11-20T10:00:00.000Z' } },
    { name: 'by prediction id', row: `${own},Yes,2026-11-20`, label: { id: own, label: true } },
    { name: 'with spaces', row: ' c , Yes , 2026-11-20 ', label: { entity: 'c', label: true } },
    { name: 'as a number', row: 'c,1,2026-11-20', label: { label: true } },
    { name: 'as a word', row: 'c,FALSE,2026-11-20', label: { label: false } },
  ])('$name', async ({ row, label }) => {
    const { labels, problems } = await read(HEADER + row);
    expect(problems).toEqual([]);
    expect(labels).toMatchObject([{ ...label, source: 'import', receivedAt: '2026-11-21T07:00:00.000Z' }]);
  });

  test('without a time column is of when the file was first seen', async () => {
    expect((await read('customerID,Churn\nc,Yes', { timeColumn: undefined })).labels).toMatchObject([{ observedAt: '2026-11-21T07:00:00.000Z' }]);
  });
});

describe('a bad row is told by row and column, and the others are labels', () => {
  const foreign = new PredictionIds('term-deposit', keyring).issue(NOW_MS);
  const namesake = new PredictionIds('telco-churn', ephemeralKeyring()).issue(NOW_MS);
  test.each([
    { name: 'nobody', row: ',Yes,2026-11-20', column: 'customerID', says: 'empty' },
    { name: 'a customer without end', row: `${'x'.repeat(257)},Yes,2026-11-20`, column: 'customerID', says: '256' },
    { name: 'an id of another model', row: `${foreign},Yes,2026-11-20`, column: 'customerID', says: 'another model' },
    { name: 'an id of another key', row: `${namesake},Yes,2026-11-20`, column: 'customerID', says: 'gave out' },
    { name: 'no outcome', row: 'c,,2026-11-20', column: 'Churn', says: 'neither' },
    { name: 'another outcome', row: 'c,secret,2026-11-20', column: 'Churn', says: '"Yes"' },
    { name: 'no time', row: 'c,Yes,', column: 'date', says: 'no time' },
    { name: 'an American time', row: 'c,Yes,11/20/2026', column: 'date', says: 'no time' },
    { name: 'no day of the calendar', row: 'c,Yes,2026-02-30', column: 'date', says: 'no time' },
    { name: 'tomorrow', row: 'c,Yes,2026-11-22', column: 'date', says: 'future' },
    { name: 'in an hour', row: 'c,Yes,2026-11-21T08:00:00Z', column: 'date', says: 'future' },
    { name: 'too few fields', row: 'c,Yes', column: undefined, says: 'has 2 fields, the header has 3' },
    { name: 'too many fields', row: 'c,Yes,2026-11-20,x', column: undefined, says: 'has 4 fields' },
    { name: 'a broken quote', row: '"c"x,Yes,2026-11-20', column: undefined, says: 'closing quote' },
  ])('$name', async ({ row, column, says }) => {
    const { labels, rows, badRows, problems } = await read(`${HEADER}a,Yes,2026-11-20\n${row}\nb,No,2026-11-20\n`);
    expect([labels.map(({ entity }) => entity), rows, badRows]).toEqual([['a', 'b'], 3, 1]);
    expect(problems).toEqual([{ row: 3, ...(column === undefined ? {} : { column }), message: expect.stringContaining(says) }]);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });

  test('many are counted, the first are told', async () => {
    const { badRows, problems } = await read(HEADER + ',,\n'.repeat(100));
    expect([badRows, problems.length]).toEqual([100, 20]);
  });
});

describe('a file', () => {
  test.each([
    { name: 'with semicolons', content: 'customerID;Churn;date\nc;Yes;2026-11-20', labels: 1, says: undefined },
    { name: 'with tabs', content: 'customerID\tChurn\tdate\nc\tYes\t2026-11-20', labels: 1, says: undefined },
    { name: 'with a byte order mark and quotes', content: '\uFEFF"customerID","Churn","date"\r\n"c","Yes","2026-11-20"\r\n', labels: 1, says: undefined },
    { name: 'with other columns', content: 'x,date,customerID,Churn\n"1,\n2",2026-11-20,c,Yes\n', labels: 1, says: undefined },
    { name: 'with nothing but a header', content: HEADER, labels: 0, says: undefined },
    { name: 'with nothing but a header and no line break', content: 'customerID,Churn,date', labels: 0, says: undefined },
    { name: 'that is empty', content: '', labels: 0, says: 'empty' },
    { name: 'without the column', content: 'id,Churn,date\nc,Yes,2026-11-20', labels: 0, says: 'no such column' },
    { name: 'with the column twice', content: 'customerID,customerID,Churn,date\nc,c,Yes,2026-11-20', labels: 0, says: '2 times' },
    { name: 'that is no text', content: Buffer.from([0x63, 0xff, 0xfe, 0x0a]), labels: 0, says: 'UTF-8' },
    { name: 'that ends in quotes', content: `${HEADER}c,Yes,2026-11-20\n"d,Yes,2026-11-20\n`, labels: 1, says: 'not closed' },
  ])('$name', async ({ content, labels, says }) => {
    for (const size of [1, 3, 1000]) {
      const read1 = await read(content, {}, size);
      expect(read1.labels.length).toBe(labels);
      expect(read1.problems.map(({ message }) => message)).toEqual(says === undefined ? [] : [expect.stringContaining(says)]);
    }
  });
});
