import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseSegmentFile, segmentFile, segmentKey } from '../../../../server/journal/segment-name.ts';
import { drawWriter } from '../../../../server/journal/writer-lot.ts';

const SEGMENT = { hourMs: Date.parse('2026-11-21T07:00:00Z'), writer: '0k3x9q2abzzz1', sequence: 17 };

test('key and file of a segment', () => {
  expect(segmentKey('base/predictions/telco-churn', 'telco-churn-3f9a1c2e-7d9f6', SEGMENT)).toBe(
    'base/predictions/telco-churn/dt=2026-11-21/hour=07/telco-churn-3f9a1c2e-7d9f6-0k3x9q2abzzz1-000017.ndjson.gz',
  );
  expect(segmentFile(SEGMENT)).toBe('dt=2026-11-21_hour=07_0k3x9q2abzzz1-000017.ndjson');
});

test('the file tells the segment, whatever the clock said', () => {
  const hours = fc.integer({ min: 0, max: Math.floor(Date.parse('9999-12-31T23:00:00Z') / 3_600_000) });
  fc.assert(
    fc.property(hours, fc.nat(), (hour, sequence) => {
      const segment = { hourMs: hour * 3_600_000, writer: drawWriter(), sequence };
      expect(parseSegmentFile(segmentFile(segment))).toEqual(segment);
    }),
  );
});

test.each(['', 'lost+found', 'dt=2026-11-21_hour=07_0k3x9q2abzzz1-000017.ndjson.tmp', 'dt=2026-13-21_hour=07_0k3x9q2abzzz1-000017.ndjson', 'dt=2026-11-21_hour=25_0k3x9q2abzzz1-000017.ndjson'])('%j is no segment', (file) => {
  expect(parseSegmentFile(file)).toBeUndefined();
});
