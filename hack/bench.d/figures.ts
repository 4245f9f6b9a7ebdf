/** A median with what it is known by: every value, smallest to largest, and a distribution-free interval. */
export type Spread = Readonly<{ median: number; smallest: number; largest: number; interval: Readonly<{ lower: number; upper: number }> }>;

const CONFIDENCE = 0.95;

/**
 * Median and spread of values, one a round. The interval holds the median of all rounds there could be with a confidence of at least 95 %,
 * whatever their distribution: it lies between the k-th smallest and the k-th largest, k as large as the binomial distribution of values below
 * the median allows. Fewer than six values know no such k: the interval is then all of the line.
 * Source: Conover (1999), Practical Nonparametric Statistics, 3rd edition, section 3.2.
 * @throws RangeError without values
 */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [smallest] = sorted;
  const largest = sorted.at(-1);
  if (smallest === undefined || largest === undefined) throw new RangeError('a median needs a value');
  const cut = cutOff(sorted.length);
  const lower = cut === 0 ? Number.NEGATIVE_INFINITY : (sorted[cut - 1] ?? smallest);
  const upper = cut === 0 ? Number.POSITIVE_INFINITY : (sorted[sorted.length - cut] ?? largest);
  return { median: medianOf(sorted), smallest, largest, interval: { lower, upper } };
}

/** Largest k with P(fewer than k of n values lie below the median) at most half of what the confidence leaves. */
function cutOff(n: number): number {
  let probability = 0.5 ** n;
  let below = 0;
  let k = 0;
  while (below + probability <= (1 - CONFIDENCE) / 2) {
    below += probability;
    k += 1;
    probability *= (n - k + 1) / k;
  }
  return k;
}

/** Of sorted values, at least one. */
function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** Each value over the one of the same round: what both rounds have in common, such as a busy machine, falls out. */
export function ratios(values: readonly number[], base: readonly number[]): readonly number[] {
  if (values.length !== base.length) throw new RangeError(`${values.length} values, ${base.length} to compare them with`);
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}
