import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

/** What the probes ask. */
export type Health = Readonly<{
  /** Caches have the world, so decisions can be made. */
  ready: () => boolean;
  /** The watches hear from the API server. */
  alive: () => boolean;
}>;

async function answer(path: string | undefined, response: ServerResponse, health: Health, registry: Registry): Promise<void> {
  const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };
  switch (path) {
    case '/healthz':
      return health.alive() ? text(200, 'ok\n') : text(503, 'a watch has not heard from the API server for too long\n');
    case '/readyz':
      return health.ready() ? text(200, 'ok\n') : text(503, 'caches are not synced yet\n');
    case '/metrics':
      return text(200, await registry.metrics(), registry.contentType);
    default:
      return text(404, 'there is /healthz, /readyz and /metrics\n');
  }
}

/** Serves /healthz, /readyz and /metrics. */
export function healthServer(health: Health, registry: Registry): Server {
  return createServer((request, response) => {
    answer(request.url, response, health, registry).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
}
