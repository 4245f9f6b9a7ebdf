import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:zlib';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { HEADERS } from '../../contracts/names.ts';
import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';
import type { Role } from '../../contracts/prediction.ts';
import type { Engine } from '../engine/engine.ts';
import type { RowBatch } from '../engine/row-batch.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { ServingMetrics } from '../telemetry/serving-metrics.ts';
import { serverTiming } from '../traffic/candidate-answer.ts';
import type { PredictionObserver } from '../prediction/observed-prediction.ts';
import type { Traffic } from '../traffic/traffic.ts';
import type { RowsFrame } from './answered-rows.ts';
import { answer, answerError, callerOf } from './answers.ts';
import type { Caller } from './answers.ts';
import { decompress, requestCoding } from './content-coding.ts';
import type { Coding } from './content-coding.ts';
import type { ConnectionLimits } from './data-server.ts';
import type { AdmissionLimits } from './limits.ts';
import { PredictAnswers } from './predict-answers.ts';
import type { EncodedAnswer, PredictCall, PredictHead, PredictProtocol } from './predict-protocol.ts';
import { PredictTurns } from './predict-turns.ts';
import type { ScoredCall } from './predict-turns.ts';
import { RequestBody } from './request-body.ts';
import { bodyTooLarge, declaredLength, queryProblem } from './request-checks.ts';
import type { SampledLog } from './sampled-log.ts';

/** What the predict endpoint is made of. */
export type PredictEndpointOptions = Readonly<{
  engine: Engine;
  batch: RowBatch;
  limits: AdmissionLimits & Pick<ConnectionLimits, 'maxPipelined'>;
  metrics: ServingMetrics;
  frame: RowsFrame;
  traffic: Traffic;
  observer: PredictionObserver | undefined;
  logger: Logger;
  log: SampledLog;
  isDraining: () => boolean;
}>;

/** What is known of a request besides its head. */
export type PredictRequestContext = Readonly<{
  protocol: PredictProtocol;
  query: string;
  /** Requests of its connection that have no answer yet, itself included. */
  pipelined: number;
}>;

type Receiving = Readonly<{ caller: Caller; protocol: PredictProtocol; head: PredictHead; coding: Coding | undefined; declaredBytes: number | undefined }>;

const MILLISECONDS = 1000;

/** The hot path, for every protocol: plain node:http, one listener per event, no Express. */
export class PredictEndpoint {
  readonly #options: PredictEndpointOptions;
  readonly #turns: PredictTurns;
  #inFlight = 0;
  #bytesInFlight = 0;

