import { CompensatedSum } from './compensated-sum.ts';
import { countsOf } from './delong.ts';
import { expit, logit } from './interval.ts';
import type { LabelledScores } from './sample.ts';

/**
 * Outcome against what was foretold, both in log-odds. `slope` 1 and `intercept` 0 are right; a slope below 1 means probabilities too far from
 * the middle (over-fitting), an intercept below 0 probabilities too high. Undefined: nothing finite fits best.
 */
export type CalibrationLine = Readonly<{ state: 'Fitted'; intercept: number; slope: number }> | Readonly<{ state: 'Undefined'; reason: 'OneClass' | 'ConstantScores' | 'PerfectSeparation' | 'NotConverged' }>;

/** Classes that overlap need about ten. */
const MOST_STEPS = 100;
/** Newton's method doubles the digits: after a step of this size, relative to the coefficients, the next is below rounding. */
const SMALL_STEP = 1e-9;

/**
 * Calibration intercept and slope: the logistic regression of the outcome on logit(p), fitted by maximum likelihood,
 *
 *     ln(odds that it happens) = intercept + slope * ln(p / (1 - p)),    p held within [2^-52, 1 - 2^-52]
 *
 * Method: Newton's, with halved steps where the likelihood would fall. A best fit exists where the classes overlap, and only there.
 * Source: Cox (1958), Biometrika 45:562-565; Albert & Anderson (1984), Biometrika 71:1-10, for when it exists.
 * Error: below 1e-12 of the larger of 1 and the coefficient unless the classes hardly overlap.
 * @param sample checked by the caller: probabilities, as many labels
 */
export function calibrationLine(sample: LabelledScores): CalibrationLine {
  const logOdds = sample.scores.map((p) => logit(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p))));
  const reason = unfit(sample.positive, logOdds);
  if (reason !== undefined) return { state: 'Undefined', reason };
  // No slope: there the curvature is largest, and the first step does not overshoot into the flat.
  let line: Line = { intercept: logit(countsOf(sample).positives / sample.positive.length), slope: 0 };
  let loss = lossOf(sample.positive, logOdds, line);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const direction = newtonStep(sample.positive, logOdds, line);
    if (Math.hypot(direction.intercept, direction.slope) < SMALL_STEP * Math.max(1, Math.hypot(line.intercept, line.slope))) return { state: 'Fitted', ...moved(line, direction, 1) };
    const shorter = descent(sample.positive, logOdds, line, direction, loss);
    if (shorter === undefined) break;
    [line, loss] = [shorter.line, shorter.loss];
  }
  return { state: 'Undefined', reason: 'NotConverged' };
}

/** The first of step, half step, quarter step that does not raise the loss; undefined where rounding leaves none. */
function descent(positive: Readonly<Uint8Array>, logOdds: Readonly<Float64Array>, from: Line, direction: Line, loss: number): Readonly<{ line: Line; loss: number }> | undefined {
  for (let length = 1; length > Number.EPSILON; length /= 2) {
    const line = moved(from, direction, length);
    const reached = lossOf(positive, logOdds, line);
    // A rise within rounding is none.
    if (reached <= loss * (1 + 4 * Number.EPSILON)) return { line, loss: reached };
  }
  return undefined;
}

type Line = Readonly<{ intercept: number; slope: number }>;

function moved(line: Line, direction: Line, length: number): Line {
  return { intercept: line.intercept + length * direction.intercept, slope: line.slope + length * direction.slope };
}

function unfit(positive: Readonly<Uint8Array>, logOdds: Readonly<Float64Array>): 'OneClass' | 'ConstantScores' | 'PerfectSeparation' | undefined {
  const of = [range(), range()] as const;
  for (const [index, x] of logOdds.entries()) {
    const seen = positive[index] === 1 ? of[1] : of[0];
    seen.lowest = Math.min(seen.lowest, x);
    seen.highest = Math.max(seen.highest, x);
  }
  const [no, yes] = of;
  if (no.lowest > no.highest || yes.lowest > yes.highest) return 'OneClass';
  if (Math.min(no.lowest, yes.lowest) === Math.max(no.highest, yes.highest)) return 'ConstantScores';
  return no.highest <= yes.lowest || yes.highest <= no.lowest ? 'PerfectSeparation' : undefined;
}

function range(): { lowest: number; highest: number } {
  return { lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY };
}

/** Minus the log-likelihood. */
function lossOf(positive: Readonly<Uint8Array>, logOdds: Readonly<Float64Array>, line: Line): number {
  const sum = new CompensatedSum();
  for (const [index, x] of logOdds.entries()) {
    const eta = line.intercept + line.slope * x;
    const against = positive[index] === 1 ? -eta : eta;
    sum.add(Math.max(0, against) + Math.log1p(Math.exp(-Math.abs(against))));
  }
  return sum.value;
}

function newtonStep(positive: Readonly<Uint8Array>, logOdds: Readonly<Float64Array>, line: Line): Line {
  const gradient = { intercept: new CompensatedSum(), slope: new CompensatedSum() };
  const curvature = { intercept: new CompensatedSum(), mixed: new CompensatedSum(), slope: new CompensatedSum() };
  for (const [index, x] of logOdds.entries()) {
    const p = expit(line.intercept + line.slope * x);
    const rest = (positive[index] ?? Number.NaN) - p;
    const weight = p * (1 - p);
    gradient.intercept.add(rest);
    gradient.slope.add(rest * x);
    curvature.intercept.add(weight);
    curvature.mixed.add(weight * x);
    curvature.slope.add(weight * x * x);
  }
  const [a, b, c] = [curvature.intercept.value, curvature.mixed.value, curvature.slope.value];
  const determinant = a * c - b * b;
  return {
    intercept: (c * gradient.intercept.value - b * gradient.slope.value) / determinant,
    slope: (a * gradient.slope.value - b * gradient.intercept.value) / determinant,
  };
}
