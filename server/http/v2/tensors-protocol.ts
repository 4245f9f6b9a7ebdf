import { JSON_LENGTH_HEADER } from '../../../contracts/inference.ts';
import type { InputColumn, ModelCard } from '../../../contracts/model-card.ts';
import { MAX_ROWS } from '../../../contracts/prediction.ts';
import type { Prediction } from '../../../contracts/prediction.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import type { OutputName } from '../../../contracts/inference.ts';
import type { RowBatch } from '../../engine/row-batch.ts';
import type { InstanceCheck } from '../../validation/instance-check.ts';
import { problemCount } from '../instances-protocol.ts';
import type { DecodedCall, EncodedAnswer, PredictCall, PredictProtocol } from '../predict-protocol.ts';
import { assertJsonType } from '../request-checks.ts';
import { parseInferRequest, wrong } from './infer-request.ts';
import type { Tensor } from './infer-request.ts';
import type { InferAnswerFrame, InferWriter } from './infer-writer.ts';
import { assertSize, valuesOf } from './tensor-values.ts';

const BINARY_TYPE = /^application\/octet-stream\s*$/i;
const LENGTH = /^\d{1,9}$/;
const FIRST_SHAPE = Buffer.from('"shape"');
/** What may stand between "shape" and its first number: `: [`. */
const SHAPE_START = /^\s*:\s*\[\s*(\d{1,9})/;
const SHAPE_START_BYTES = 32;

/** V2: the Open Inference Protocol's infer, a tensor for each column. */
export class TensorsProtocol implements PredictProtocol {
  readonly #columns: ReadonlyMap<string, InputColumn>;
  readonly #check: InstanceCheck;
  readonly #writer: InferWriter;
  readonly #outputs: readonly OutputName[];

  /** @param outputs tensors that are answered where a request does not choose */
  constructor(card: Pick<ModelCard, 'inputs'>, check: InstanceCheck, writer: InferWriter, outputs: readonly OutputName[]) {
    this.#columns = new Map(card.inputs.map((input) => [input.name, input]));
    this.#check = check;
    this.#writer = writer;
    this.#outputs = outputs;
  }

  readonly readHead: PredictProtocol['readHead'] = (headers) => {
    const type = headers['content-type'];
    if (type === undefined || !BINARY_TYPE.test(type)) assertJsonType(type);
    const length = headers[JSON_LENGTH_HEADER];
    if (length === undefined) return { jsonBytes: undefined };
    if (typeof length !== 'string' || !LENGTH.test(length)) throw wrong('Inference-Header-Content-Length is no number of bytes.');
    return { jsonBytes: Number(length) };
  };

  /** The largest first number of all shapes; `decode` refuses a request that has more rows than could be seen here. */
  readonly rowsAtMost: PredictProtocol['rowsAtMost'] = (body, { jsonBytes }) => {
    const json = body.subarray(0, jsonBytes);
    let most = 1;
    for (let at = json.indexOf(FIRST_SHAPE); at >= 0; at = json.indexOf(FIRST_SHAPE, at + FIRST_SHAPE.length)) {
      const from = at + FIRST_SHAPE.length;
      const rows = SHAPE_START.exec(json.toString('latin1', from, from + SHAPE_START_BYTES))?.[1];
      most = Math.max(most, Number(rows ?? MAX_ROWS));
      if (most >= MAX_ROWS) return MAX_ROWS;
    }
    return most;
  };

  decode({ body, head, rows: atMost, caller }: PredictCall): DecodedCall {
    const request = parseInferRequest(body, head.jsonBytes, this.#outputs);
    const { id, rows, outputs } = request;
    if (rows > atMost) throw wrong('The shapes are written in an unusual way: write "shape": [rows, 1].');
    const columns = new Map<string, readonly unknown[]>();
    const others: Tensor[] = [];
    for (const tensor of request.tensors) {
      const column = this.#columns.get(tensor.name);
      if (column !== undefined) columns.set(tensor.name, valuesOf(tensor, column, rows));
      else {
        assertSize(tensor, rows);
        others.push(tensor);
      }
    }
    return new TensorsCall({ check: this.#check, writer: this.#writer, rows, columns, others, frame: { id: id ?? caller.requestId, outputs } });
  }
}

type TensorsCallParts = Readonly<{
  check: InstanceCheck;
  writer: InferWriter;
  rows: number;
  /** Values of the model's inputs. */
  columns: ReadonlyMap<string, readonly unknown[]>;
  /** Tensors of other columns: the entity, and what the model does not know. */
  others: readonly Tensor[];
  frame: InferAnswerFrame;
}>;

class TensorsCall implements DecodedCall {
  readonly instancesBody = undefined;
  readonly #parts: TensorsCallParts;
  #all: ReadonlyMap<string, readonly unknown[]> | undefined;

  constructor(parts: TensorsCallParts) {
    this.#parts = parts;
  }

  appendTo(batch: RowBatch): number {
    const { check, columns, rows, others } = this.#parts;
    const unknown = others.map(({ name }) => name).filter((name) => !check.knows(name));
    const outcome = check.appendColumns(batch, columns, rows, unknown);
    if (outcome.valid) return outcome.unknownColumns;
    const list = outcome.details.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new ChurnOpsError('InvalidTensors', `${problemCount(outcome)}: ${list}.`);
  }

  encode(scores: Float64Array, from: number, to: number, ids?: readonly string[]): EncodedAnswer {
    return this.#parts.writer.write(scores.subarray(from, to), ids, this.#parts.frame);
  }

  encodeEach(predictions: readonly Prediction[]): EncodedAnswer {
    return this.#parts.writer.writeEach(predictions, this.#parts.frame);
  }

  rowAt(row: number): Readonly<Record<string, unknown>> {
    return Object.fromEntries(Array.from(this.#allColumns(), ([name, values]) => [name, values[row]]));
  }

  valueAt(row: number, column: string): unknown {
    return this.#allColumns().get(column)?.[row];
  }

  /** Also the columns that are no inputs, as their datatypes have them; those whose values nobody can read are left out. */
  #allColumns(): ReadonlyMap<string, readonly unknown[]> {
    if (this.#all !== undefined) return this.#all;
    const { columns, others, rows } = this.#parts;
    const all = new Map(columns);
    for (const tensor of others) {
      try {
        all.set(tensor.name, valuesOf(tensor, { name: tensor.name, type: tensor.datatype === 'BYTES' ? 'category' : 'number' }, rows));
      } catch (thrown) {
        if (!(thrown instanceof ChurnOpsError)) throw thrown;
      }
    }
    this.#all = all;
    return all;
  }
}
