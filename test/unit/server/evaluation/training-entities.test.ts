import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ModelCard } from '../../../../contracts/model-card.ts';
import { TrainingEntities } from '../../../../server/evaluation/training-entities.ts';
import { tinyCard } from '../tiny-package.ts';
import { trainedOn } from './feedback-world.ts';

/** The first column of a CSV file without quotes. */
function customersOf(csv: Buffer): readonly string[] {
  return csv.toString('utf8').trimEnd().split('\n').slice(1).map((line) => line.split(',', 1)[0] ?? '');
}

test('whom the trainer of the Telco package saw: all of its training customers, none of the hold-out', () => {
  const trained = new TrainingEntities(ModelCard.parse(JSON.parse(readFileSync('models/telco-churn/packages/20261101-0300/model.json').toString('utf8'))));
  const holdout = customersOf(readFileSync('models/telco-churn/holdout/labelled.csv'));
  expect(holdout.filter((customer) => trained.has(customer))).toEqual([]);
  const all = customersOf(gunzipSync(readFileSync('models/telco-churn/data/telco-customer-churn.csv.gz')));
  expect(all.filter((customer) => trained.has(customer)).length).toBe(trained.count);
});

test('first, last and those between are found', () => {
  const customers = Array.from({ length: 257 }, (_, at) => `customer-${at}`);
  const trained = new TrainingEntities(trainedOn(customers)(tinyCard));
  expect(trained.count).toBe(257);
  expect(customers.filter((customer) => !trained.has(customer))).toEqual([]);
  expect(trained.has('customer-257')).toBe(false);
});

test('a card that lists nobody knows nobody', () => {
  const trained = new TrainingEntities({ ...tinyCard, trainingEntities: null });
  expect([trained.count, trained.has('customer-1')]).toEqual([null, false]);
});

describe('a list that would hide customers is refused', () => {
  const card = trainedOn(['a', 'b', 'c'])(tinyCard);
  const hashes = Buffer.from(card.trainingEntities?.hashes ?? '', 'base64');
  test.each<{ name: string; bytes: Buffer; message: string }>([
    { name: 'not sorted', bytes: Buffer.concat([hashes.subarray(16), hashes.subarray(0, 16)]), message: 'is not sorted' },
    { name: 'cut off', bytes: hashes.subarray(0, 20), message: 'has not as many hashes as count says' },
  ])('$name', ({ bytes, message }) => {
    const broken = { ...card, trainingEntities: card.trainingEntities === null ? null : { ...card.trainingEntities, hashes: bytes.toString('base64') } };
    expect(() => new TrainingEntities(broken)).toThrow(message);
  });
});
