import type { ServerResponse } from 'node:http';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorBody } from '../../contracts/error-catalogue.ts';

const RETRY_AFTER_S = 1;

/** What every answer of a pod carries beside its body. */
export type AnswerContext = Readonly<{
  requestId: string;
  /** Whether the connection is to be closed after this answer (drain, or a body that will not be read). */
  close: boolean;
}>;

/** Writes a JSON text as the whole answer. Does nothing when an answer has begun or the client is gone. */
export function answerJson(res: ServerResponse, status: number, body: string, context: AnswerContext, headers: Readonly<Record<string, string>> = {}): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': context.requestId,
    ...headers,
    ...(context.close ? { connection: 'close' } : {}),
  });
  res.end(body);
}

/** The error as clients see it. Anything that is not ours is `Internal`, and its message stays here. */
export function publicError(thrown: unknown): ChurnOpsError {
  if (thrown instanceof ChurnOpsError) return thrown;
  return new ChurnOpsError('Internal', 'The request failed for a reason that is in the logs of the pod.', { cause: thrown });
}

/** Body of an error answer: what is wrong, then what to do. */
export function errorBody(error: ChurnOpsError): ErrorBody {
  const message = `${error.message} ${error.action}`;
  return { error: { code: error.code, message, ...(error.details.length === 0 ? {} : { details: error.details }) } };
}

/** The one place that turns errors into HTTP answers. */
export function answerError(res: ServerResponse, thrown: unknown, context: AnswerContext, headers: Readonly<Record<string, string>> = {}): ChurnOpsError {
  const error = publicError(thrown);
  const extra = error.status === 503 ? { 'retry-after': String(RETRY_AFTER_S), ...headers } : headers;
  answerJson(res, error.status, JSON.stringify(errorBody(error)), context, extra);
  return error;
}
