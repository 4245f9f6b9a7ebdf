import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
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
export type DecodedCall = Readonly<{
  /**
   * Checks the rows and appends them to the batch, all or none; tells how many values of unknown columns it passed over.
   * @throws ChurnOpsError for wrong values
   */
  appendTo: (batch: RowBatch) => number;
  /** The answer for rows [from, to) of the scores; scores are finite and within 0..1. */
  encode: (scores: Float64Array, from: number, to: number) => EncodedAnswer;
}>;

/** How rows come in and predictions go out. Limits, engine, metrics and drain are the same for every protocol. */
export interface PredictProtocol {
  /** @throws ChurnOpsError UnsupportedMediaType, InvalidTensors */
  readHead: (headers: IncomingHttpHeaders) => PredictHead;
  /** How many rows a body can have, without parsing it: never too few. */
  rowsAtMost: (body: Buffer, head: PredictHead) => number;
  /** @throws ChurnOpsError when the body is not what the protocol wants */
  decode: (call: PredictCall) => DecodedCall;
}
