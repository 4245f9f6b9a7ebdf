import { expect, test } from '@jest/globals';
import { distributionOf, distributionTable } from '../../../../e2e/claims/propagation/distribution.ts';

const changes = [
  { weight: 1, writtenMs: 100, followedMs: 900 },
  { weight: 2, writtenMs: 200, followedMs: 1200 },
  // Followed before the list that saw the annotation came back.
  { weight: 3, writtenMs: 1500, followedMs: 1450 },
];

test('parts and the whole, in seconds', () => {
  expect(distributionOf(changes)).toEqual({
    changes: 3,
    written: { p50: 0.2, p95: 1.5, worst: 1.5 },
    noticed: { p50: 0.8, p95: 1, worst: 1 },
    inAll: { p50: 1.2, p95: 1.5, worst: 1.5 },
  });
});

test('as a table', () => expect(distributionTable(distributionOf(changes))).toContain('| in all | 1.20 | 1.50 | 1.50 |'));
