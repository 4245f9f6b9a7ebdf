import { calibrationLine, type CalibrationLine } from './calibration-line.ts';
import { CompensatedSum } from './compensated-sum.ts';
import { countsOf } from './delong.ts';
import { assertLabelled, assertProbabilities, type LabelledScores } from './sample.ts';

/** Customers of similar probability: what was said on average and what happened. `lower` <= probability < `upper`; the last bin holds 1, too. */
export type CalibrationBin = Readonly<{ lower: number; upper: number; rows: number; meanProbability: number; observedShare: number }>;

/** Whether probabilities can be taken at their word. */
export type Calibration = Readonly<{
  rows: number;
  /** Mean squared distance of probability and outcome: 0 is perfect, the base rate alone gives rate * (1 - rate). */
  brier: number;
  /** Mean of -ln(probability of what happened), in nats. */
  logLoss: number;
  /** Expected calibration error over `bins`, 0..1. Biased upwards in small samples: show it with `rows`. */
  expectedCalibrationError: number;
  /** The same over ten bins of equally many customers, those of one probability together: it looks closer where most probabilities are small. */
  equalMassCalibrationError: number;
  /** `brier = reliability - resolution + uncertainty + withinBins`; the last is what the bins do not see. */
  murphy: Readonly<{ reliability: number; resolution: number; uncertainty: number; withinBins: number }>;
  /** What happened over what was foretold; undefined where every probability is as good as 0. */
  observedToExpected: number | undefined;
  line: CalibrationLine;
  /** Non-empty bins, in order. */
  bins: readonly CalibrationBin[];
}>;

const BINS = 10;

/**
 * Calibration of probabilities.
 *
 *     Brier = mean (p - y)^2        log loss = -mean [y ln p + (1-y) ln(1-p)], p held within [2^-52, 1 - 2^-52]
 *     ECE = sum over bins of rows_b/N |observedShare_b - meanProbability_b|
 *     reliability = sum rows_b/N (meanProbability_b - observedShare_b)^2
 *     resolution = sum rows_b/N (observedShare_b - base rate)^2        uncertainty = base rate (1 - base rate)
 *
 * Source: Brier (1950), Monthly Weather Review 78:1-3; Murphy (1973), Journal of Applied Meteorology 12:595-600; Naeini, Cooper & Hauskrecht (2015),
 * AAAI 29:2901-2907, for ECE. Bins hold their lower edge, as the drift bins of the card do and as a threshold does; scikit-learn's
 * calibration_curve puts a probability that is an edge (0.3) into the bin below.
 * Error: sums are compensated: a few roundings.
 * @param sample scores are probabilities
 * @returns undefined of an empty sample
 * @throws InvalidSample
 */
export function calibrationOf(sample: LabelledScores): Calibration | undefined {
  assertLabelled(sample);
  assertProbabilities(sample.scores, 'scores');
  const { rows, positives } = countsOf(sample);
  if (rows === 0) return undefined;
  const baseRate = positives / rows;
  const brier = meanOf(sample, (p, y) => (p - y) ** 2);
  const bins = binned(sample, Array.from({ length: BINS + 1 }, (_, edge) => edge / BINS));
  const weighted = (of: (bin: CalibrationBin) => number): number => totalOf(bins.map((bin) => (bin.rows / rows) * of(bin)));
  const reliability = weighted((bin) => (bin.meanProbability - bin.observedShare) ** 2);
  const resolution = weighted((bin) => (bin.observedShare - baseRate) ** 2);
  const uncertainty = baseRate * (1 - baseRate);
  const expected = meanOf(sample, (p) => p);
  return {
    rows,
    brier,
    logLoss: meanOf(sample, (p, y) => -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, y === 1 ? p : 1 - p)))),
    expectedCalibrationError: calibrationError(bins, rows),
    equalMassCalibrationError: calibrationError(binned(sample, equalMassEdges(sample.scores)), rows),
    murphy: { reliability, resolution, uncertainty, withinBins: brier - (reliability - resolution + uncertainty) },
    observedToExpected: Number.isFinite(baseRate / expected) ? baseRate / expected : undefined,
    line: calibrationLine(sample),
    bins,
  };
}

function calibrationError(bins: readonly CalibrationBin[], rows: number): number {
  return totalOf(bins.map((bin) => (bin.rows / rows) * Math.abs(bin.observedShare - bin.meanProbability)));
}

/** @param edges ascending; none of the scores is below the first, or above the last */
function binned({ positive, scores }: LabelledScores, edges: readonly number[]): readonly CalibrationBin[] {
  const inner = edges.slice(1, -1);
  const sums = Array.from({ length: inner.length + 1 }, () => ({ rows: 0, positives: 0, probabilities: new CompensatedSum() }));
  for (const [index, score] of scores.entries()) {
    let bin = 0;
    while (bin < inner.length && score >= (inner[bin] ?? Number.NaN)) bin += 1;
    const sum = sums[bin];
    if (sum === undefined) continue;
    sum.rows += 1;
    sum.positives += positive[index] ?? 0;
    sum.probabilities.add(score);
  }
  return sums.flatMap(({ rows, positives, probabilities }, bin) => {
    const bounds = { lower: edges[bin] ?? Number.NaN, upper: edges[bin + 1] ?? Number.NaN };
    return rows === 0 ? [] : [{ ...bounds, rows, meanProbability: probabilities.value / rows, observedShare: positives / rows }];
  });
}

/** Where a tenth of the customers ends and the next begins. */
function equalMassEdges(scores: Readonly<Float64Array>): readonly number[] {
  const sorted = scores.toSorted();
  return Array.from({ length: BINS + 1 }, (_, edge) => sorted[Math.min(sorted.length - 1, Math.round((edge * sorted.length) / BINS))] ?? Number.NaN);
}

function meanOf({ positive, scores }: LabelledScores, of: (probability: number, outcome: number) => number): number {
  const sum = new CompensatedSum();
  for (const [index, probability] of scores.entries()) sum.add(of(probability, positive[index] ?? Number.NaN));
  return sum.value / scores.length;
}

function totalOf(terms: readonly number[]): number {
  const sum = new CompensatedSum();
  for (const term of terms) sum.add(term);
  return sum.value;
}
