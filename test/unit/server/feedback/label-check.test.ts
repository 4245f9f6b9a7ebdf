import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { LabelRecord } from '../../../../contracts/journal.ts';
import { checkLabels, MAX_AHEAD_MS } from '../../../../server/feedback/label-check.ts';
import type { LabelContext } from '../../../../server/feedback/label-check.ts';
import type { IdStanding } from '../../../../server/prediction-id/prediction-ids.ts';

const NOW = '2026-11-21T07:00:00.000Z';
const NOW_MS = Date.parse(NOW);
const standings = new Map<string, IdStanding>([['own', 'Own'], ['own-2', 'Own'], ['other', 'OtherModel'], ['forged', 'UnknownKey']]);
const context: LabelContext = { labels: { negative: 'No', positive: 'Yes' }, standing: (id) => standings.get(id) ?? 'Malformed', customers: true, nowMs: NOW_MS };

function detailsOf(labels: readonly unknown[], given = context) {
  try {
    checkLabels({ labels }, given);
  } catch (thrown) {
    if (thrown instanceof ChurnOpsError) return { code: thrown.code, message: thrown.message, details: thrown.details };
  }
  return undefined;
}

const good = { id: 'own', label: true, observedAt: '2026-11-20T00:00:00Z' };

describe('a good label', () => {
  const record = { schemaVersion: 1, id: 'own', label: true, observedAt: '2026-11-20T00:00:00.000Z', receivedAt: NOW, source: 'feedback' };
  test.each<{ name: string; given: object; expected: object }>([
    { name: 'by id', given: good, expected: record },
    { name: 'by customer', given: { ...good, id: undefined, entity: '7590-VHVEG' }, expected: { ...record, id: undefined, entity: '7590-VHVEG' } },
    { name: 'by the number of a customer', given: { ...good, id: undefined, entity: 7590 }, expected: { ...record, id: undefined, entity: '7590' } },
    { name: 'by both', given: { ...good, entity: '7590-VHVEG' }, expected: { ...record, entity: '7590-VHVEG' } },
    { name: 'of now', given: { id: 'own', label: true }, expected: { ...record, observedAt: NOW } },
    { name: 'from another time zone', given: { ...good, observedAt: '2026-11-20T01:00:00.5+01:00' }, expected: { ...record, observedAt: '2026-11-20T00:00:00.500Z' } },
    { name: 'of a clock that is a little ahead', given: { ...good, observedAt: new Date(NOW_MS + MAX_AHEAD_MS).toISOString() }, expected: { ...record, observedAt: '2026-11-21T07:01:00.000Z' } },
    { name: 'false', given: { ...good, label: false }, expected: { ...record, label: false } },
    { name: 'the positive class', given: { ...good, label: 'Yes' }, expected: record },
    { name: 'the negative class', given: { ...good, label: 'No' }, expected: { ...record, label: false } },
  ])('$name', ({ given, expected }) => {
    const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const [label] = checkLabels({ labels: [defined] }, context);
    expect({ ...label }).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(LabelRecord.parse(label)).toEqual(label);
  });

  test('by both, where predictions name no customers', () => {
    expect(checkLabels({ labels: [{ ...good, entity: 'ada' }] }, { ...context, customers: false })).toHaveLength(1);
  });

  test('of classes that are numbers', () => {
    const [one, zero] = checkLabels({ labels: [{ ...good, label: 1 }, { ...good, id: 'own-2', label: '0' }] }, { ...context, labels: { negative: '0', positive: '1' } });
    expect([one?.label, zero?.label]).toEqual([true, false]);
  });
});

