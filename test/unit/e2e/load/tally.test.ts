import { describe, expect, test } from '@jest/globals';
import { quantile, Tally } from '../../../e2e/load/tally.ts';

describe('nearest-rank quantiles', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  test.each<{ sorted: readonly number[]; share: number; expected: number }>([
    { sorted: [], share: 0.99, expected: 0 },
    { sorted: [7], share: 0.5, expected: 7 },
    { sorted: [1, 2], share: 0.5, expected: 1 },
    { sorted: hundred, share: 0.5, expected: 50 },
    { sorted: hundred, share: 0.99, expected: 99 },
    { sorted: hundred, share: 1, expected: 100 },
    { sorted: hundred, share: 0, expected: 1 },
  ])('$share of $sorted.length values: $expected', ({ sorted, share, expected }) => expect(quantile(sorted, share)).toBe(expected));
});

test('every call counts once; failed ones keep when, where and why', () => {
  const tally = new Tally();
  const failure = { at: '2026-11-21T07:00:00.000Z', phase: 'two', connection: 'Fresh' as const, tookMs: 2000, error: 'no answer within 2000 ms' };
  tally.sent(3);
  tally.sent(1);
  tally.answered({ phase: 'one', version: 'a', connection: 'Kept', tookMs: 5 });
  tally.answered({ phase: 'one', version: 'a', connection: 'Kept', tookMs: 4 });
  tally.answered({ phase: 'two', version: 'b', connection: 'Fresh', tookMs: 6 });
  tally.failed(failure);
  tally.retried({ phase: 'two', connection: 'Kept', error: 'ECONNREFUSED' });
  tally.retried({ phase: 'two', connection: 'Kept', error: 'ECONNREFUSED' });
  expect(tally.report(1000)).toEqual({
    calls: 4,
    failed: 1,
    failures: [failure],
    failedByPhase: { two: 1 },
    answered: [
      { phase: 'one', version: 'a', connection: 'Kept', calls: 2 },
      { phase: 'two', version: 'b', connection: 'Fresh', calls: 1 },
    ],
    retried: [{ phase: 'two', connection: 'Kept', error: 'ECONNREFUSED', calls: 2 }],
    timesByPhase: { one: { calls: 2, p50Ms: 4, p99Ms: 5, maxMs: 5 }, two: { calls: 2, p50Ms: 6, p99Ms: 2000, maxMs: 2000 } },
    p50Ms: 5,
    p99Ms: 2000,
    maxMs: 2000,
    latestSendMs: 3,
    tookMs: 1000,
  });
});
