import { entityName } from '../../contracts/journal.ts';
import type { Arm, Prediction, Role } from '../../contracts/prediction.ts';
import type { RowOutcome } from '../traffic/candidate-client.ts';
import { armOf } from '../traffic/experiment.ts';
import type { Experiment } from '../traffic/experiment.ts';
import type { CandidateOutcome, ObservedPrediction, VersionScore } from '../prediction/observed-prediction.ts';
import { rowBodies } from '../traffic/row-bodies.ts';
import type { RowsBody } from '../traffic/row-bodies.ts';
import type { DecodedCall } from './predict-protocol.ts';
import type { PredictionFrame } from './prediction-writer.ts';

/** What every row of a pod has in common. */
export type RowsFrame = PredictionFrame & Readonly<{ hash: string; entityColumn: string | undefined; experiment: Experiment | undefined }>;

/** The rows of one request with this pod's own scores. */
export type ScoredRows = Readonly<{ requestId: string; decoded: DecodedCall; own: Float64Array; ids: readonly string[] }>;

/** Roles in the order in which an answer names them. */
const ROLES = ['stable', 'candidate', 'fallback'] as const satisfies readonly Role[];

/** The rows of one request on their way from scores to predictions and records. */
export class AnsweredRows {
  readonly #frame: RowsFrame;
  readonly #scored: ScoredRows;
  #asked: readonly RowOutcome[] | undefined;

  constructor(frame: RowsFrame, scored: ScoredRows) {
    this.#frame = frame;
    this.#scored = scored;
  }

  get count(): number {
    return this.#scored.ids.length;
  }

  get ids(): readonly string[] {
    return this.#scored.ids;
  }

  get requestId(): string {
    return this.#scored.requestId;
  }

  /** The customer of a row; undefined where it names nobody. */
  entityOf(row: number): string | undefined {
    const { entityColumn } = this.#frame;
    return entityColumn === undefined ? undefined : entityName(this.#scored.decoded.valueAt(row, entityColumn));
  }

  /** A row as `{"instances"}` has it. */
  rowAt(row: number): Readonly<Record<string, unknown>> {
    return this.#scored.decoded.rowAt(row);
  }

  /** All rows as they are mirrored: the body as it came where that is one of V1. */
  copy(): readonly RowsBody[] {
    const rows = this.#scored.ids.map((_, row) => row);
    const body = this.#scored.decoded.instancesBody;
    return body === undefined ? rowBodies(rows, (row) => this.rowAt(row)).bodies : [{ rows, body, sizeBytes: body.length }];
  }

  /** What came of asking the candidate, row by row: its scores are the answer. */
  answerWith(outcomes: readonly RowOutcome[]): void {
    this.#asked = outcomes;
  }

  predictions(): readonly Prediction[] {
    return this.#scored.ids.map((id, row) => {
      const { side, role } = this.#side(row);
      const arm = this.#arm(row);
      const withheld = arm === 'control';
      const told = { id, probability: side.probability, decision: withheld ? null : side.decision, label: withheld ? '' : side.label, version: side.version, role };
      return arm === undefined ? told : { ...told, arm };
    });
  }

  /** How many rows were answered in each role. */
  roles(): readonly Readonly<{ role: Role; count: number }>[] {
    const all = this.#scored.ids.map((_, row) => this.#side(row).role);
    return ROLES.map((role) => ({ role, count: all.filter((each) => each === role).length })).filter(({ count }) => count > 0);
  }

  /** The record of a row. */
  observed(row: number, atMs: number, outcome: RowOutcome): ObservedPrediction {
    const { role, side } = this.#side(row);
    const arm = this.#arm(row);
    return {
      predictionId: this.#scored.ids[row] ?? '',
      requestId: this.#scored.requestId,
      entity: this.entityOf(row),
      atMs,
      features: this.rowAt(row),
      own: plain(this.#own(row)),
      candidate: candidateOutcome(outcome),
      answered: { role, decision: arm === 'control' ? null : side.decision, arm },
    };
  }

  #side(row: number): Readonly<{ side: VersionScore & Readonly<{ label: string }>; role: Role }> {
    const outcome = this.#asked?.[row] ?? 'StableSide';
    if (typeof outcome !== 'string') return { side: outcome, role: 'candidate' };
    return { side: this.#own(row), role: outcome === 'StableSide' ? 'stable' : 'fallback' };
  }

  #own(row: number): VersionScore & Readonly<{ label: string }> {
    const { version, hash, threshold, labels } = this.#frame;
    const probability = this.#scored.own[row] ?? 0;
    const decision = probability >= threshold;
    return { version, hash, probability, decision, label: decision ? labels.positive : labels.negative };
  }

  #arm(row: number): Arm | undefined {
    const { experiment } = this.#frame;
    return experiment === undefined ? undefined : armOf(experiment, this.entityOf(row));
  }
}

function candidateOutcome(outcome: RowOutcome): CandidateOutcome {
  return typeof outcome === 'string' ? { scored: false, absence: outcome } : { scored: true, score: plain(outcome) };
}

function plain({ version, hash, probability, decision }: VersionScore): VersionScore {
  return { version, hash, probability, decision };
}
