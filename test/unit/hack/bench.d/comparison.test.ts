import { describe, expect, test } from '@jest/globals';
import type { BenchResult, Slice } from '../../../../hack/bench.d/bench.ts';
import { compareVariants, comparedOf } from '../../../../hack/bench.d/comparison.ts';
import { benchTable } from '../../../../hack/bench.d/table.ts';
import { orderOf, type Variant } from '../../../../hack/bench.d/variant.ts';

const ROUNDS = 7;
/** A machine that gets slower from round to round; Shadow takes 1.05 times as long, whatever the round. */
const FACTOR: Readonly<Record<Variant, number>> = { Echo: 0.5, NoRollout: 1, NoRolloutAgain: 1, Shadow: 1.05, Canary: 2 };

function slice(round: number, variant: Variant): Slice {
  const slow = (round + 1) * FACTOR[variant];
  return {
    round,
    variant,
    report: { calls: 100, sent: 110, failed: variant === 'Canary' && round === 2 ? 1 : 0, ...(variant === 'Canary' && round === 2 ? { firstFailure: 'HTTP 500' } : {}), p50Ms: slow, p99Ms: 4 * slow, maxMs: 9, lateP99Ms: round, tookMs: 1000 },
    usedUsPerCall: 100 * slow,
    waitedUsPerCall: 1,
    coreShare: 0.2,
    traffic: undefined,
    problem: variant === 'Shadow' && round === 1 ? 'it follows no policy' : undefined,
  };
}

const result: BenchResult = {
  plan: { rounds: ROUNDS, sliceMs: 3000, warmUpMs: 300, loadPercent: 20, saturateMs: 1000, mostErrors: 0.01 },
  seed: 1,
  saturatedPerSecond: 5000,
  ratePerSecond: 1000,
  pinned: true,
  preferred: 'Always',
  slices: Array.from({ length: ROUNDS }, (_, round) => orderOf(round).map((variant) => slice(round, variant))).flat(),
};

describe('variants beside no rollout', () => {
  const all = compareVariants(result);

  test('a machine that gets slower falls out of the ratios', () => {
    const { ratios, measures } = comparedOf(all, 'Shadow');
    for (const measure of ['p50', 'p99', 'cpu'] as const) expect(ratios[measure].median).toBeCloseTo(1.05, 12);
    expect([ratios.p99.interval.lower, ratios.p99.interval.upper].map((bound) => bound.toFixed(6))).toEqual(['1.050000', '1.050000']);
    expect(measures.p50).toMatchObject({ median: 4 * 1.05, smallest: 1.05, largest: 7 * 1.05 });
  });

  test('failures and slices that measured something else are told', () => {
    expect(comparedOf(all, 'Canary')).toMatchObject({ calls: 700, failed: 1, firstFailure: 'HTTP 500', problems: [] });
    expect(comparedOf(all, 'Shadow').problems).toEqual(['round 2: it follows no policy']);
  });

  test('the table has a line for each, with ratio and interval', () => {
    const table = benchTable(result, all);
    expect(table).toContain('| Shadow, 100 % | 700 | 0 | 4.200 (1.050–7.350) | 16.80 (4.20–29.40) | 420 (105–735) | 1.05 (1.05–1.05) | 1.05 (1.05–1.05) | 1.05 (1.05–1.05) |');
    expect(table).toContain('1000 calls a second of one row, at which stable without a rollout is busy 20 % of the time (it answers 5000 a second');
    expect(table).toContain('6.0 ms late');
  });
});
