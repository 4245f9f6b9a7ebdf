import { JSON_LENGTH_HEADER, OUTPUT_DATATYPES } from '../../../contracts/inference.ts';
import type { OutputName } from '../../../contracts/inference.ts';
import type { Prediction } from '../../../contracts/prediction.ts';
import type { EncodedAnswer } from '../predict-protocol.ts';
import type { PredictionFrame } from '../prediction-writer.ts';
import { LENGTH_BYTES, NUMBER_FORMATS } from './datatypes.ts';
import type { WantedOutput } from './infer-request.ts';

const FP64_BYTES = NUMBER_FORMATS.FP64.sizeBytes;

/** Of a row that is in no group of an experiment. */
const NO_ARM = '';

/** What of a request its answer repeats or follows. */
export type InferAnswerFrame = Readonly<{ id: string; outputs: readonly WantedOutput[] }>;

/** Values of the outputs, row by row. */
type Values = Readonly<Record<OutputName, readonly (string | number | boolean)[]>>;

/** Writes the answer of an infer request: the fields of V1's predictions as tensors of shape [rows], in JSON or behind it. */
export class InferWriter {
  readonly #frame: PredictionFrame;

  constructor(frame: PredictionFrame) {
    this.#frame = frame;
  }

  /** The answer for rows of this pod's own version; scores are finite and within 0..1. */
  write(scores: Float64Array, ids: readonly string[] | undefined, frame: InferAnswerFrame): EncodedAnswer {
    return this.#encode(scores.length, this.#ownValues(scores, ids), frame);
  }

  /** The answer where predictions are not all of one kind. */
  writeEach(predictions: readonly Prediction[], frame: InferAnswerFrame): EncodedAnswer {
    return this.#encode(predictions.length, valuesOfEach(predictions), frame);
  }

  #encode(rows: number, values: Values, { id, outputs }: InferAnswerFrame): EncodedAnswer {
    const { model, version } = this.#frame;
    const binary: Buffer[] = [];
    const tensors = outputs.map(({ name, binary: isBinary }) => {
      const datatype = OUTPUT_DATATYPES[name];
      const tensor = { name, datatype, shape: [rows] };
      const codec = datatype === 'BYTES' ? { content_type: 'str' } : {};
      if (!isBinary) return { ...tensor, ...(datatype === 'BYTES' ? { parameters: codec } : {}), data: values[name] };
      const bytes = BINARY[datatype](values[name]);
      binary.push(bytes);
      return { ...tensor, parameters: { ...codec, binary_data_size: bytes.length } };
    });
    const json = JSON.stringify({ model_name: model, model_version: version, id, outputs: tensors });
    if (binary.length === 0) return { body: json };
    const head = Buffer.from(json);
    return { body: Buffer.concat([head, ...binary]), headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(head.length) } };
  }

  #ownValues(scores: Float64Array, ids: readonly string[] | undefined): Values {
    const { version, role, threshold, labels, nextId } = this.#frame;
    const probability = [...scores];
    const decision = probability.map((score) => score >= threshold);
    return {
      probability,
      decision,
      label: decision.map((positive) => (positive ? labels.positive : labels.negative)),
      id: ids ?? probability.map(() => nextId()),
      version: probability.map(() => version),
      role: probability.map(() => role),
      arm: probability.map(() => NO_ARM),
    };
  }
}

/** Tensors have no null: no decision is false, which nobody acts upon; the empty label and `arm` tell it from a decision. */
function valuesOfEach(predictions: readonly Prediction[]): Values {
  return {
    probability: predictions.map(({ probability }) => probability),
    decision: predictions.map(({ decision }) => decision ?? false),
    label: predictions.map(({ label }) => label),
    id: predictions.map(({ id }) => id),
    version: predictions.map(({ version }) => version),
    role: predictions.map(({ role }) => role),
    arm: predictions.map(({ arm }) => arm ?? NO_ARM),
  };
}

/** Binary forms, little-endian, as numpy reads them. */
const BINARY = {
  FP64: (values: readonly unknown[]): Buffer => {
    const bytes = Buffer.allocUnsafe(values.length * FP64_BYTES);
    for (const [row, value] of values.entries()) bytes.writeDoubleLE(Number(value), row * FP64_BYTES);
    return bytes;
  },
  BOOL: (values: readonly unknown[]): Buffer => Buffer.from(values.map((value) => (value === true ? 1 : 0))),
  BYTES: (values: readonly unknown[]): Buffer =>
    Buffer.concat(
      values.flatMap((value) => {
        const text = Buffer.from(String(value));
        const length = Buffer.allocUnsafe(LENGTH_BYTES);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    ),
} as const;
