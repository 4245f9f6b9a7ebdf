import { z } from 'zod';
import type { CalibrationLine } from '../../statistics/calibration-line.ts';
import type { PairEvaluation, VersionQuality } from '../../statistics/evaluation.ts';
import { pairedTest } from '../../statistics/paired-test.ts';

const Side = z.object({
  auc: z.number(),
  variance: z.number(),
  brier: z.number(),
  logLoss: z.number(),
  expectedCalibrationError: z.number(),
  reliability: z.number(),
  resolution: z.number(),
  uncertainty: z.number(),
  observedToExpected: z.number(),
  intercept: z.number(),
  slope: z.number(),
  bins: z.object({ rows: z.array(z.int()), observed: z.array(z.number()), predicted: z.array(z.number()) }),
});

/** What reference.py prints of a sample. */
export const ReferenceMeasures = z.object({
  stable: Side,
  candidate: Side,
  covariance: z.number(),
  difference: z.object({ value: z.number(), variance: z.number(), z: z.number(), p: z.number() }),
  agreement: z.object({
    rankCorrelation: z.number(),
    maxDifference: z.number(),
    meanDifference: z.number(),
    meanShift: z.number(),
    divergence: z.number(),
    both: z.int(),
    stableOnly: z.int(),
    candidateOnly: z.int(),
    neither: z.int(),
    disagreement: z.tuple([z.number(), z.number()]),
    kappa: z.number(),
    listOverlap: z.number(),
  }),
});
export type ReferenceMeasures = z.infer<typeof ReferenceMeasures>;

/** One measure, ours and theirs. `error` is relative to `scale`. */
export type Compared = Readonly<{ name: string; group: 'AUC' | 'calibration' | 'agreement'; ours: number; theirs: number; error: number }>;

/** Every measure of both sides, of the pair and of agreement, beside the reference's. What is undefined here and a number there has an infinite error. */
export function compareWithReference(ours: PairEvaluation, theirs: ReferenceMeasures): readonly Compared[] {
  const { agreement } = theirs;
  const found = ours.agreement;
  const test = ours.difference === undefined ? undefined : pairedTest(ours.difference);
  const spread = Math.sqrt(theirs.stable.variance * theirs.candidate.variance);
  return [
    ...compareSide('stable', ours.stable, theirs.stable),
    ...compareSide('candidate', ours.candidate, theirs.candidate),
    compared('AUC', 'covariance', ours.covariance, theirs.covariance, spread),
    compared('AUC', 'difference', ours.difference?.value, theirs.difference.value),
    compared('AUC', 'variance of the difference', ours.difference?.variance, theirs.difference.variance, theirs.difference.variance),
    compared('AUC', 'paired test: z', test?.z, theirs.difference.z),
    compared('AUC', 'paired test: p', test?.p, theirs.difference.p),
    compared('agreement', 'rank correlation', found?.rankCorrelation, agreement.rankCorrelation),
    compared('agreement', 'largest difference', found?.maxDifference, agreement.maxDifference),
    compared('agreement', 'mean difference', found?.meanDifference, agreement.meanDifference),
    compared('agreement', 'mean shift', found?.meanShift, agreement.meanShift),
    compared('agreement', 'divergence', found?.divergence, agreement.divergence),
    compared('agreement', 'decided alike: both', found?.decisions.both, agreement.both),
    compared('agreement', 'decided by stable only', found?.decisions.stableOnly, agreement.stableOnly),
    compared('agreement', 'decided by the candidate only', found?.decisions.candidateOnly, agreement.candidateOnly),
    compared('agreement', 'decided alike: neither', found?.decisions.neither, agreement.neither),
    compared('agreement', 'disagreement, lower', found?.disagreement.lower, agreement.disagreement[0]),
    compared('agreement', 'disagreement, upper', found?.disagreement.upper, agreement.disagreement[1]),
    compared('agreement', 'kappa', found?.kappa, agreement.kappa),
    compared('agreement', 'list overlap', found?.listOverlap, agreement.listOverlap),
  ];
}

function compareSide(side: string, ours: VersionQuality, theirs: ReferenceMeasures['stable']): readonly Compared[] {
  const { auc, calibration } = ours;
  const measures: readonly (readonly [string, number | undefined, number])[] = [
    ['Brier score', calibration?.brier, theirs.brier],
    ['log loss', calibration?.logLoss, theirs.logLoss],
    ['expected calibration error', calibration?.expectedCalibrationError, theirs.expectedCalibrationError],
    ['reliability', calibration?.murphy.reliability, theirs.reliability],
    ['resolution', calibration?.murphy.resolution, theirs.resolution],
    ['uncertainty', calibration?.murphy.uncertainty, theirs.uncertainty],
    ['observed to expected', calibration?.observedToExpected, theirs.observedToExpected],
    ['intercept', fitted(calibration?.line)?.intercept, theirs.intercept],
    ['slope', fitted(calibration?.line)?.slope, theirs.slope],
    ['bins', calibration?.bins.length, theirs.bins.rows.length],
    ...theirs.bins.rows.flatMap((rows, bin) => {
      const found = calibration?.bins[bin];
      return [
        [`bin ${bin}: rows`, found?.rows, rows],
        [`bin ${bin}: observed`, found?.observedShare, theirs.bins.observed[bin] ?? Number.NaN],
        [`bin ${bin}: predicted`, found?.meanProbability, theirs.bins.predicted[bin] ?? Number.NaN],
      ] as const;
    }),
  ];
  return [
    compared('AUC', `${side}: AUC`, auc?.value, theirs.auc),
    compared('AUC', `${side}: variance`, auc?.variance, theirs.variance, theirs.variance),
    ...measures.map(([name, found, expected]) => compared('calibration', `${side}: ${name}`, found, expected)),
  ];
}

function fitted(line: CalibrationLine | undefined): Extract<CalibrationLine, { state: 'Fitted' }> | undefined {
  return line?.state === 'Fitted' ? line : undefined;
}

function compared(group: Compared['group'], name: string, ours: number | undefined, theirs: number, scale = Math.max(1, Math.abs(theirs))): Compared {
  const error = ours === undefined || Number.isNaN(ours) ? Number.POSITIVE_INFINITY : Math.abs(ours - theirs) / scale;
  return { group, name, ours: ours ?? Number.NaN, theirs, error };
}
