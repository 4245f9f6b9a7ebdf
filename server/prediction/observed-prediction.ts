import type { Arm, Role } from '../../contracts/prediction.ts';
import type { CandidateAbsence } from '../../contracts/traffic.ts';

/** What one version made of a row. */
export type VersionScore = Readonly<{
  version: string;
  /** Candidate hash of the version. */
  hash: string;
  /** Probability of the positive class, 0..1. */
  probability: number;
  /** probability >= the version's threshold. */
  decision: boolean;
}>;

/** The candidate's score of a row, or why there is none. */
export type CandidateOutcome = Readonly<{ scored: true; score: VersionScore } | { scored: false; absence: CandidateAbsence }>;

/** A row that was scored and answered: all that a paired record needs. */
export type ObservedPrediction = Readonly<{
  /** The `id` of the prediction in the answer. */
  predictionId: string;
  requestId: string;
  /** The customer, as text; undefined where the model has no entity column, or the row names nobody. */
  entity: string | undefined;
  /** When it was answered, epoch milliseconds. */
  atMs: number;
  /** The row as `{"instances"}` has it, with entity and unknown columns; what is missing is not there or null. Not to be changed, nor kept longer than needed. */
  features: Readonly<Record<string, unknown>>;
  /** This pod's own score. */
  own: VersionScore;
  /** The other side's score of the same row: in Shadow a copy's, in Canary a forward's. */
  candidate: CandidateOutcome;
  /** What the caller was told: whose score (stable, fallback: own), the decision (null in the control group), the group of the experiment. */
  answered: Readonly<{ role: Role; decision: boolean | null; arm: Arm | undefined }>;
}>;

/**
 * Is told of every row that was scored and answered (the journal is), once, after the answer: at once where no candidate is asked, and when the candidate's
 * score has come or will not come where one is. Rows whose caller was gone before the answer, and requests that another pod forwarded (it
 * observes them itself), are not told. Must not throw and must not wait: it runs between requests.
 *
 * A pod without an observer makes none of this.
 */
export interface PredictionObserver {
  observe(prediction: ObservedPrediction): void;
}
