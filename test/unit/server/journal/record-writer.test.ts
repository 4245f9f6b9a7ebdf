import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PredictionRecord } from '../../../../contracts/journal.ts';
import { MAX_FEATURES_CHARS, RecordWriter } from '../../../../server/journal/record-writer.ts';
import type { ObservedPrediction } from '../../../../server/prediction/observed-prediction.ts';
import { anyText } from '../../../any-text.ts';
import { tinyCard } from '../tiny-package.ts';
import { HASH, plainRow } from './rows.ts';

const all = new RecordWriter({ card: tinyCard, features: true, redact: [] });

function recordOf(writer: RecordWriter, row: ObservedPrediction): unknown {
  const line = writer.line(row);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  return JSON.parse(line);
}

test('a record has what was scored and what was answered', () => {
  expect(recordOf(all, plainRow)).toEqual({
    schemaVersion: 1,
    id: plainRow.predictionId,
    requestId: 'request-1',
    entity: '7590-VHVEG',
    at: '2026-11-21T07:00:00.123Z',
    version: 'v1',
    hash: HASH,
    probability: 0.71,
    decision: true,
    answered: { role: 'stable', decision: true },
    features: { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month' },
  });
});

const score = { version: 'v2', hash: 'b'.repeat(64), probability: 0.3, decision: false };
test.each<{ name: string; given: Partial<ObservedPrediction>; expected: Partial<PredictionRecord> }>([
  { name: 'a pair', given: { candidate: { scored: true, score } }, expected: { candidate: score } },
  { name: 'a pair that did not come about', given: { candidate: { scored: false, absence: 'QueueFull' } }, expected: { candidate: { missing: 'QueueFull' } } },
  { name: 'no rollout', given: {}, expected: { candidate: undefined } },
  { name: 'control group', given: { answered: { role: 'stable', decision: null, arm: 'control' } }, expected: { answered: { role: 'stable', decision: null, arm: 'control' } } },
  { name: 'nobody', given: { entity: undefined }, expected: { entity: null } },
  { name: 'a missing and an absent value', given: { features: { tenure: null, Contract: 'Two year' } }, expected: { features: { tenure: null, Contract: 'Two year' } } },
  { name: 'a NaN, as a binary tensor has it', given: { features: { tenure: Number.NaN } }, expected: { features: { tenure: null } } },
  { name: 'columns that the model does not know', given: { features: { iban: 'DE00', tenure: 1 } }, expected: { features: { tenure: 1 } } },
  { name: 'columns without end', given: { features: { Contract: 'x'.repeat(MAX_FEATURES_CHARS) } }, expected: { features: undefined } },
])('$name', ({ given, expected }) => {
  const record = PredictionRecord.parse(recordOf(all, { ...plainRow, ...given }));
  for (const [field, value] of Object.entries(expected)) expect(Reflect.get(record, field)).toEqual(value);
});

describe('redaction', () => {
  test.each([
    { name: 'a column', options: { features: true, redact: ['MonthlyCharges'] }, features: { tenure: 3, Contract: 'Month-to-month' }, entity: '7590-VHVEG' },
    { name: 'the entity', options: { features: true, redact: ['customerID'] }, features: { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month' }, entity: null },
    { name: 'all columns', options: { features: false, redact: [] }, features: undefined, entity: '7590-VHVEG' },
    { name: 'a column that is not there', options: { features: true, redact: ['iban', 'tenure', 'Contract', 'MonthlyCharges'] }, features: undefined, entity: '7590-VHVEG' },
  ])('$name', ({ options, features, entity }) => {
    const record = PredictionRecord.parse(recordOf(new RecordWriter({ card: tinyCard, ...options }), plainRow));
    expect({ features: record.features, entity: record.entity }).toEqual({ features, entity });
  });
});

test('whatever a caller sends, the line is the JSON of one record', () => {
  const text = anyText({ minLength: 1, maxLength: 20 });
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  const rows = fc.record({ requestId: text, entity: fc.option(text, { nil: undefined }), probability, atMs: fc.integer({ min: 0, max: 4e12 }), features: fc.dictionary(fc.constantFrom('tenure', 'Contract', 'other', '__proto__'), fc.oneof(text, fc.double(), fc.constant(null))) });
  fc.assert(
    fc.property(rows, ({ requestId, entity, probability: value, atMs, features }) => {
      const record = PredictionRecord.parse(recordOf(all, { ...plainRow, requestId, entity, atMs, features, own: { ...plainRow.own, probability: value } }));
      expect(record).toMatchObject({ requestId, entity: entity ?? null, probability: value + 0, at: new Date(atMs).toISOString() });
      const { tenure, Contract } = features;
      const kept = Object.entries({ tenure, Contract }).filter(([, each]) => each !== undefined);
      expect(record.features).toEqual(Object.fromEntries(kept.map(([name, each]) => [name, typeof each === 'number' ? (Number.isFinite(each) ? each + 0 : null) : each])));
    }),
  );
});
