/**
 * Asks a served model about one real customer, the first of a data file, as an application would: raw columns by name.
 * `--url` of `:predict`, `--card` (model.json, for the columns and their types), `--data` (CSV, gzip).
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ModelCard } from '../../contracts/model-card.ts';
import { PredictResponse } from '../../contracts/prediction.ts';

const { values } = parseArgs({ options: { url: { type: 'string' }, card: { type: 'string' }, data: { type: 'string' } } });
const { url, card: cardPath, data } = values;
if (url === undefined || cardPath === undefined || data === undefined) throw new Error('needs --url, --card and --data');

const card = ModelCard.parse(JSON.parse(await readFile(cardPath, 'utf8')));
// No quoted fields in this file.
const [header = '', first = ''] = gunzipSync(await readFile(data)).toString('utf8').split(/\r?\n/);
const cells = first.split(',');
const row = new Map(header.split(',').map((column, index) => [column, cells[index]?.trim() ?? '']));

const customer: Record<string, string | number | null> = {};
if (card.entity !== null) customer[card.entity.column] = row.get(card.entity.column) ?? null;
for (const { name, type } of card.inputs) {
  const text = row.get(name) ?? '';
  customer[name] = text === '' ? null : type === 'number' ? Number(text) : text;
}

const response = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ instances: [customer] }),
  signal: AbortSignal.timeout(10_000),
});
const text = await response.text();
if (!response.ok) {
  console.error(`${url} answered ${response.status}: ${text}`);
  process.exit(1);
}
const [prediction] = PredictResponse.parse(JSON.parse(text)).predictions;
if (prediction === undefined) throw new Error('the answer holds no prediction');

console.log(`  sent      ${JSON.stringify(customer)}`);
console.log(`  answered  ${JSON.stringify(prediction)}`);
console.log(`  which is: ${card.labels.column} with probability ${prediction.probability.toFixed(3)}, decided "${prediction.label}" by version ${prediction.version}`);
console.log(`            (what happened: "${row.get(card.labels.column) ?? 'unknown'}")`);
