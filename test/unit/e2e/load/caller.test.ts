import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Caller } from '../../../e2e/load/caller.ts';

let server: Server | undefined;
const callers: Caller[] = [];

afterEach(async () => {
  for (const caller of callers.splice(0)) caller.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** A server on a port of its own, and a caller of it. */
async function connected(answer: (body: string) => string | undefined, timeoutMs = 2000): Promise<{ caller: Caller; connections: () => number }> {
  let connections = 0;
  const started = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    req.on('end', () => {
      const text = answer(body);
      if (text === undefined) return;
      if (text === 'cut') res.socket?.destroy();
      else res.end(text);
    });
  });
  started.on('connection', () => (connections += 1));
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const caller = new Caller({ url: `http://127.0.0.1:${address.port}/`, keptConnections: 2, timeoutMs });
  callers.push(caller);
  return { caller, connections: () => connections };
}

test('kept calls share connections, fresh ones have their own', async () => {
  const { caller, connections } = await connected((body) => body.toUpperCase());
  for (let call = 0; call < 6; call += 1) expect(await caller.call('Kept', 'a')).toEqual({ status: 200, text: 'A' });
  expect(connections()).toBe(2);
  for (let call = 0; call < 3; call += 1) expect(await caller.call('Fresh', 'b')).toEqual({ status: 200, text: 'B' });
  expect(connections()).toBe(5);
});

test('an answer that does not come in time is a failure', async () => {
  const { caller } = await connected(() => undefined, 50);
  expect(await caller.call('Fresh', 'a')).toEqual({ error: 'no answer within 50 ms', connectionBroke: false });
});

test.each(['Kept', 'Fresh'] as const)('a %s connection that breaks is a failure, and not tried again', async (connection) => {
  const bodies: string[] = [];
  const { caller } = await connected((body) => {
    bodies.push(body);
    return 'cut';
  });
  expect(await caller.call(connection, 'a')).toEqual({ error: 'ECONNRESET: socket hang up', connectionBroke: true });
  expect(bodies).toEqual(['a']);
});

test('nobody listens', async () => {
  const { caller } = await connected(() => 'x');
  await new Promise((resolve) => server?.close(resolve));
  expect(await caller.call('Fresh', 'a')).toEqual({ error: expect.stringMatching(/^ECONNREFUSED: /), connectionBroke: true });
});
