/**
 * Area under the ROC curve, exactly, ties counted half: the Mann-Whitney statistic over midranks, O(n log n).
 * Source: Bamber (1975), J. Math. Psychol. 12:387-415. Error: rounding of one division; sums of half-integers are exact below 2^52.
 * @param scores finite numbers, larger means more likely positive
 * @param positive for each score, whether the outcome happened; same length
 * @returns 0..1, or undefined where one of the classes is empty
 */
export function rocAuc(scores: Readonly<ArrayLike<number>>, positive: Readonly<ArrayLike<boolean>>): number | undefined {
  const order = Array.from({ length: scores.length }, (_, index) => index).toSorted((a, b) => at(scores, a) - at(scores, b));
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let tiedPositives = 0;
    const score = at(scores, order[start] ?? 0);
    for (; end < order.length && at(scores, order[end] ?? 0) === score; end += 1) if (positive[order[end] ?? 0] === true) tiedPositives += 1;
    positives += tiedPositives;
    rankSum += tiedPositives * ((start + 1 + end) / 2);
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function at(scores: Readonly<ArrayLike<number>>, index: number): number {
  const score = scores[index];
  if (score === undefined || !Number.isFinite(score)) throw new RangeError('scores must be finite');
  return score;
}
