import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Server as TcpServer, Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach } from '@jest/globals';

/** What a candidate of a test was sent. */
export type Received = Readonly<{ url: string; headers: IncomingHttpHeaders; body: string }>;

/** A real server in place of the candidate. `host` is 127.0.0.x, which all are this machine. */
export type CandidateServer = Readonly<{ host: string; port: number; received: readonly Received[]; connections: () => number; stop: () => Promise<void> }>;

type Answer = (res: ServerResponse, received: Received, req: IncomingMessage) => void;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listening(server: Server | TcpServer, host: string, port: number): Promise<Omit<CandidateServer, 'received'>> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  stops.push(stop);
  return { host, port: address.port, connections: () => connections, stop };
}

/** A candidate that speaks HTTP. */
export async function httpCandidate(answer: Answer, { host = '127.0.0.1', port = 0 } = {}): Promise<CandidateServer> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    req.on('end', () => {
      const one = { url: req.url ?? '', headers: req.headers, body };
      received.push(one);
      answer(res, one, req);
    });
  });
  return { ...(await listening(server, host, port)), received };
}

/** A candidate that does not: what comes is given to `talk`. */
export async function tcpCandidate(talk: (socket: Socket) => void, { host = '127.0.0.1', port = 0 } = {}): Promise<CandidateServer> {
  const server = createTcpServer((socket) => {
    socket.on('data', () => undefined);
    talk(socket);
  });
  return { ...(await listening(server, host, port)), received: [] };
}

/** Whether a body holds rows, and how many. */
export function rowsOf(body: string): readonly Readonly<Record<string, unknown>>[] {
  const json: unknown = JSON.parse(body);
  const instances: unknown = Reflect.get(Object(json), 'instances');
  if (!Array.isArray(instances)) throw new TypeError('no instances');
  return instances.map((instance: unknown) => ({ ...Object(instance) }));
}

/** The answer of a candidate whose version is v2: `score` of each row. */
export function scored(received: Received, score: (row: Readonly<Record<string, unknown>>) => number, version = 'v2'): string {
  const predictions = rowsOf(received.body).map((row) => ({ id: 'its-own', probability: score(row), decision: score(row) >= 0.5, label: score(row) >= 0.5 ? 'leaves' : 'stays', version, role: 'stable' }));
  return JSON.stringify({ predictions, model: { name: 'tiny-churn', version } });
}

/** Answers each row with the same score, and tells a handler time of 2.5 ms. */
export function scores(probability = 0.9): Answer {
  return (res, received) => {
    res.writeHead(200, { 'content-type': 'application/json', 'server-timing': 'handler;dur=2.5' }).end(scored(received, () => probability));
  };
}
