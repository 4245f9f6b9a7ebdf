import { describe, expect, test } from '@jest/globals';
import { expectedDecision, labelsFromCard } from '../../../../server/evaluation/forecast.ts';
import type { LabelFlow } from '../../../../server/evaluation/forecast.ts';

const DAY_MS = 86_400_000;
/** Thirty days of horizon, sixty since the candidate came: thirty days of matured predictions, 10 customers a day. */
const steady: LabelFlow = { nowMs: 60 * DAY_MS, sinceMs: 0, horizonMs: 30 * DAY_MS, rows: 300, firstMs: 0, pending: 300, firstPendingMs: 30 * DAY_MS, lastLook: undefined };

test.each<{ name: string; labels: number; given: Partial<LabelFlow>; day: number | undefined }>([
  { name: 'as they came so far', labels: 100, given: {}, day: 70 },
  { name: 'as they came since the last look', labels: 100, given: { lastLook: { at: new Date(55 * DAY_MS).toISOString(), rows: 280 } }, day: 85 },
  { name: 'no more than at the last look: as they came so far', labels: 100, given: { lastLook: { at: new Date(55 * DAY_MS).toISOString(), rows: 300 } }, day: 70 },
  { name: 'none is matured: as they are predicted, one horizon later', labels: 100, given: { nowMs: 10 * DAY_MS, rows: 0, firstMs: undefined, pending: 100, firstPendingMs: 0 }, day: 40 },
  { name: 'nobody is scored', labels: 100, given: { rows: 0, firstMs: undefined, pending: 0, firstPendingMs: undefined }, day: undefined },
  { name: 'beyond what a date can say', labels: 1e8, given: {}, day: undefined },
])('$name', ({ labels, given, day }) => {
  const atMs = expectedDecision(labels, { ...steady, ...given });
  expect(atMs === undefined ? undefined : atMs / DAY_MS).toEqual(day === undefined ? undefined : expect.closeTo(day, 6));
});

describe('before there are labels, the card says how many it takes', () => {
  const rule = { mode: 'Anytime', minAUC: 0.8, confidence: 0.95, maxRegression: 0.02, minPositives: 50, minNegatives: 50 } as const;
  test('one look: until the rarer class is there', () => expect(labelsFromCard({ auc: 0.84, prevalence: 0.25 }, { ...rule, mode: 'LowerBound' })).toBe(200));
  test('any look: until the AUC of the card is proven; reference simulations decide at 800 to 900', () => {
    const labels = labelsFromCard({ auc: 0.84, prevalence: 0.265 }, rule) ?? 0;
    expect(labels).toBeGreaterThan(800);
    expect(labels).toBeLessThan(1600);
  });
  test('a card that promises no Pass says nothing', () => expect(labelsFromCard({ auc: 0.79, prevalence: 0.265 }, rule)).toBeUndefined());
  test('nor does a test set of one class', () => expect(labelsFromCard({ auc: 0.84, prevalence: 0 }, rule)).toBeUndefined());
});
