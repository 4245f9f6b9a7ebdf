import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sha256Hex } from '../../../contracts/digest.ts';
import { GoldenRows, ModelCard } from '../../../contracts/model-card.ts';

const folder = join(import.meta.dirname, '../../../models/telco-churn/packages');

async function json(version: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, version, file), 'utf8'));
}

describe.each(['20261001-0300', '20261101-0300', '20261115-0300'])('package %s', (version) => {
  test('has a card of the schema, and every file it lists', async () => {
    const card = ModelCard.parse(await json(version, 'model.json'));
    expect({ version: card.version, files: Object.keys(card.files).toSorted() }).toEqual({ version, files: ['best_model.pkl', 'golden.json', 'model.onnx', 'report.html'] });
    for (const [name, { sha256, sizeBytes }] of Object.entries(card.files)) {
      const bytes = await readFile(join(folder, version, name));
      expect({ name, sha256: sha256Hex(bytes), sizeBytes: bytes.length }).toEqual({ name, sha256, sizeBytes });
    }
  });

  test('has golden rows of every kind, in the columns of the card', async () => {
    const card = ModelCard.parse(await json(version, 'model.json'));
    const golden = GoldenRows.parse(await json(version, 'golden.json'));
    expect(golden.columns).toEqual(card.inputs.map((input) => input.name));
    expect(golden.rows.length).toBeGreaterThanOrEqual(500);
    expect(new Set(golden.kinds)).toEqual(new Set(['Real', 'Missing', 'Unseen', 'Straddler', 'Extreme']));
    expect(golden.threshold).toBe(card.threshold.value);
  });
});

test('the shuffled package is honest about it', async () => {
  const card = ModelCard.parse(await json('20261115-0300', 'model.json'));
  expect(card.training.labelsShuffled).toBe(true);
  expect(card.warnings.join(' ')).toMatch(/shuffled/i);
  expect(card.test.auc.value).toBeLessThan(0.8);
});

describe('golden rows that do not fit together', () => {
  const row = ['x', 1];
  const golden = { schemaVersion: 1, columns: ['a', 'b'], rows: Array.from({ length: 500 }, () => row), kinds: Array.from({ length: 500 }, () => 'Real'), probabilities: Array.from({ length: 500 }, () => 0.5), labels: Array.from({ length: 500 }, () => null), threshold: 0.5 };
  test('fit', () => expect(GoldenRows.safeParse(golden).success).toBe(true));
  test.each<{ name: string; over: object; message: string }>([
    { name: 'a probability too few', over: { probabilities: golden.probabilities.slice(1) }, message: 'probabilities: one per row is needed' },
    { name: 'a kind too few', over: { kinds: golden.kinds.slice(1) }, message: 'kinds: one per row is needed' },
    { name: 'a label too many', over: { labels: [...golden.labels, 1] }, message: 'labels: one per row is needed' },
    { name: 'a value too few', over: { rows: [['x'], ...golden.rows.slice(1)] }, message: 'rows: one value per column is needed' },
  ])('$name', ({ over, message }) => expect(GoldenRows.safeParse({ ...golden, ...over }).error?.issues.map((issue) => issue.message)).toEqual([message]));
});
