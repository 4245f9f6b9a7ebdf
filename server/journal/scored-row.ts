import type { Role } from '../../contracts/prediction.ts';

/** What one version made of a row. */
export type VersionScore = Readonly<{ version: string; hash: string; probability: number; decision: boolean }>;

/** A row that was scored and answered, as the journal is told of it; the shape of what traffic observes. */
export type ScoredRow = Readonly<{
  predictionId: string;
  requestId: string;
  /** The customer; undefined where the row names none. */
  entity: string | undefined;
  /** When it was answered, epoch milliseconds. */
  atMs: number;
  /** The row as it was received, with columns that the model does not know. */
  features: Readonly<Record<string, unknown>>;
  /** Score of the pod that answered. */
  own: VersionScore;
  /** The candidate's score of the same row, or in one word why there is none. */
  candidate: Readonly<{ scored: true; score: VersionScore } | { scored: false; absence: string }>;
  /** What the caller was told. */
  answered: Readonly<{ role: Role; decision: boolean | null; arm: 'control' | 'treatment' | undefined }>;
}>;

/** Why a row has no candidate's score where there is no candidate: not worth a word in its record. */
export const NO_ROLLOUT = 'NoRollout';
