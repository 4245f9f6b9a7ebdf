import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { GoldenRows, ModelCard } from '../../contracts/model-card.ts';
import { rocAuc } from '../../statistics/roc-auc.ts';
import type { ColumnBatch, Engine } from './engine.ts';
import { assertGolden } from './golden-rules.ts';
import type { GoldenContract } from './golden-rules.ts';
import { encodeRows } from './row-batch.ts';

/** Limits of DESIGN section 5, Parity. */
export const PARITY = {
  /** Largest difference of a probability for `closeShare` of the rows; float32 sums in another order stay below. */
  closeDifference: 1e-5,
  closeShare: 0.99,
  /** Largest difference for the rest: single splits that float32 turns the other way. */
  maxDifference: 0.02,
  /** A decision may flip only this near to the threshold. */
  thresholdBand: 1e-4,
  maxAucDifference: 1e-4,
} as const;

/** How far an engine is from the training side's probabilities. */
export type Parity = Readonly<{
  rows: number;
  /** Share of rows within `PARITY.closeDifference`, 0..1. */
  closeShare: number;
  maxDifference: number;
  /** Row of the largest difference. */
  worstRow: number;
  /** Decisions that differ outside the band round the threshold. */
  flips: number;
  /** Undefined where the labelled rows are of one class. */
  aucDifference: number | undefined;
}>;

const SLICE_ROWS = 256;

/** Checks the golden rows, scores them and compares. @throws ChurnOpsError GoldenInvalid, ScoringFailed */
export async function measureParity(engine: Engine, card: GoldenContract, golden: GoldenRows): Promise<Parity> {
  assertGolden(card, golden);
  return compareParity(golden, await scoreGolden(engine, card, golden));
}

/**
 * Measures and judges.
 * @throws ChurnOpsError GoldenMismatch naming the numbers; GoldenInvalid; ScoringFailed
 */
export async function assertParity(engine: Engine, card: GoldenContract, golden: GoldenRows): Promise<Parity> {
  const parity = await measureParity(engine, card, golden);
  const problems = parityProblems(parity);
  if (problems.length > 0) throw new ChurnOpsError('GoldenMismatch', `Of ${parity.rows} golden rows ${problems.join('; ')}.`);
  return parity;
}

/** Every limit that is broken, as people read it; empty: parity holds. */
export function parityProblems(parity: Parity): readonly string[] {
  const problems: string[] = [];
  if (!(parity.closeShare >= PARITY.closeShare)) {
    problems.push(`${percent(parity.closeShare)} are within ${PARITY.closeDifference} (${percent(PARITY.closeShare)} needed)`);
  }
  if (!(parity.maxDifference <= PARITY.maxDifference)) {
    problems.push(`row ${parity.worstRow} is off by ${parity.maxDifference.toPrecision(3)} (${PARITY.maxDifference} allowed)`);
  }
  if (parity.flips > 0) problems.push(`${parity.flips} decisions flip outside ${PARITY.thresholdBand} round the threshold`);
  if (parity.aucDifference !== undefined && !(parity.aucDifference <= PARITY.maxAucDifference)) {
    problems.push(`AUC is off by ${parity.aucDifference.toPrecision(3)} (${PARITY.maxAucDifference} allowed)`);
  }
  return problems;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Golden rows as an engine takes them. @throws ChurnOpsError GoldenInvalid where they do not fit the card */
export function goldenBatch(card: Pick<ModelCard, 'inputs'>, golden: GoldenRows, from: number, to: number): ColumnBatch {
  return encodeRows(card.inputs, golden.rows.slice(from, to));
}

async function scoreGolden(engine: Engine, card: Pick<ModelCard, 'inputs'>, golden: GoldenRows): Promise<Float64Array> {
  const scores = new Float64Array(golden.rows.length);
  for (let from = 0; from < golden.rows.length; from += SLICE_ROWS) {
    const to = Math.min(from + SLICE_ROWS, golden.rows.length);
    scores.set(await engine.score(goldenBatch(card, golden, from, to)), from);
  }
  return scores;
}

/** Compares scores with the golden probabilities. Pure; a score that is not finite is infinitely far. */
export function compareParity(golden: GoldenRows, scores: Float64Array): Parity {
  let close = 0;
  let flips = 0;
  let maxDifference = 0;
  let worstRow = 0;
  for (const [row, expected] of golden.probabilities.entries()) {
    const score = scores[row] ?? Number.NaN;
    const difference = Number.isFinite(score) ? Math.abs(score - expected) : Number.POSITIVE_INFINITY;
    if (difference <= PARITY.closeDifference) close += 1;
    if (difference > maxDifference) [maxDifference, worstRow] = [difference, row];
    const flipped = score >= golden.threshold !== expected >= golden.threshold;
    if (flipped && Math.abs(expected - golden.threshold) > PARITY.thresholdBand) flips += 1;
  }
  const rows = golden.probabilities.length;
  return { rows, closeShare: close / rows, maxDifference, worstRow, flips, aucDifference: aucDifference(golden, scores) };
}

function aucDifference(golden: GoldenRows, scores: Float64Array): number | undefined {
  const labelled = golden.labels.flatMap((label, row) => (label === null ? [] : [{ row, positive: label === 1 }]));
  const positive = labelled.map((entry) => entry.positive);
  const ours = labelled.map(({ row }) => scores[row] ?? Number.NaN);
  if (ours.some((score) => !Number.isFinite(score))) return Number.POSITIVE_INFINITY;
  const expected = rocAuc(labelled.map(({ row }) => golden.probabilities[row] ?? Number.NaN), positive);
  const found = rocAuc(ours, positive);
  return expected === undefined || found === undefined ? undefined : Math.abs(expected - found);
}
