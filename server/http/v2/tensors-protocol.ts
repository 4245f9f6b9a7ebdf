import { JSON_LENGTH_HEADER } from '../../../contracts/inference.ts';
import type { InputColumn, ModelCard } from '../../../contracts/model-card.ts';
import { MAX_ROWS } from '../../../contracts/prediction.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import type { InstanceCheck } from '../../validation/instance-check.ts';
import { problemCount } from '../instances-protocol.ts';
import type { DecodedCall, PredictCall, PredictProtocol } from '../predict-protocol.ts';
import { assertJsonType } from '../request-checks.ts';
import { parseInferRequest, wrong } from './infer-request.ts';
import type { ParsedInferRequest } from './infer-request.ts';
import type { InferWriter } from './infer-writer.ts';
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

  constructor(card: Pick<ModelCard, 'inputs'>, check: InstanceCheck, writer: InferWriter) {
    this.#columns = new Map(card.inputs.map((input) => [input.name, input]));
    this.#check = check;
    this.#writer = writer;
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
    const request = parseInferRequest(body, head.jsonBytes);
    const { id, rows, outputs } = request;
    if (rows > atMost) throw wrong('The shapes are written in an unusual way: write "shape": [rows, 1].');
    const { columns, unknown } = this.#decodeColumns(request);
    return {
      appendTo: (batch) => {
        const outcome = this.#check.appendColumns(batch, columns, rows, unknown);
        if (outcome.valid) return outcome.unknownColumns;
        const list = outcome.details.map(({ path, message }) => `${path}: ${message}`).join('; ');
        throw new ChurnOpsError('InvalidTensors', `${problemCount(outcome)}: ${list}.`);
      },
      encode: (scores, from, to) => this.#writer.write(scores, from, to, { id: id ?? caller.requestId, outputs }),
    };
  }

  #decodeColumns({ tensors, rows }: ParsedInferRequest): Readonly<{ columns: ReadonlyMap<string, readonly unknown[]>; unknown: readonly string[] }> {
    const columns = new Map<string, readonly unknown[]>();
    const unknown: string[] = [];
    for (const tensor of tensors) {
      const column = this.#columns.get(tensor.name);
      if (column !== undefined) columns.set(tensor.name, valuesOf(tensor, column, rows));
      else {
        assertSize(tensor, rows);
        if (!this.#check.knows(tensor.name)) unknown.push(tensor.name);
      }
    }
    return { columns, unknown };
  }
}
