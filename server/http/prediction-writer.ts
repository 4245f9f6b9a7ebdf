import type { ModelCard } from '../../contracts/model-card.ts';
import type { Prediction, Role } from '../../contracts/prediction.ts';
import type { NewPredictionId } from '../prediction-id/prediction-ids.ts';

/** What every prediction of a pod has in common. */
export type PredictionFrame = Readonly<{
  model: string;
  version: string;
  role: Role;
  /** Decision is probability >= threshold. */
  threshold: number;
  labels: Pick<ModelCard['labels'], 'negative' | 'positive'>;
  nextId: NewPredictionId;
}>;

/**
 * Builds the text of a PredictResponse from fixed pieces: several times faster than JSON.stringify, equal to it
 * (test/unit/server/http/prediction-writer.test.ts).
 */
export class PredictionWriter {
  readonly #threshold: number;
  readonly #positiveTail: string;
  readonly #negativeTail: string;
  readonly #end: string;
  readonly #nextId: NewPredictionId;

  constructor(frame: PredictionFrame) {
    const version = JSON.stringify(frame.version);
    const tail = (decision: boolean, label: string): string =>
      `,"decision":${decision},"label":${JSON.stringify(label)},"version":${version},"role":${JSON.stringify(frame.role)}}`;
    this.#threshold = frame.threshold;
    this.#nextId = frame.nextId;
    this.#positiveTail = tail(true, frame.labels.positive);
    this.#negativeTail = tail(false, frame.labels.negative);
    this.#end = `],"model":{"name":${JSON.stringify(frame.model)},"version":${version}}}`;
  }

  /**
   * The answer for rows [from, to) of the scores; scores are finite and within 0..1.
   * @param ids ids of the predictions; made where they are missing
   */
  write(scores: Float64Array, from: number, to: number, ids?: readonly string[]): string {
    let text = '{"predictions":[';
    for (let row = from; row < to; row += 1) {
      const probability = scores[row] ?? 0;
      text += `${row === from ? '' : ','}{"id":"${ids?.[row - from] ?? this.#nextId()}","probability":${probability}${probability >= this.#threshold ? this.#positiveTail : this.#negativeTail}`;
    }
    return text + this.#end;
  }

  /** The answer where predictions are not all of one kind. */
  writeEach(predictions: readonly Prediction[]): string {
    return `{"predictions":${JSON.stringify(predictions)}${this.#end.slice(1)}`;
  }
}
