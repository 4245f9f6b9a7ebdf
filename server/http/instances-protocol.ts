import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_ROWS } from '../../contracts/prediction.ts';
import type { Prediction } from '../../contracts/prediction.ts';
import type { RowBatch } from '../engine/row-batch.ts';
import type { CheckOutcome, InstanceCheck } from '../validation/instance-check.ts';
import type { DecodedCall, EncodedAnswer, PredictCall, PredictHead, PredictProtocol } from './predict-protocol.ts';
import type { PredictionWriter } from './prediction-writer.ts';
import { rowsAtMost } from './request-body.ts';
import { assertJsonType, parseInstances } from './request-checks.ts';

const ALL_JSON: PredictHead = { jsonBytes: undefined };

/** V1: `{"instances": [{...}]}` to `{"predictions": [{...}]}`. */
export class InstancesProtocol implements PredictProtocol {
  readonly #check: InstanceCheck;
  readonly #writer: PredictionWriter;

  constructor(check: InstanceCheck, writer: PredictionWriter) {
    this.#check = check;
    this.#writer = writer;
  }

  readonly readHead: PredictProtocol['readHead'] = (headers) => {
    assertJsonType(headers['content-type']);
    return ALL_JSON;
  };

  readonly rowsAtMost: PredictProtocol['rowsAtMost'] = (body) => rowsAtMost(body, MAX_ROWS);

  decode({ body }: PredictCall): DecodedCall {
    return new InstancesCall(this.#check, this.#writer, body, parseInstances(body));
  }
}

class InstancesCall implements DecodedCall {
  readonly instancesBody: Buffer;
  readonly #check: InstanceCheck;
  readonly #writer: PredictionWriter;
  readonly #instances: readonly unknown[];

  constructor(check: InstanceCheck, writer: PredictionWriter, body: Buffer, instances: readonly unknown[]) {
    this.#check = check;
    this.#writer = writer;
    this.instancesBody = body;
    this.#instances = instances;
  }

  appendTo(batch: RowBatch): number {
    return unknownColumns(this.#check.append(batch, this.#instances));
  }

  encode(scores: Float64Array, from: number, to: number, ids?: readonly string[]): EncodedAnswer {
    return { body: this.#writer.write(scores, from, to, ids) };
  }

  encodeEach(predictions: readonly Prediction[]): EncodedAnswer {
    return { body: this.#writer.writeEach(predictions) };
  }

  rowAt(row: number): Readonly<Record<string, unknown>> {
    const instance = this.#instances[row];
    return isRecord(instance) ? instance : {};
  }

  valueAt(row: number, column: string): unknown {
    const instance = this.rowAt(row);
    return Object.hasOwn(instance, column) ? instance[column] : undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownColumns(outcome: CheckOutcome): number {
  if (outcome.valid) return outcome.unknownColumns;
  const { details } = outcome;
  throw new ChurnOpsError('InvalidInstance', `${problemCount(outcome)}.`, { details });
}

/** How many values are wrong, for people. */
export function problemCount({ problems, details }: Extract<CheckOutcome, { valid: false }>): string {
  if (problems === 1) return 'One value is wrong';
  return `${problems} values are wrong${problems > details.length ? `; the first ${details.length} are listed` : ''}`;
}
