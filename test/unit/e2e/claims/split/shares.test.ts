import { describe, expect, test } from '@jest/globals';
import { binomialChance, isOnCandidateSide, standing } from '../../../../e2e/claims/split/shares.ts';

describe('standing', () => {
  // python3 -c "import hashlib; print(int.from_bytes(hashlib.sha256(b'cccc\n7590-VHVEG').digest()[:4], 'big') / 2**32)", with 64 c's and as docs/traffic.md has it.
  test.each([
    { customer: '7590-VHVEG', expected: 0.8260684499982744 },
    { customer: 'Zoë ', expected: 0.9896359713748097 },
    { customer: '7590', expected: 0.2642377067822963 },
  ])('of $customer', ({ customer, expected }) => expect(standing('c'.repeat(64), customer)).toBe(expected));

  test('who is within a share is within every larger one', () => {
    const customers = Array.from({ length: 500 }, (_, index) => `customer ${index}`);
    const within = (percent: number): readonly string[] => customers.filter((customer) => isOnCandidateSide('d'.repeat(64), percent, customer));
    for (const customer of within(5)) expect(within(25)).toContain(customer);
    expect(within(0)).toEqual([]);
    expect(within(100)).toEqual(customers);
  });
});

describe('binomialChance', () => {
  // scipy.stats: binom.cdf(lower) + binom.sf(upper - 1) at equal distance from the mean.
  test.each([
    { trials: 7043, probability: 0.05, count: 352, expected: 1 },
    { trials: 7043, probability: 0.05, count: 410, expected: 0.001_694_221_333_328_699 },
    { trials: 7043, probability: 0.25, count: 1650, expected: 0.002_357_163_208_534_581 },
    { trials: 2000, probability: 0.5, count: 1000, expected: 1 },
    { trials: 20, probability: 0.3, count: 2, expected: 0.083_445_029_629_812_07 },
    { trials: 7043, probability: 0.5, count: 3300, expected: 1.375_974_470_919_387_5e-7 },
  ])('$count of $trials at $probability', ({ trials, probability, count, expected }) => {
    expect(Math.abs(binomialChance({ trials, probability, count }) / expected - 1)).toBeLessThan(1e-8);
  });

  test.each([
    { probability: 1, count: 10, expected: 1 },
    { probability: 1, count: 9, expected: 0 },
    { probability: 0, count: 0, expected: 1 },
    { probability: 0, count: 1, expected: 0 },
  ])('$count of 10 at $probability', ({ probability, count, expected }) => expect(binomialChance({ trials: 10, probability, count })).toBe(expected));
});
