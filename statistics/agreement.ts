import { CompensatedSum } from './compensated-sum.ts';
import type { Interval } from './interval.ts';
import { rankCorrelation } from './rank-correlation.ts';
import { assertPaired, assertProbabilities, type PairedScores } from './sample.ts';
import { wilsonInterval } from './wilson.ts';

/** Decision thresholds, 0..1: a probability at or above it is acted upon. */
export type Thresholds = Readonly<{ stable: number; candidate: number }>;

/** Decisions of both versions on the same customers: `stableOnly` are acted upon by stable and not by the candidate. */
export type DecisionTable = Readonly<{ both: number; stableOnly: number; candidateOnly: number; neither: number }>;

/** How alike two versions score the same customers. It needs no labels, and says nothing of who is right. */
export type Agreement = Readonly<{
  rows: number;
  /** Spearman's, -1..1; undefined where one version scores everybody alike. */
  rankCorrelation: number | undefined;
  /** Largest and mean |candidate - stable|, 0..1. */
  maxDifference: number;
  meanDifference: number;
  /** Mean of candidate - stable, -1..1. */
  meanShift: number;
  /** Mean Kullback-Leibler divergence of the two Bernoulli distributions, in nats: `p ln(p/q) + (1-p) ln((1-p)/(1-q))`, p stable's, q the candidate's. */
  divergence: number;
  decisions: DecisionTable;
  /** Share of customers decided differently, with Wilson's two-sided interval. */
  disagreement: Interval;
  /** Cohen's kappa, 1 is full agreement, 0 that of chance; undefined where both decide everybody alike, which chance would too. */
  kappa: number | undefined;
  /** Customers on both lists over customers on either (Jaccard); undefined where both lists are empty. */
  listOverlap: number | undefined;
}>;

/** Confidence of the interval of `disagreement`, two-sided. */
const CONFIDENCE = 0.95;

/** Keeps a logarithm finite where a version is certain; log_loss of scikit-learn holds probabilities off 0 and 1 by the same. */
const CERTAIN = Number.EPSILON;

/**
 * How alike two versions score and decide.
 * Source: Spearman (1904) as in `rankCorrelation`; Kullback & Leibler (1951), Annals of Mathematical Statistics 22:79-86; Cohen (1960),
 * Educational and Psychological Measurement 20:37-46; Jaccard (1912), New Phytologist 11:37-50.
 * @param pairs scores are probabilities; labels are not looked at
 * @returns undefined of no pairs
 * @throws InvalidSample
 */
export function agreementOf(pairs: PairedScores, thresholds: Thresholds): Agreement | undefined {
  assertPaired(pairs);
  assertProbabilities(pairs.stable, 'stable');
  assertProbabilities(pairs.candidate, 'candidate');
  const rows = pairs.stable.length;
  const decisions = decisionTable(pairs, thresholds);
  const disagreement = wilsonInterval(decisions.stableOnly + decisions.candidateOnly, rows, CONFIDENCE);
  if (disagreement === undefined) return undefined;
  const { both, stableOnly, candidateOnly } = decisions;
  const listed = both + stableOnly + candidateOnly;
  return {
    rows,
    rankCorrelation: rankCorrelation(pairs.stable, pairs.candidate),
    ...differences(pairs),
    decisions,
    disagreement,
    kappa: kappaOf(decisions, rows),
    listOverlap: listed === 0 ? undefined : both / listed,
  };
}

function decisionTable({ stable, candidate }: PairedScores, thresholds: Thresholds): DecisionTable {
  const table = { both: 0, stableOnly: 0, candidateOnly: 0, neither: 0 };
  for (const [index, probability] of stable.entries()) {
    const byStable = probability >= thresholds.stable;
    const byCandidate = (candidate[index] ?? Number.NaN) >= thresholds.candidate;
    table[byStable ? (byCandidate ? 'both' : 'stableOnly') : byCandidate ? 'candidateOnly' : 'neither'] += 1;
  }
  return table;
}

function differences({ stable, candidate }: PairedScores): Pick<Agreement, 'maxDifference' | 'meanDifference' | 'meanShift' | 'divergence'> {
  let maxDifference = 0;
  const distance = new CompensatedSum();
  const shift = new CompensatedSum();
  const divergence = new CompensatedSum();
  for (const [index, p] of stable.entries()) {
    const q = candidate[index] ?? Number.NaN;
    maxDifference = Math.max(maxDifference, Math.abs(q - p));
    distance.add(Math.abs(q - p));
    shift.add(q - p);
    divergence.add(relativeEntropy(p, q) + relativeEntropy(1 - p, 1 - q));
  }
  const rows = stable.length;
  return { maxDifference, meanDifference: distance.value / rows, meanShift: shift.value / rows, divergence: Math.max(0, divergence.value / rows) };
}

/** `p ln(p/q)`; 0 where p is. */
function relativeEntropy(p: number, q: number): number {
  return p === 0 ? 0 : p * Math.log(p / Math.max(q, CERTAIN));
}

function kappaOf({ both, stableOnly, candidateOnly, neither }: DecisionTable, rows: number): number | undefined {
  const byChance = ((both + stableOnly) * (both + candidateOnly) + (neither + candidateOnly) * (neither + stableOnly)) / rows;
  return byChance === rows ? undefined : (both + neither - byChance) / (rows - byChance);
}
