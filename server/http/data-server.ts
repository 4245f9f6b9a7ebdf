import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { errorBody, shapeOf } from './answers.ts';
import { CONNECTION } from './limits.ts';

/**
 * Handles one request to completion. Must not throw.
 * @param pipelined requests of the connection that have no whole answer yet, this one included
 */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse, pipelined: number) => void;

/** Connection limits that tests shorten. */
export type ConnectionLimits = Readonly<{ [Name in keyof typeof CONNECTION]: number }>;

/** Told of every answer that no handler gave: to what is no HTTP, or came too slowly. */
export type BrokenListener = (code: ErrorCode, status: number) => void;

type Awaited = { last: ServerResponse; count: number };

/** A node:http server with our limits, which answers broken HTTP in the error shape and never lets it reach the process. */
export function createHttpServer(handler: RequestHandler, limits: ConnectionLimits = CONNECTION, broken: BrokenListener = () => undefined): Server {
  const awaited = new WeakMap<Duplex, Awaited>();
  const server = createServer(
    {
      keepAliveTimeout: limits.keepAliveMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      maxHeaderSize: limits.maxHeaderBytes,
      noDelay: true,
    },
    (req, res) => {
      const found = awaited.get(req.socket) ?? { last: res, count: 0 };
      found.last = res;
      found.count += 1;
      awaited.set(req.socket, found);
      res.once('close', () => {
        found.count -= 1;
      });
      handler(req, res, found.count);
    },
  );
  server.maxConnections = limits.maxConnections;
  server.timeout = limits.silenceMs;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerBrokenHttp(error, socket, awaited.get(socket)?.last, broken));
  return server;
}

const STATUS_TEXT = { 400: 'Bad Request', 408: 'Request Timeout' } as const;

/**
 * Answers what is not HTTP, or too slow. Where the connection still owes an answer to a whole request, a second one could be taken
 * for it, so the connection is only closed.
 */
function answerBrokenHttp(error: NodeJS.ErrnoException, socket: Duplex, last: ServerResponse | undefined, broken: BrokenListener): void {
  const owesAnswer = last !== undefined && !last.writableFinished && last.req.complete;
  if (error.code === 'ECONNRESET' || !socket.writable || owesAnswer || last?.headersSent === true && !last.writableFinished) {
    socket.destroy();
    return;
  }
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const code: ErrorCode = timedOut ? 'RequestTimeout' : 'InvalidRequest';
  const body = JSON.stringify(errorBody(new ChurnOpsError(code, brokenMessage(error.code, timedOut)), shapeOf(last?.req.url ?? '')));
  const status = timedOut ? 408 : 400;
  broken(code, status);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function brokenMessage(code: string | undefined, timedOut: boolean): string {
  if (timedOut) return 'The request did not arrive in time.';
  return code === 'HPE_HEADER_OVERFLOW' ? `The headers have more than ${CONNECTION.maxHeaderBytes} bytes.` : 'This is no HTTP/1.1 request.';
}
