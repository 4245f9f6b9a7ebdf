import { z } from 'zod';
import { GateMode } from './churn-model/rollout.ts';
import { OutcomeImport } from './outcome-import.ts';

/** Most bytes of a termination message; the kubelet cuts at 4,096, all containers of a pod together at 12 KiB. */
export const TERMINATION_MESSAGE_MAX_BYTES = 3072;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Verdict = z.enum(['Pass', 'Fail', 'Error', 'Unchanged']);

/** Why an inspection ended as it did; Error carries a code of the error catalogue. */
export const InspectionReason = z.enum(['Inspected', 'OfflineGateFailed', 'SchemaIncompatible', 'PackageError', 'NothingNewer']);
export type InspectionReason = z.infer<typeof InspectionReason>;

/**
 * What the `inspect` Job found, as the pod's termination message (at most 3 KiB) and, with `checks` in full, as a JSON file in the store.
 * Pass: the version may be deployed. Fail: it may not, whatever is tried again. Error: it could not be found out; run again.
 * Unchanged: `latest` is a version that is decided about already, or an older one than stable; nothing of it was read.
 */
export const InspectionReport = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('InspectionReport'),
  verdict: Verdict,
  reason: InspectionReason,
  /** Code of the error catalogue where the verdict is Error. */
  code: z.string().max(64).optional(),
  message: z.string().max(1024).describe('One or two sentences for people: what was found and what to do.'),
  version: z.string().max(63).optional().describe('The resolved version.'),
  packageDigest: Sha256.optional(),
  candidateHash: Sha256.optional(),
  entityColumn: z.string().max(128).nullable().optional(),
  threshold: z.number().min(0).max(1).optional().describe("The card's decision threshold."),
  testAUC: z.object({ value: z.number(), lower: z.number(), upper: z.number() }).optional(),
  finishedAt: z.string().max(35),
  report: z
    .object({ path: z.string().max(512), sha256: Sha256 })
    .nullable()
    .describe('The whole report in the store, `path` as s3:// or file:// URL; null where it could not be written (reportProblem says why).'),
  reportProblem: z.string().max(256).optional(),
});
export type InspectionReport = z.infer<typeof InspectionReport>;

/** One check of the whole inspection report. */
export const InspectionCheck = z.object({ name: z.string().max(64), passed: z.boolean(), message: z.string().max(512) });
export type InspectionCheck = z.infer<typeof InspectionCheck>;

/** The file in the store: the short form plus every check in order. */
export const InspectionReportFile = InspectionReport.omit({ report: true, reportProblem: true }).extend({ checks: z.array(InspectionCheck).max(100) });
export type InspectionReportFile = z.infer<typeof InspectionReportFile>;

/** Termination message of `pull` or `serve` where it gives up: the kubelet starts it again. */
export const FailureReport = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('FailureReport'),
  code: z.string().max(64),
  message: z.string().max(1024),
});
export type FailureReport = z.infer<typeof FailureReport>;

const Deleted = z.object({ objects: z.int().min(0), partitions: z.int().min(0).describe('Days; for evaluations: subjects.') });

/**
 * What the daily retention Job did, as its pod's termination message. Done: all that was expired is gone. Failed: nothing, or not all of it,
 * was deleted, for the reason named; the next day goes on.
 */
export const RetentionReport = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('RetentionReport'),
  outcome: z.enum(['Done', 'Failed']),
  reason: z.enum(['Cleaned', 'NothingExpired', 'DryRun', 'ClockDisagrees', 'StoreError', 'SomeNotDeleted']),
  /** Code of the error catalogue where the store failed. */
  code: z.string().max(64).optional(),
  message: z.string().max(1024).describe('One or two sentences for people: what was deleted, what was not and why.'),
  deleted: z.object({ raw: Deleted, predictions: Deleted, labels: Deleted, evaluations: Deleted }).describe('For DryRun: what would have been.'),
  notDeleted: z.int().min(0).describe('Objects that the store would not delete.'),
  finishedAt: z.string().max(35),
});
export type RetentionReport = z.infer<typeof RetentionReport>;

/** Verdict of the shadow gate (DESIGN section 5). Inconclusive is normal: it says what is missing. */
export const GateVerdict = z.enum(['Pass', 'Fail', 'Inconclusive', 'Error', 'NotDue']);
export type GateVerdict = z.infer<typeof GateVerdict>;

/** Why a gate's verdict is what it is. Each belongs to one verdict; Error carries a code of the error catalogue. */
export const GateReason = z.enum([
  // Pass: the bounds hold; the estimate does (mode Point)
  'Proven',
  'EstimatePassed',
  // Fail
  'AUCTooLow',
  'WorseThanStable',
  // Inconclusive: fewer than minPositives or minNegatives; the bounds still include what must be excluded
  'TooFewLabels',
  'AUCNotProven',
  'RegressionNotExcluded',
  // NotDue: less than 2 % more labels than at the last look; a gate that looks once has looked
  'TooFewNewLabels',
  'AlreadyLooked',
  // Error
  'EvaluationFailed',
]);
export type GateReason = z.infer<typeof GateReason>;

