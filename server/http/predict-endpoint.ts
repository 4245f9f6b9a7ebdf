import type { IncomingMessage, ServerResponse } from 'node:http';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_BODY_BYTES, MAX_ROWS } from '../../contracts/prediction.ts';
import type { Engine } from '../engine/engine.ts';
import { RowBatch } from '../engine/row-batch.ts';
import type { ServingMetrics } from '../telemetry/serving-metrics.ts';
import type { SideCounters } from '../traffic/side-counters.ts';
import { InstanceCheck } from '../validation/instance-check.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { answerError, answerJson } from './answers.ts';
import type { ConnectionLimits } from './data-server.ts';
import type { AdmissionLimits } from './limits.ts';
import { PredictTurns } from './predict-turns.ts';
import type { PredictCall } from './predict-turns.ts';
import { PredictionWriter } from './prediction-writer.ts';
import type { PredictionFrame } from './prediction-writer.ts';
import { RequestBody, rowsAtMost } from './request-body.ts';
import { bodyTooLarge, declaredLength, headProblem, queryProblem } from './request-checks.ts';
import { requestIdOf } from './request-id.ts';
import type { SampledLog } from './sampled-log.ts';

/** What `POST /v1/models/<name>:predict` is made of. */
export type PredictEndpointOptions = Readonly<{
  card: ModelCard;
  engine: Engine;
  frame: PredictionFrame;
  limits: AdmissionLimits & Pick<ConnectionLimits, 'maxPipelined'>;
  metrics: ServingMetrics;
  counters: SideCounters;
  log: SampledLog;
  isDraining: () => boolean;
}>;

const MILLISECONDS = 1000;

/** The hot path: plain node:http, one listener per event, no Express. */
export class PredictEndpoint {
  readonly #options: PredictEndpointOptions;
  readonly #turns: PredictTurns;
  readonly #writer: PredictionWriter;
  #inFlight = 0;
  #bytesInFlight = 0;

  constructor(options: PredictEndpointOptions) {
    this.#options = options;
    this.#writer = new PredictionWriter(options.frame);
    this.#turns = new PredictTurns({
      engine: options.engine,
      check: new InstanceCheck(options.card),
      batch: new RowBatch(options.card.inputs),
      maxRowsWaiting: options.limits.maxRowsWaiting,
      answer: (call, scores, from, to, unknownColumns) => this.#answer(call, scores, from, to, unknownColumns),
      fail: (call, thrown, scored) => this.#fail(call, thrown, scored),
    });
  }

  /** Requests that are being read, scored or answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Takes one request. Never throws; the answer comes later.
   * @param request.pipelined requests of its connection that have no answer yet, itself included
   */
  handle(req: IncomingMessage, res: ServerResponse, request: Readonly<{ query: string; pipelined: number }>): void {
    const requestId = requestIdOf(req.headers['x-request-id']);
    const declaredBytes = declaredLength(req);
    const problem = headProblem(req.headers) ?? queryProblem(request.query) ?? this.#overload(declaredBytes ?? MAX_BODY_BYTES, request.pipelined);
    if (problem !== undefined) {
      this.#refuse(res, problem, requestId);
      return;
    }
    this.#inFlight += 1;
    this.#receive(req, res, requestId, declaredBytes);
  }

  #overload(bytes: number, pipelined: number): ChurnOpsError | undefined {
    const { maxInFlight, maxBytesInFlight, maxPipelined } = this.#options.limits;
    if (pipelined > maxPipelined) return new ChurnOpsError('Overloaded', `${maxPipelined} requests of this connection wait for their answers.`);
    if (this.#inFlight >= maxInFlight) return new ChurnOpsError('Overloaded', `${maxInFlight} requests are in flight.`);
    if (this.#bytesInFlight + bytes > maxBytesInFlight) return new ChurnOpsError('Overloaded', 'The requests in flight fill the memory set aside for them.');
    return undefined;
  }

  #receive(req: IncomingMessage, res: ServerResponse, requestId: string, declaredBytes: number | undefined): void {
    const body = new RequestBody(declaredBytes);
    let reservedBytes = declaredBytes ?? MAX_BODY_BYTES;
    this.#bytesInFlight += reservedBytes;
    res.once('close', () => {
      this.#inFlight -= 1;
      this.#bytesInFlight -= reservedBytes;
    });
    req.on('data', (chunk: Buffer) => {
      if (!res.headersSent && !body.append(chunk)) this.#refuse(res, bodyTooLarge(), requestId);
    });
    req.on('end', () => {
      if (res.headersSent || res.closed) return;
      const bytes = body.bytes();
      this.#bytesInFlight -= reservedBytes - bytes.length;
      reservedBytes = bytes.length;
      const refusal = this.#turns.enqueue({ res, body: bytes, rows: rowsAtMost(bytes, MAX_ROWS), requestId, receivedMs: performance.now() });
      if (refusal !== undefined) this.#refuse(res, refusal, requestId);
    });
  }

  #answer(call: PredictCall, scores: Float64Array, from: number, to: number, unknownColumns: number): void {
    const { metrics, counters, log, isDraining } = this.#options;
    answerJson(call.res, 200, this.#writer.write(scores, from, to), { requestId: call.requestId, close: isDraining() });
    const seconds = (performance.now() - call.receivedMs) / MILLISECONDS;
    metrics.countSuccess(to - from, unknownColumns, seconds);
    counters.count(seconds, false);
    log.succeeded({ requestId: call.requestId, rows: to - from, seconds });
  }

  #fail(call: PredictCall, thrown: unknown, scored: boolean): void {
    if (call.res.headersSent) return;
    const seconds = (performance.now() - call.receivedMs) / MILLISECONDS;
    this.#refuse(call.res, thrown, call.requestId, seconds);
    if (scored) this.#options.counters.count(seconds, true);
  }

  #refuse(res: ServerResponse, thrown: unknown, requestId: string, seconds?: number): void {
    const error = answerError(res, thrown, { requestId, close: this.#options.isDraining() });
    this.#options.metrics.countFailure(error.code, error.status, seconds);
    this.#options.log.failed(error, requestId);
  }
}
