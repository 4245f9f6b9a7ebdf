/** Labels and the scores of one version, by position. Columns, because a gate may look at a million customers. */
export type LabelledScores = Readonly<{
  /** 1: it happened, 0: it did not. */
  positive: Readonly<Uint8Array>;
  /** Finite; larger means more likely. What measures probabilities wants 0..1. */
  scores: Readonly<Float64Array>;
}>;

/** Labels and the scores that two versions gave the same customers: one position is one customer. */
export type PairedScores = Readonly<{
  /** 1: it happened, 0: it did not. */
  positive: Readonly<Uint8Array>;
  /** Finite; larger means more likely. */
  stable: Readonly<Float64Array>;
  /** Finite; larger means more likely. */
  candidate: Readonly<Float64Array>;
}>;

/** What is wrong with a sample. */
export type SampleProblem = 'LengthsDiffer' | 'LabelNotBinary' | 'ScoreNotFinite' | 'ScoreNotProbability';

/** A sample that no statistic is defined for. Nobody's data does this: whoever builds a sample checks rows first. */
export class InvalidSample extends RangeError {
  override readonly name = 'InvalidSample';
  readonly code: SampleProblem;

  constructor(code: SampleProblem, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Looks at a sample before anything is computed from it.
 * @throws InvalidSample naming the column and the first position that is wrong
 */
export function assertLabelled(sample: LabelledScores): void {
  assertLabels(sample.positive);
  assertScores(sample.scores, sample.positive.length, 'scores');
}

/** @throws InvalidSample naming the column and the first position that is wrong */
export function assertPaired(pairs: PairedScores): void {
  assertLabels(pairs.positive);
  assertScores(pairs.stable, pairs.positive.length, 'stable');
  assertScores(pairs.candidate, pairs.positive.length, 'candidate');
}

/** @throws InvalidSample unless every score is 0..1 */
export function assertProbabilities(scores: Readonly<Float64Array>, column: string): void {
  const index = scores.findIndex((score) => !(score >= 0 && score <= 1));
  if (index >= 0) throw new InvalidSample('ScoreNotProbability', `${column}[${index}] is ${scores[index]}: expected a probability from 0 to 1`);
}

function assertLabels(positive: Readonly<Uint8Array>): void {
  const index = positive.findIndex((label) => label > 1);
  if (index >= 0) throw new InvalidSample('LabelNotBinary', `positive[${index}] is ${positive[index]}: expected 1 (it happened) or 0`);
}

function assertScores(scores: Readonly<Float64Array>, length: number, column: string): void {
  if (scores.length !== length) throw new InvalidSample('LengthsDiffer', `${length} labels and ${scores.length} ${column}: expected one a label`);
  const index = scores.findIndex((score) => !Number.isFinite(score));
  if (index >= 0) throw new InvalidSample('ScoreNotFinite', `${column}[${index}] is ${scores[index]}: expected a finite number`);
}

/** Scores of one class, in the order of the sample. */
export function scoresOf({ positive, scores }: LabelledScores, label: 0 | 1): Float64Array {
  let size = 0;
  for (const each of positive) size += each === label ? 1 : 0;
  const found = new Float64Array(size);
  let next = 0;
  for (let index = 0; index < positive.length; index += 1) {
    if (positive[index] !== label) continue;
    found[next] = scores[index] ?? Number.NaN;
    next += 1;
  }
  return found;
}
