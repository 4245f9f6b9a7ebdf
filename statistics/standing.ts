/**
 * Twice the numbers below `x` plus those equal to it: where `x` stands, in half steps, so that ties count half and everything stays a whole number.
 * Two binary searches, O(log n). Of the whole sample (with `x` in it) it is twice the midrank less one; of the other class over twice its
 * size it is the structural component V10 of DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845, equation (4).
 * @param sorted ascending, finite
 * @returns whole number, 0..2 * sorted.length
 */
export function standing(sorted: Readonly<Float64Array>, x: number): number {
  const below = countBelow(sorted, x);
  return sorted[below] === x ? below + countUpTo(sorted, x, below) : 2 * below;
}

/** The standing of each of `scores` among `others`, in the order of `scores`. O((n + m) log m), no indices are sorted. */
export function standings(scores: Readonly<Float64Array>, others: Readonly<Float64Array>): Float64Array {
  const sorted = others.toSorted();
  return scores.map((score) => standing(sorted, score));
}

function countBelow(sorted: Readonly<Float64Array>, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Number.NaN) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many are not above `x`; at least `from` are. */
function countUpTo(sorted: Readonly<Float64Array>, x: number, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Number.NaN) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