  constructor(options: PredictEndpointOptions) {
    this.#options = options;
    const { frame, traffic, observer, logger } = options;
    const answers = new PredictAnswers({
      frame,
      traffic,
      observer,
      logger,
      write: (scored, encoded) => this.#write(scored, encoded),
      countOwn: ({ call }) => traffic.own.count(secondsSince(call), false),
      fail: ({ call }, thrown) => this.#fail(call, thrown, false),
    });
    this.#turns = new PredictTurns({
      engine: options.engine,
      batch: options.batch,
      maxRowsWaiting: options.limits.maxRowsWaiting,
      answer: (scored, scores) => answers.answer(scored, scores),
      fail: (call, thrown, scored) => this.#fail(call, thrown, scored),
      over: () => answers.afterTurn(),
    });
  }

  /** Requests that are being read, scored or answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes one request. Never throws; the answer comes later. */
  handle(req: IncomingMessage, res: ServerResponse, { protocol, query, pipelined }: PredictRequestContext): void {
    const caller = callerOf(req.headers, req.url ?? '');
    try {
      if (caller.hop !== undefined && caller.hop !== this.#options.frame.hash) throw new ChurnOpsError('VersionNotServed', `This pod serves another version than ${HEADERS.hop} names.`);
      const head = protocol.readHead(req.headers);
      const coding = requestCoding(req.headers['content-encoding']);
      const declaredBytes = declaredLength(req);
      if ((declaredBytes ?? 0) > MAX_BODY_BYTES) throw bodyTooLarge();
      const problem = queryProblem(query) ?? this.#overload(reservation(declaredBytes, coding), pipelined);
      if (problem !== undefined) throw problem;
      this.#inFlight += 1;
      this.#receive(req, res, { caller, protocol, head, coding, declaredBytes });
    } catch (thrown) {
      this.#refuse(res, thrown, caller);
    }
  }

  #overload(bytes: number, pipelined: number): ChurnOpsError | undefined {
    const { maxInFlight, maxBytesInFlight, maxPipelined } = this.#options.limits;
    if (pipelined > maxPipelined) return new ChurnOpsError('Overloaded', `${maxPipelined} requests of this connection wait for their answers.`);
    if (this.#inFlight >= maxInFlight) return new ChurnOpsError('Overloaded', `${maxInFlight} requests are in flight.`);
    if (this.#bytesInFlight + bytes > maxBytesInFlight) return new ChurnOpsError('Overloaded', 'The requests in flight fill the memory set aside for them.');
    return undefined;
  }

  #receive(req: IncomingMessage, res: ServerResponse, { caller, protocol, head, coding, declaredBytes }: Receiving): void {
    const body = new RequestBody(declaredBytes);
    let reservedBytes = reservation(declaredBytes, coding);
    this.#bytesInFlight += reservedBytes;
    res.once('close', () => {
      this.#inFlight -= 1;
      this.#bytesInFlight -= reservedBytes;
    });
    req.on('data', (chunk: Buffer) => {
      if (!res.headersSent && !body.append(chunk)) this.#refuse(res, bodyTooLarge(), caller);
    });
    req.on('end', () => {
      if (res.headersSent || res.closed) return;
      try {
        const { bytes, heldBytes } = plain(body, coding);
        this.#bytesInFlight -= reservedBytes - heldBytes;
        reservedBytes = heldBytes;
        const refusal = this.#turns.enqueue({ res, caller, protocol, body: bytes, head, rows: protocol.rowsAtMost(bytes, head), receivedMs: performance.now() });
        if (refusal !== undefined) throw refusal;
      } catch (thrown) {
        this.#refuse(res, thrown, caller);
      }
    });
  }

  #write({ call, from, to, unknownColumns }: ScoredCall, { body, headers }: EncodedAnswer): boolean {
    const { metrics, log, isDraining } = this.#options;
    const { caller, res } = call;
    const isThere = !res.destroyed;
    const rows = to - from;
    answer(res, 200, body, { caller, close: isDraining() }, caller.hop === undefined ? headers : { ...headers, ...timing(secondsSince(call)) });
    const seconds = secondsSince(call);
    metrics.countSuccess(roleOf(caller), { rows, unknownColumns, seconds });
    log.succeeded({ requestId: caller.requestId, rows, seconds });
    return isThere;
  }

  #fail(call: PredictCall, thrown: unknown, scored: boolean): void {
    if (call.res.headersSent) return;
    const seconds = secondsSince(call);
    this.#refuse(call.res, thrown, call.caller, seconds);
    if (scored) this.#options.traffic.own.count(seconds, true);
  }

  #refuse(res: ServerResponse, thrown: unknown, caller: Caller, seconds?: number): void {
    const headers = caller.hop === undefined || seconds === undefined ? {} : timing(seconds);
    const error = answerError(res, thrown, { caller, close: this.#options.isDraining() }, headers);
    this.#options.metrics.countFailure(roleOf(caller), error, seconds);
    this.#options.log.failed(error, caller.requestId);
  }
}

/** Since the whole body was there. */
function secondsSince({ receivedMs }: PredictCall): number {
  return (performance.now() - receivedMs) / MILLISECONDS;
}

/** A pod does not know its role: who is asked by another pod is its candidate. */
function roleOf({ hop }: Caller): Role {
  return hop === undefined ? 'stable' : 'candidate';
}

/** What this pod's handler took, for the pod that asked. */
function timing(seconds: number): Readonly<Record<string, string>> {
  return { 'server-timing': serverTiming(seconds) };
}

/** The body as its protocol reads it, and how much memory that keeps alive. */
function plain(body: RequestBody, coding: Coding | undefined): Readonly<{ bytes: Buffer; heldBytes: number }> {
  const { heldBytes } = body;
  if (coding === undefined) return { bytes: body.take(), heldBytes };
  const bytes = decompress(body.take(), coding);
  // A short one is a piece of the chunk that zlib wrote to.
  return { bytes, heldBytes: Math.max(bytes.length, constants.Z_DEFAULT_CHUNK) };
}

/** Bytes that a request may take until its body is there and plain: a compressed body may have to be held twice. */
function reservation(declaredBytes: number | undefined, coding: Coding | undefined): number {
  const sent = declaredBytes ?? MAX_BODY_BYTES;
  return coding === undefined ? sent : sent + MAX_BODY_BYTES;
}
