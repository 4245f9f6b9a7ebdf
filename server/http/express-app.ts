import type { IncomingHttpHeaders } from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { answer, answerError, callerOf } from './answers.ts';
import type { AnswerName } from './openapi-schemas.ts';
import { readBody } from './read-body.ts';

/** An answer of a route: JSON, or text of another type. */
export type Reply = Readonly<{ status: number; json: unknown } | { status: number; text: string; contentType: string }>;

/** What a route may ask of its request. */
export type RouteRequest = Readonly<{
  headers: IncomingHttpHeaders;
  /** The plain body, at most MAX_BODY_BYTES. @throws ChurnOpsError as readBody */
  readBody: () => Promise<Buffer>;
}>;

/** One route. `reply` may throw ChurnOpsError; a request's body is read only where it asks for it. */
export type Route = Readonly<{
  /** GET (and HEAD) where it is missing. */
  method?: 'POST';
  /** As Express reads it: `/v1/models/:name`. */
  path: string;
  /** A sentence: what it gives. */
  summary: string;
  /** How openapi.json names it, and the schema of its answer there; left out of it where this is missing. */
  operation?: Readonly<{ id: string; answer: AnswerName }>;
  reply: (params: Readonly<Record<string, string>>, method: string, request: RouteRequest) => Reply | Promise<Reply>;
}>;

const READING: readonly string[] = ['GET', 'HEAD'];

/** What was asked for in vain; `url` as it was sent. */
export type FailedRequest = Readonly<{ requestId: string; method: string; url: string }>;

/** `failed` is told of every error answer, the caller's fault or not. */
export type AppOptions = Readonly<{ isDraining: () => boolean; failed: (error: ChurnOpsError, request: FailedRequest) => void }>;

/**
 * An Express application over a flat route table; unknown paths, wrong methods and thrown errors get the one error shape.
 * Only for what is not hot: Express changes the prototype of every request (reference/serving.md 3.2).
 */
export function createApp(routes: readonly Route[], options: AppOptions): Express {
  const app = express();
  app.set('etag', false);
  app.disable('x-powered-by');
  for (const route of routes) {
    app.all(route.path, async (req, res) => {
      const reply = await route.reply(plainParams(req.params), req.method, { headers: req.headers, readBody: () => readBody(req) });
      const allowed = route.method === undefined ? READING : [route.method];
      if (!allowed.includes(req.method)) throw new WrongMethod(allowed);
      send(req, res, options, reply);
    });
  }
  app.use((req, res) => fail(req, res, options, new ChurnOpsError('NotFound', 'There is nothing at this path.')));
  const onError: ErrorRequestHandler = (thrown: unknown, req, res, _next) => {
    const allow = thrown instanceof WrongMethod ? { allow: thrown.allow } : {};
    fail(req, res, options, isBadPath(thrown) ? new ChurnOpsError('NotFound', 'The path is not well encoded.') : thrown, allow);
  };
  app.use(onError);
  return app;
}

/** Thrown by a route that is there for other methods only. */
export class WrongMethod extends ChurnOpsError {
  readonly allow: string;

  constructor(allowed: readonly string[]) {
    super('MethodNotAllowed', `Only ${allowed.join(' and ')} ${allowed.length === 1 ? 'is' : 'are'} possible here.`);
    this.allow = allowed.join(', ');
  }
}

function plainParams(params: Request['params']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

function isBadPath(thrown: unknown): boolean {
  return thrown instanceof URIError || (thrown instanceof Error && !(thrown instanceof ChurnOpsError) && 'status' in thrown && thrown.status === 400);
}

function send(req: Request, res: Response, options: AppOptions, reply: Reply): void {
  const context = { caller: callerOf(req.headers, req.originalUrl), close: options.isDraining() };
  const headers = { 'cache-control': 'no-store' };
  if ('json' in reply) answer(res, reply.status, JSON.stringify(reply.json), context, headers);
  else answer(res, reply.status, reply.text, context, { ...headers, 'content-type': reply.contentType });
}

function fail(req: Request, res: Response, options: AppOptions, thrown: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const caller = callerOf(req.headers, req.originalUrl);
  const error = answerError(res, thrown, { caller, close: options.isDraining() }, headers);
  options.failed(error, { requestId: caller.requestId, method: req.method, url: req.originalUrl });
}
