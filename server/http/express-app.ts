import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { answerError, answerJson } from './answers.ts';
import { requestIdOf } from './request-id.ts';

/** An answer of a route: JSON, or text of another type. */
export type Reply = Readonly<{ status: number; json: unknown } | { status: number; text: string; contentType: string }>;

/** One GET route. `reply` may throw ChurnOpsError. */
export type Route = Readonly<{
  /** As Express reads it: `/v1/models/:name`. */
  path: string;
  /** A sentence for openapi.json. */
  summary: string;
  reply: (params: Readonly<Record<string, string>>, method: string) => Reply | Promise<Reply>;
}>;

/** Where errors of routes that are not the caller's fault are told. */
export type AppOptions = Readonly<{ isDraining: () => boolean; failed: (error: ChurnOpsError, requestId: string) => void }>;

const ALLOWED = 'GET, HEAD';

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
      const reply = await route.reply(plainParams(req.params), req.method);
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        fail(req, res, options, new ChurnOpsError('MethodNotAllowed', `${req.method} is not possible here.`), { allow: ALLOWED });
        return;
      }
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

/** Thrown by a route that is there for another method only. */
export class WrongMethod extends ChurnOpsError {
  readonly allow: string;

  constructor(allow: string) {
    super('MethodNotAllowed', `Only ${allow} is possible here.`);
    this.allow = allow;
  }
}

function plainParams(params: Request['params']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

function isBadPath(thrown: unknown): boolean {
  return thrown instanceof URIError || (thrown instanceof Error && 'status' in thrown && thrown.status === 400);
}

function send(req: Request, res: Response, options: AppOptions, reply: Reply): void {
  const context = { requestId: requestIdOf(req.headers['x-request-id']), close: options.isDraining() };
  if ('json' in reply) answerJson(res, reply.status, JSON.stringify(reply.json), context, { 'cache-control': 'no-store' });
  else answerJson(res, reply.status, reply.text, context, { 'content-type': reply.contentType, 'cache-control': 'no-store' });
}

function fail(req: Request, res: Response, options: AppOptions, thrown: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const requestId = requestIdOf(req.headers['x-request-id']);
  const error = answerError(res, thrown, { requestId, close: options.isDraining() }, headers);
  if (error.status >= 500) options.failed(error, requestId);
}