describe('a wrong label is told by row and field', () => {
  test.each<{ name: string; given: unknown; path: string; says: string }>([
    { name: 'no id', given: { ...good, id: 'nonsense' }, path: 'labels[1].id', says: 'no prediction id' },
    { name: 'an id of another model', given: { ...good, id: 'other' }, path: 'labels[1].id', says: 'another model' },
    { name: 'a forged id', given: { ...good, id: 'forged' }, path: 'labels[1].id', says: 'gave out' },
    { name: 'a number as id', given: { ...good, id: 17 }, path: 'labels[1].id', says: 'expected a prediction id, got a number' },
    { name: 'about nobody', given: { label: true }, path: 'labels[1]', says: 'neither id nor entity' },
    { name: 'an empty customer', given: { entity: '', label: true }, path: 'labels[1].entity', says: '1 to 256' },
    { name: 'a customer without end', given: { entity: 'x'.repeat(257), label: true }, path: 'labels[1].entity', says: '1 to 256' },
    { name: 'another class', given: { ...good, label: 'Maybe' }, path: 'labels[1].label', says: '"Yes" or "No"' },
    { name: 'a number that is no class', given: { ...good, label: 2 }, path: 'labels[1].label', says: '"Yes" or "No"' },
    { name: 'no label', given: { id: 'own' }, path: 'labels[1].label', says: 'got nothing' },
    { name: 'null', given: { ...good, label: null }, path: 'labels[1].label', says: '"Yes" or "No"' },
    { name: 'tomorrow', given: { ...good, observedAt: '2026-11-22T07:00:00Z' }, path: 'labels[1].observedAt', says: 'future' },
    { name: 'just too far ahead', given: { ...good, observedAt: new Date(NOW_MS + MAX_AHEAD_MS + 1).toISOString() }, path: 'labels[1].observedAt', says: 'future' },
    { name: 'no time zone', given: { ...good, observedAt: '2026-11-20T07:00:00' }, path: 'labels[1].observedAt', says: 'RFC 3339' },
    { name: 'a day of no calendar', given: { ...good, observedAt: '2026-02-30T07:00:00Z' }, path: 'labels[1].observedAt', says: 'RFC 3339' },
    { name: 'epoch seconds', given: { ...good, observedAt: 1_795_244_400 }, path: 'labels[1].observedAt', says: 'RFC 3339' },
    { name: 'a field that nobody knows', given: { ...good, observed_at: 'x' }, path: 'labels[1].observed_at', says: 'no field of a label' },
    { name: 'a list', given: [good], path: 'labels[1]', says: 'expected an object' },
    { name: 'null as a label', given: null, path: 'labels[1]', says: 'expected an object' },
    { name: 'a contradiction', given: { ...good, label: false, observedAt: '2026-11-20T01:00:00+01:00' }, path: 'labels[1].label', says: 'contradicts' },
  ])('$name', ({ given, path, says }) => {
    expect(detailsOf([good, given])).toEqual({ code: 'InvalidLabels', message: 'One label is wrong.', details: [{ path, message: expect.stringContaining(says) }] });
  });

  test('a customer, where predictions name none', () => {
    expect(detailsOf([{ entity: 'ada', label: true }], { ...context, customers: false })).toMatchObject({ details: [{ path: 'labels[0].entity', message: expect.stringContaining('send the id of the prediction') }] });
  });

  test('the same twice is no contradiction, and a customer is no prediction', () => {
    expect(checkLabels({ labels: [good, good, { ...good, observedAt: NOW, label: false }, { entity: 'own', label: false, observedAt: good.observedAt }] }, context)).toHaveLength(4);
  });

  test('many mistakes are counted, the first are told', () => {
    const found = detailsOf(Array.from({ length: 100 }, () => ({ id: 'nonsense', label: 'Maybe' })));
    expect([found?.message, found?.details.length]).toEqual(['200 things are wrong; the first 20 are listed.', 20]);
  });
});

test.each<{ body: unknown; code: string }>([
  { body: undefined, code: 'InvalidLabels' },
  { body: null, code: 'InvalidLabels' },
  { body: [good], code: 'InvalidLabels' },
  { body: { labels: [] }, code: 'InvalidLabels' },
  { body: { labels: good }, code: 'InvalidLabels' },
  { body: { labels: Array.from({ length: 1025 }, () => good) }, code: 'TooManyRows' },
])('a body that is $body: $code', ({ body, code }) => {
  expect(() => checkLabels(body, context)).toThrow(expect.objectContaining({ code }));
});

test('whatever JSON is sent, it is stored labels or an error that repeats no value', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.record({ id: fc.constantFrom('own', 'secret-17', 3), entity: fc.oneof(fc.string(), fc.double()), label: fc.oneof(fc.boolean(), fc.constantFrom('Yes', 'secret-18')), observedAt: fc.constantFrom(NOW, 'secret-19') }, { requiredKeys: [] }), fc.jsonValue()), { minLength: 1, maxLength: 5 }), (labels) => {
      try {
        for (const label of checkLabels({ labels }, context)) LabelRecord.parse(label);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'InvalidLabels' });
        expect(JSON.stringify(Object(thrown).details)).not.toContain('secret-');
      }
    }),
  );
});
