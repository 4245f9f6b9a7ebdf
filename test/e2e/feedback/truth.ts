import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { TELCO_DATA } from '../load/customers.ts';

const POSITIVE = 'Yes';

/** Who left, of all customers of the Telco data. */
export async function telcoTruth(): Promise<ReadonlyMap<string, boolean>> {
  // No quoted fields in this file.
  const [header = '', ...lines] = gunzipSync(await readFile(TELCO_DATA)).toString('utf8').trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  const [id, outcome] = [columns.indexOf('customerID'), columns.indexOf('Churn')];
  if (id < 0 || outcome < 0) throw new Error(`${TELCO_DATA} has no customerID or no Churn`);
  return new Map(lines.map((line) => line.split(',')).map((cells) => [cells[id] ?? '', cells[outcome] === POSITIVE]));
}
