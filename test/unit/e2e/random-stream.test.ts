import { expect, test } from '@jest/globals';
import { RandomStream } from '../../e2e/random-stream.ts';

const DRAWS = 40_000;

function draw(next: () => number): readonly number[] {
  return Array.from({ length: DRAWS }, next);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function first(seed: number, index: number): string {
  const random = new RandomStream(seed, index);
  return Array.from({ length: 4 }, () => random.uniform()).join(' ');
}

test('the same for the same seed and index, others for others', () => {
  expect(first(1, 2)).toBe(first(1, 2));
  expect(new Set([first(1, 2), first(1, 3), first(2, 2), first(0, 0)]).size).toBe(4);
});

test('neighbouring streams have nothing in common', () => {
  const [a, b] = [new RandomStream(1, 7), new RandomStream(1, 8)];
  const products = draw(() => a.normal() * b.normal());
  // Five standard errors of the mean of products of independent normals.
  expect(Math.abs(mean(products))).toBeLessThan(5 / Math.sqrt(DRAWS));
});

test('uniform: even over tenths, whole numbers below a count', () => {
  const random = new RandomStream(3, 0);
  const tenths = new Map<number, number>();
  for (const value of draw(() => random.below(10))) tenths.set(value, (tenths.get(value) ?? 0) + 1);
  expect([...tenths.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Chi-squared with 9 degrees of freedom: 33.7 in one of 10,000.
  expect([...tenths.values()].reduce((sum, count) => sum + (count - DRAWS / 10) ** 2 / (DRAWS / 10), 0)).toBeLessThan(33.7);
});

test('normal: moments 0, 1, 0, 3 within five standard errors', () => {
  const random = new RandomStream(4, 0);
  const values = draw(() => random.normal());
  const moments = [1, 2, 3, 4].map((power) => mean(values.map((value) => value ** power)));
  // Of the first four powers of a normal: 1, 2, 15, 96 are the variances.
  for (const [index, [expected, variance]] of ([[0, 1], [1, 2], [0, 15], [3, 96]] as const).entries()) expect(Math.abs((moments[index] ?? 0) - expected)).toBeLessThan(5 * Math.sqrt(variance / DRAWS));
});
