import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorBody } from '../../contracts/error-catalogue.ts';
import type { InferError } from '../../contracts/inference.ts';
import { HEADERS } from '../../contracts/names.ts';
import { answerCoding, compress, LEAST_COMPRESSED_BYTES } from './content-coding.ts';
import { requestIdOf } from './request-id.ts';

const RETRY_AFTER_S = 1;
/** Without a charset, which JSON has no use for (RFC 8259): the KServe client reads errors of exactly this type only. */
const JSON_TYPE = 'application/json';

/** How errors are told: ours, or as the Open Inference Protocol wants it. */
export type ErrorShape = 'V1' | 'V2';

/** Of a request what its answer needs. */
export type Caller = Readonly<{
  requestId: string;
  acceptEncoding: string | undefined;
  shape: ErrorShape;
  /** Another pod asks, for a caller of its own: the candidate hash that it takes this pod for. */
  hop: string | undefined;
}>;

/** What every answer of a pod carries beside its body. */
export type AnswerContext = Readonly<{
  caller: Caller;
  /** Whether the connection is to be closed after this answer (drain, or a body that will not be read). */
  close: boolean;
}>;

/** Who asks, and in which protocol: everything below /v2 is V2. */
export function callerOf(headers: IncomingHttpHeaders, url: string): Caller {
  const hop = headers[HEADERS.hop];
  return { requestId: requestIdOf(headers['x-request-id']), acceptEncoding: headers['accept-encoding'], shape: shapeOf(url), hop: typeof hop === 'string' ? hop : undefined };
}

/** The protocol that a path belongs to. */
export function shapeOf(url: string): ErrorShape {
  return /^\/v2(?:[/?]|$)/.test(url) ? 'V2' : 'V1';
}

/** Writes a body as the whole answer, JSON unless `headers` say otherwise. Does nothing when an answer has begun or the client is gone. */
export function answer(res: ServerResponse, status: number, body: string | Uint8Array, context: AnswerContext, headers: Readonly<Record<string, string>> = {}): void {
  if (res.headersSent || res.destroyed) return;
  const { caller, close } = context;
  const compressible = body.length >= LEAST_COMPRESSED_BYTES;
  const coding = compressible ? answerCoding(caller.acceptEncoding) : undefined;
  const sent = coding === undefined ? body : compress(body, coding);
  res.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(sent),
    'x-request-id': caller.requestId,
    ...headers,
    // Also where it is sent as it is: a cache must not give that to the next one who wants it compressed.
    ...(compressible ? { vary: 'accept-encoding' } : {}),
    ...(coding === undefined ? {} : { 'content-encoding': coding }),
    ...(close ? { connection: 'close' } : {}),
  });
  res.end(sent);
}

/** The error as clients see it. Anything that is not ours is `Internal`, and its message stays here. */
export function publicError(thrown: unknown): ChurnOpsError {
  if (thrown instanceof ChurnOpsError) return thrown;
  return new ChurnOpsError('Internal', 'The request failed for a reason that is in the logs of the pod.', { cause: thrown });
}

/** Body of an error answer: what is wrong, then what to do. */
export function errorBody(error: ChurnOpsError, shape: ErrorShape): ErrorBody | InferError {
  const message = `${error.message} ${error.action}`;
  if (shape === 'V2') return { error: message };
  return { error: { code: error.code, message, ...(error.details.length === 0 ? {} : { details: error.details }) } };
}

/** What HTTP wants beside a status: RFC 9110, 10.2.3 and 11.6.1. */
const STATUS_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  503: { 'retry-after': String(RETRY_AFTER_S) },
};

/** The one place that turns errors into HTTP answers. */
export function answerError(res: ServerResponse, thrown: unknown, context: AnswerContext, headers: Readonly<Record<string, string>> = {}): ChurnOpsError {
  const error = publicError(thrown);
  const extra = { ...STATUS_HEADERS[error.status], ...headers };
  answer(res, error.status, JSON.stringify(errorBody(error, context.caller.shape)), context, extra);
  return error;
}
