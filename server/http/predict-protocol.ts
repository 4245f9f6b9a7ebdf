import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Prediction } from '../../contracts/prediction.ts';
import type { RowBatch } from '../engine/row-batch.ts';
import type { Caller } from './answers.ts';

/** What a protocol reads from the head of a request. */
export type PredictHead = Readonly<{
  /** Bytes of JSON at the beginning of the body; undefined: all of it. */
  jsonBytes: number | undefined;
}>;

/** A predict request whose body is there and plain. `rows` is how many rows it has at most. */
export type PredictCall = Readonly<{
  res: ServerResponse;
  caller: Caller;
  protocol: PredictProtocol;
  body: Buffer;
  head: PredictHead;
  rows: number;
  receivedMs: number;
}>;

/** An answer's body, and its headers where it is not plain JSON. */
export type EncodedAnswer = Readonly<{ body: string | Uint8Array; headers?: Readonly<Record<string, string>> }>;

/** A request that was understood. */
export interface DecodedCall {
  /**
   * Checks the rows and appends them to the batch, all or none; tells how many values of unknown columns it passed over.
   * @throws ChurnOpsError for wrong values
   */
  appendTo(batch: RowBatch): number;
  /**
   * The answer for rows [from, to) of the scores, all by this pod's own version; scores are finite and within 0..1.
   * @param ids ids of the predictions; made where they are missing
   */
  encode(scores: Float64Array, from: number, to: number, ids?: readonly string[]): EncodedAnswer;
  /** The answer where predictions are not all of one kind. */
  encodeEach(predictions: readonly Prediction[]): EncodedAnswer;
  /** A row as `{"instances"}` has it, unknown columns included. Once the rows are in the batch, as are the next two. */
  rowAt(row: number): Readonly<Record<string, unknown>>;
  /** What a row has in a column that is no input of the model, such as the entity. */
  valueAt(row: number, column: string): unknown;
  /** The request as a body of `{"instances"}`, where it came as one. */
  readonly instancesBody: Buffer | undefined;
}

/** How rows come in and predictions go out. Limits, engine, metrics and drain are the same for every protocol. */
export interface PredictProtocol {
  /** @throws ChurnOpsError UnsupportedMediaType, InvalidTensors */
  readHead: (headers: IncomingHttpHeaders) => PredictHead;
  /** How many rows a body can have, without parsing it: never too few. */
  rowsAtMost: (body: Buffer, head: PredictHead) => number;
  /** @throws ChurnOpsError when the body is not what the protocol wants */
  decode: (call: PredictCall) => DecodedCall;
}
