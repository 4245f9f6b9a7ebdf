import { randomUUID } from 'node:crypto';
import type { ModelCard } from '../../contracts/model-card.ts';
import type { Role } from '../../contracts/prediction.ts';

/** What every prediction of a pod has in common. */
export type PredictionFrame = Readonly<{
  model: string;
  version: string;
  role: Role;
  /** Decision is probability >= threshold. */
  threshold: number;
  labels: Pick<ModelCard['labels'], 'negative' | 'positive'>;
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

  constructor(frame: PredictionFrame) {
    const version = JSON.stringify(frame.version);
    const tail = (decision: boolean, label: string): string =>
      `,"decision":${decision},"label":${JSON.stringify(label)},"version":${version},"role":${JSON.stringify(frame.role)}}`;
    this.#threshold = frame.threshold;
    this.#positiveTail = tail(true, frame.labels.positive);
    this.#negativeTail = tail(false, frame.labels.negative);
    this.#end = `],"model":{"name":${JSON.stringify(frame.model)},"version":${version}}}`;
  }

  /** The answer for rows [from, to) of the scores; scores are finite and within 0..1. */
  write(scores: Float64Array, from: number, to: number): string {
    let text = '{"predictions":[';
    for (let row = from; row < to; row += 1) {
      const probability = scores[row] ?? 0;
      text += `${row === from ? '' : ','}{"id":"${randomUUID()}","probability":${probability}${probability >= this.#threshold ? this.#positiveTail : this.#negativeTail}`;
    }
    return text + this.#end;
  }
}
