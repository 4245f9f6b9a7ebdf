import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { CacheState } from './runtime/kind-cache.ts';

/** An answer to a probe, in words. */
export type Readiness = Readonly<{ ready: boolean; text: string }>;

/** What the probes ask. */
export type Health = Readonly<{
  /** Caches have the world, so decisions can be made; a standby is ready, too. */
  ready: () => Readiness;
  /** The watches hear from the API server. */
  alive: () => boolean;
}>;

/** Ready once every watched namespace is known; one without rights does not hold the others up, but is named. */
export function readinessOf(states: readonly Readonly<{ namespace: string; state: CacheState }>[]): Readiness {
  const named = (state: CacheState): string => states.filter((each) => each.state === state).map(({ namespace }) => namespace).join(', ');
  const waiting = named('Waiting');
  if (waiting !== '') return { ready: false, text: `caches are not synced yet: ${waiting}\n` };
  const refused = named('Refused');
  if (refused === '') return { ready: true, text: 'ok\n' };
  const ready = states.some(({ state }) => state === 'Synced');
  return { ready, text: `${ready ? 'ok, but ' : ''}rights are missing in: ${refused} (the log names them)\n` };
}

async function answer(path: string | undefined, response: ServerResponse, health: Health, registry: Registry): Promise<void> {
  const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };
  switch (path) {
    case '/healthz':
      return health.alive() ? text(200, 'ok\n') : text(503, 'a watch has not heard from the API server for too long\n');
    case '/readyz': {
      const { ready, text: body } = health.ready();
      return text(ready ? 200 : 503, body);
    }
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
