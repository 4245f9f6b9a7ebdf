import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { companionPath, dayPartition, evidenceEndMs, evidencePath, hourPartition, partitionEndMs, storeLayout } from '../../../contracts/store-layout.ts';

const DAY_MS = 86_400_000;
const HASH = 'a'.repeat(64);

describe('the layout begins where models/ of the repository begins', () => {
  test.each([
    { repository: 'models/telco-churn', predictions: 'predictions/telco' },
    { repository: 'team-a/models/telco-churn', predictions: 'team-a/predictions/telco' },
    { repository: 'a/b/models/telco-churn', predictions: 'a/b/predictions/telco' },
    { repository: 'models', predictions: 'predictions/telco' },
    { repository: 'models/models', predictions: 'predictions/telco' },
    { repository: 'somewhere/else', predictions: 'predictions/telco' },
    { repository: '', predictions: 'predictions/telco' },
  ])('$repository', ({ repository, predictions }) => expect(storeLayout(repository, 'telco').predictions).toBe(predictions));

  test('whole', () => {
    expect(storeLayout('models/telco-churn', 'telco-churn')).toEqual({
      raw: 'raw/telco-churn',
      datasets: 'datasets/telco-churn',
      holdouts: 'holdouts/telco-churn',
      predictions: 'predictions/telco-churn',
      labels: 'labels/telco-churn',
      outcomes: 'outcomes/telco-churn',
      evaluations: 'evaluations/telco-churn',
      scores: 'scores/telco-churn',
    });
  });
});

test('folders of an instant', () => {
  const ms = Date.parse('2026-11-21T07:59:59.999Z');
  expect([dayPartition(ms), hourPartition(ms)]).toEqual(['dt=2026-11-21', 'dt=2026-11-21/hour=07']);
});

test('the day that an instant is written to ends after it, within a day', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 250_000_000_000_000 }), (ms) => {
    const endMs = partitionEndMs(dayPartition(ms)) ?? Number.NaN;
    expect(endMs).toBeGreaterThan(ms);
    expect(endMs - ms).toBeLessThanOrEqual(DAY_MS);
    expect(endMs % DAY_MS).toBe(0);
    expect(evidenceEndMs(evidencePath(HASH, new Date(ms).toISOString(), 'gate'))).toBe(endMs);
  }));
});

test.each(['dt=2026-02-30', 'dt=2026-13-01', 'dt=2026-1-1', 'dt=2026-11-21 ', 'DT=2026-11-21', '2026-11-21', 'dt=', 'dt=20261121', 'dt=2026-11-21x', 'dt=+002026-11-21', ''])('%j is no day', (folder) => {
  expect(partitionEndMs(folder)).toBeUndefined();
});

test.each([
  { path: 'weekly/2026-11-21T070000000Z-evaluation.json', endMs: Date.parse('2026-11-22') },
  { path: companionPath(evidencePath(HASH, '2026-11-21T07:00:00.000Z', 'gate'), 'pairs.csv.gz'), endMs: Date.parse('2026-11-22') },
  { path: companionPath(evidencePath(HASH, '2026-11-21T07:00:00.000Z', 'gate'), 'inputs.ndjson.gz'), endMs: Date.parse('2026-11-22') },
  { path: `${HASH}/2026-11-21T070000000Z-pairs.csv`, endMs: undefined },
  { path: 'unresolved/2026-11-21T070000Z.json', endMs: Date.parse('2026-11-22') },
  { path: `${HASH}/2026-11-21T070000000Z-inspection.json`, endMs: Date.parse('2026-11-22') },
  { path: `${HASH}/2026-02-30T070000000Z-inspection.json`, endMs: undefined },
  { path: `${HASH}/2026-11-21T070000000Z-inspection.json.bak`, endMs: undefined },
  { path: `${HASH}/sub/2026-11-21T070000000Z-inspection.json`, endMs: undefined },
  { path: 'notes/2026-11-21T070000000Z-inspection.json', endMs: undefined },
  { path: '2026-11-21T070000000Z-inspection.json', endMs: undefined },
])('evidence $path', ({ path, endMs }) => expect(evidenceEndMs(path)).toBe(endMs));
