import type { ModelCard } from '../../contracts/model-card.ts';
import type { ObservedPrediction, VersionScore } from '../prediction/observed-prediction.ts';

/** Longer raw columns are left out: a paired score is worth more than them, and one customer must not fill the journal. */
export const MAX_FEATURES_CHARS = 65_536;

/** What of a row is kept (`spec.journal`). */
export type RecordOptions = Readonly<{ card: Pick<ModelCard, 'inputs' | 'entity'>; features: boolean; redact: readonly string[] }>;

/**
 * Builds the text of a PredictionRecord from pieces: it is made for every row, and JSON.stringify would take three times as long. Columns
 * that the model does not know are never kept: nobody could have named them for redaction.
 */
export class RecordWriter {
  readonly #columns: readonly Readonly<{ name: string; head: string }>[];
  readonly #entityKept: boolean;

  constructor({ card, features, redact }: RecordOptions) {
    const hidden = new Set(redact);
    this.#columns = features ? card.inputs.filter(({ name }) => !hidden.has(name)).map(({ name }) => ({ name, head: `${JSON.stringify(name)}:` })) : [];
    this.#entityKept = card.entity === null || !hidden.has(card.entity.column);
  }

  /** The line of a row, its end included; probabilities are finite. */
  line(row: ObservedPrediction): string {
    const entity = this.#entityKept ? row.entity : undefined;
    const head = `{"schemaVersion":1,"id":${JSON.stringify(row.predictionId)},"requestId":${JSON.stringify(row.requestId)},"entity":${entity === undefined ? 'null' : JSON.stringify(entity)}`;
    const { role, decision, arm } = row.answered;
    const answered = `"answered":{"role":"${role}","decision":${decision}${arm === undefined ? '' : `,"arm":"${arm}"`}}`;
    return `${head},"at":"${new Date(row.atMs).toISOString()}",${scoreText(row.own)}${candidateText(row.candidate)},${answered}${this.#featuresText(row.features)}}\n`;
  }

  #featuresText(features: ObservedPrediction['features']): string {
    if (this.#columns.length === 0) return '';
    let text = '';
    for (const { name, head } of this.#columns) {
      if (!Object.hasOwn(features, name)) continue;
      const value = features[name];
      if (typeof value === 'number') text += `${text === '' ? '' : ','}${head}${Number.isFinite(value) ? value : 'null'}`;
      else if (typeof value === 'string') text += `${text === '' ? '' : ','}${head}${JSON.stringify(value)}`;
      else if (value === null) text += `${text === '' ? '' : ','}${head}null`;
    }
    return text.length > MAX_FEATURES_CHARS ? '' : `,"features":{${text}}`;
  }
}

function scoreText({ version, hash, probability, decision }: VersionScore): string {
  return `"version":${JSON.stringify(version)},"hash":"${hash}","probability":${probability},"decision":${decision}`;
}

function candidateText(candidate: ObservedPrediction['candidate']): string {
  if (candidate.scored) return `,"candidate":{${scoreText(candidate.score)}}`;
  return candidate.absence === 'NoRollout' ? '' : `,"candidate":{"missing":${JSON.stringify(candidate.absence)}}`;
}