const Interval = z.object({ value: z.number(), lower: z.number(), upper: z.number() });
const GateEstimate = Interval.extend({ variance: z.number().min(0) }).describe("An estimate, DeLong's variance of it, and its bounds: each one-sided, at the gate's confidence.");
const SideCalibration = z
  .object({
    brier: z.number(),
    logLoss: z.number(),
    expectedCalibrationError: z.number(),
    observedToExpected: z.number().nullable(),
    intercept: z.number().nullable(),
    slope: z.number().nullable(),
  })
  .describe('Whether probabilities can be taken at their word. Null: undefined for these rows.');
const Side = z.object({
  rows: z.int().min(0),
  positives: z.int().min(0),
  negatives: z.int().min(0),
  auc: GateEstimate.nullable().describe('Null with fewer than two of a class.'),
  calibration: SideCalibration.nullable().optional(),
});

const Count = z.int().min(0);

/** What a Feedback gate read, and why the rest is no pair. `feedback` counts predictions unless it says labels. */
const FeedbackCounts = z.object({
  predictions: Count.describe('Distinct ones in the journal since the candidate was mirrored to.'),
  notMatured: Count.describe('Younger than spec.labels.horizon.'),
  otherVersion: Count.describe('Answered by another version than stable.'),
  noCandidateScore: Count.describe('Not mirrored, or the candidate gave no score.'),
  outsidePopulation: Count.describe('Not of spec.labels.population.'),
  superseded: Count.describe('There is a later matured one of the same customer.'),
  trainedOn: Count.describe('Customers that a trainer saw, left out.'),
  silent: Count.describe('Pairs whose outcome is known by silence alone.'),
  labels: Count.describe('Distinct labels.'),
  unmatchedLabels: Count.describe('Labels for which there is no prediction in its horizon, though it would have been made since then.'),
  unreadable: Count.describe('Lines of the journal that are no records, and objects that are no gzip.'),
});

/** A row of a labelled set that was not scored, or (without `row`) something about the set as a whole. */
const ReplayProblem = z.object({
  row: z.int().min(1).optional().describe('Row as a spreadsheet counts: the header is row 1.'),
  column: z.string().max(128).optional(),
  message: z.string().max(256),
});
export type ReplayProblem = z.infer<typeof ReplayProblem>;

/** What a Replay gate read, and why the rest is no pair. */
const ReplayCounts = z.object({
  rows: Count.describe('Rows of the labelled set.'),
  trainedOn: Count.describe('Rows of customers that a trainer saw, left out.'),
  repeated: Count.describe('Rows of customers that come again further down: the last row counts.'),
  unusable: Count.describe('Rows without an outcome, or that a version refused.'),
  problems: z.array(ReplayProblem).max(20).describe('The first ones.'),
});

/**
 * What the `evaluate` Job found about a candidate: the termination message, at most 3 KiB. The evidence file in the store has all of it.
 * Error and NotDue are no looks: the verdict before them stands.
 */
export const EvaluationReport = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('EvaluationReport'),
  candidateHash: Sha256,
  stableHash: Sha256.optional(),
  verdict: GateVerdict,
  reason: GateReason,
  /** Code of the error catalogue where the verdict is Error. */
  code: z.string().max(64).optional(),
  message: z.string().max(1024).describe('What was found, and what is missing, for people.'),
  labels: z.enum(['Replay', 'Feedback']).optional(),
  mode: GateMode.optional(),
  confidence: z.number().min(0.5).max(0.999).optional(),
  candidate: Side.optional().describe('Absent for Error, and for NotDue where nothing had to be read.'),
  stable: Side.optional(),
  difference: GateEstimate.optional().describe('AUC of the candidate minus AUC of stable, on the same customers.'),
  agreement: z
    .object({ rankCorrelation: z.number().nullable(), maxDifference: z.number(), meanDifference: z.number(), disagreement: Interval.describe('Share of customers decided differently; 95 % interval.') })
    .optional()
    .describe('How alike candidate and stable score the same customers.'),
  missing: z
    .object({
      positives: z.int().min(0).describe('Until minPositives.'),
      negatives: z.int().min(0).describe('Until minNegatives.'),
      labels: z.int().min(1).optional().describe('About so many more decide, should the estimates stay; absent: nobody can say.'),
    })
    .optional()
    .describe('What an Inconclusive gate waits for.'),
  leaning: z.enum(['Pass', 'Fail']).optional().describe('What an Inconclusive gate becomes, should the estimates stay.'),
  expectedDecisionAt: z.string().max(35).optional().describe('From the rate at which customers matured so far; absent where nobody can say.'),
  feedback: FeedbackCounts.optional(),
  replay: ReplayCounts.optional(),
  import: OutcomeImport.optional().describe('Outcome files; also where the verdict is NotDue.'),
  finishedAt: z.string().max(35),
  report: z
    .object({ path: z.string().max(512), sha256: Sha256 })
    .nullable()
    .describe('The evidence file in the store, `path` as s3:// or file:// URL; null for Error and NotDue, which have none.'),
});
export type EvaluationReport = z.infer<typeof EvaluationReport>;

/** What a retraining Job ended with. "Kept" is a success: the new model was not better. */
export const TrainingReport = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('TrainingReport'),
  outcome: z.enum(['Published', 'Kept', 'Failed']),
  reason: z.string().max(64),
  message: z.string().max(1024),
  version: z.string().max(63).optional(),
  packageDigest: Sha256.optional(),
  testAUC: Interval.optional(),
  finishedAt: z.string().max(35),
  report: z.object({ path: z.string().max(512), sha256: Sha256 }).nullable(),
});
export type TrainingReport = z.infer<typeof TrainingReport>;
