/**
 * Stands before a real candidate and spoils its answers, one way a port. `fork`ed with the candidate's port; prints its ports by fault, and takes
 * `{"port": n, "fault": "Healthy"}` messages: the candidate behind that port is well again.
 */
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { FAULTS, type Fault } from './faults.ts';

const [candidatePort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true });
const Change = z.object({ port: z.int(), fault: z.enum(FAULTS) });
const SLOWER = 3;
const GARBAGE_BYTES = 300;
/** Gives the server at a port another fault. */
const changes = new Map<number, (fault: Fault) => void>();

type Answer = Readonly<{ status: number; body: Buffer; headers: Readonly<Record<string, string>>; tookMs: number }>;

/** What the real candidate says. */
async function ask(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const outgoing = request({ host: '127.0.0.1', port: candidatePort, path: incoming.url, method: incoming.method, headers, agent }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => {
        const timing = res.headers['server-timing'];
        resolve({ status: res.statusCode ?? 0, body: Buffer.concat(chunks), headers: { 'content-type': 'application/json', ...(typeof timing === 'string' ? { 'server-timing': timing } : {}) }, tookMs: performance.now() - startedMs });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function send(res: ServerResponse, status: number, body: Buffer | string, headers: Answer['headers'] = { 'content-type': 'application/json' }): void {
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  res.end(body);
}

/** The answer with every prediction changed. */
function changed({ body }: Answer, change: (prediction: Record<string, unknown>) => unknown): string {
  const answer = z.looseObject({ predictions: z.array(z.record(z.string(), z.unknown())) }).parse(JSON.parse(body.toString('utf8')));
  return JSON.stringify({ ...answer, predictions: answer.predictions.flatMap((prediction) => change(prediction) ?? []) });
}

async function spoil(fault: Fault, req: IncomingMessage, res: ServerResponse, body: Buffer): Promise<void> {
  switch (fault) {
    case 'Hangs':
      return;
    case 'Refuses':
      return void req.socket.destroy();
    case 'Denies':
      return send(res, 422, '{"error":{"code":"InvalidRow","message":"no"}}');
    case 'Fails':
      return send(res, 500, '{"error":{"code":"Internal","message":"no"}}');
    case 'Garbage':
      return send(res, 200, randomBytes(GARBAGE_BYTES));
    case 'NoHttp':
      return void req.socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    case 'EndlessAnswer':
      res.writeHead(200, { 'content-type': 'application/json' });
      return goOn(res);
    default: {
      const answer = await ask(req, body);
      return spoilAnswer(fault, res, answer);
    }
  }
}

type Spoiled = Exclude<Fault, 'Hangs' | 'Refuses' | 'Denies' | 'Fails' | 'Garbage' | 'NoHttp' | 'EndlessAnswer'>;

function spoilAnswer(fault: Spoiled, res: ServerResponse, answer: Answer): void {
  switch (fault) {
    case 'Healthy':
      return send(res, answer.status, answer.body, answer.headers);
    case 'Slow':
      return void setTimeout(() => send(res, answer.status, answer.body, answer.headers), (SLOWER - 1) * answer.tookMs);
    case 'HalfAnswer':
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.body.length });
      res.write(answer.body.subarray(0, answer.body.length / 2), () => res.destroy());
      return;
    case 'OtherVersion':
      return send(res, 200, changed(answer, (prediction) => ({ ...prediction, version: 'another' })));
    case 'NoProbability':
      return send(res, 200, changed(answer, (prediction) => ({ ...prediction, probability: 1.5 })));
    case 'TooFewRows':
      return send(res, 200, changed(answer, () => undefined));
  }
}

function goOn(res: ServerResponse): void {
  if (res.destroyed) return;
  res.write('{"predictions":[', () => setTimeout(() => goOn(res), 5));
}

/** A server with one fault, until it is told another. */
async function listen(initial: Fault): Promise<number> {
  let fault = initial;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => void spoil(fault, req, res, Buffer.concat(chunks)).catch(() => res.destroy()));
  });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    if (fault === 'Refuses') socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server that listens has a port');
  const { port } = address;
  changes.set(port, (other) => (fault = other));
  return port;
}

process.on('message', (message: unknown) => {
  const { port, fault } = Change.parse(message);
  changes.get(port)?.(fault);
});
const ports = await Promise.all(FAULTS.map(async (fault) => [fault, await listen(fault)] as const));
process.once('disconnect', () => process.exit(0));
process.send?.(Object.fromEntries(ports));
