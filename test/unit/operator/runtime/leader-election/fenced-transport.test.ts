import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Fence } from '../../../../../operator/runtime/leader-election/fence.ts';
import { fencedTransport } from '../../../../../operator/runtime/leader-election/fenced-transport.ts';
import type { ApiRequest, Transport } from '../../../../../operator/runtime/transport.ts';
import { ScriptedServer, answer } from '../scripted-server.ts';

const never = new AbortController().signal;
const read: ApiRequest = { verb: 'get', method: 'GET', path: '/api/v1/namespaces/n/services/s' };
const write: ApiRequest = { verb: 'patch', method: 'PATCH', path: '/api/v1/namespaces/n/services/s', query: { fieldManager: 'm' }, contentType: 'application/merge-patch+json', body: '{"a":"ö"}' };

let monotonicMs = 0;
let wallMs = 0;
let server: ScriptedServer;
let fence: Fence;
let transport: Transport;

beforeEach(async () => {
  server = new ScriptedServer();
  server.handler = (_request, response) => answer(response, 200, {});
  fence = new Fence({ clocks: { monotonicMs: () => monotonicMs, wallMs: () => wallMs }, openForMs: 10_000 });
  transport = fencedTransport(await server.start(), fence, { writeTimeoutMs: 4_000 });
});
afterEach(async () => server.stop());

test('who does not lead reads, and writes nothing', async () => {
  expect((await transport.send(read, never)).status).toBe(200);
  await expect(transport.send(write, never)).rejects.toMatchObject({ code: 'Fenced', retryable: false, message: expect.stringContaining('PATCH /api/v1/namespaces/n/services/s') });
  expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
});

test('a leader\'s write leaves whole, and tells the API server how long it may take', async () => {
  fence.open({ monotonicMs, wallMs });
  expect((await transport.send(write, never)).status).toBe(200);
  const seen = server.requests[0];
  expect({ body: seen?.body, length: seen?.headers['content-length'], query: Object.fromEntries(seen?.url.searchParams ?? []) }).toEqual({ body: '{"a":"ö"}', length: '10', query: { fieldManager: 'm', timeout: '4000ms' } });
});

test.each<{ name: string; pass: () => void }>([
  { name: 'the monotonic clock', pass: () => (monotonicMs += 10_000) },
  { name: 'the wall clock alone: the machine slept', pass: () => (wallMs += 10_000) },
  { name: 'the monotonic clock, though somebody set the wall clock back', pass: () => {
    monotonicMs += 10_000;
    wallMs -= 3_600_000;
  } },
])('it shuts by $name', async ({ pass }) => {
  fence.open({ monotonicMs, wallMs });
  pass();
  await expect(transport.send(write, never)).rejects.toMatchObject({ code: 'Fenced' });
});

test('a write whose body has not left when the fence shuts never arrives, though it was let through before', async () => {
  fence.open({ monotonicMs, wallMs });
  let looks = 0;
  const late = fencedTransport({ ...transport, send: async (request, signal) => inner(request, signal) }, fence, { writeTimeoutMs: 4_000 });
  const connection = await serverConnection();
  async function inner(request: ApiRequest, signal: AbortSignal): ReturnType<Transport['send']> {
    const { lastLook } = request;
    return connection.send({ ...request, lastLook: () => {
      looks += 1;
      monotonicMs += 10_000;
      lastLook?.();
    } }, signal);
  }
  await expect(late.send(write, never)).rejects.toMatchObject({ code: 'Fenced' });
  expect({ looks, arrived: server.requests.length, uncertainForMs: fence.uncertainForMs }).toEqual({ looks: 1, arrived: 0, uncertainForMs: 0 });
});

test('a write without an answer leaves it uncertain, for as long as the API server may work on it', async () => {
  fence.open({ monotonicMs, wallMs });
  server.handler = (_request, response) => response.socket?.destroy();
  await expect(transport.send(write, never)).rejects.toMatchObject({ code: 'Unavailable' });
  expect(fence.uncertainForMs).toBe(5_000);
  monotonicMs += 5_000;
  expect(fence.uncertainForMs).toBe(0);
});

/** The transport beneath, as the server gave it. */
async function serverConnection(): Promise<Transport> {
  const other = new ScriptedServer();
  await server.stop();
  server = other;
  other.handler = (_request, response) => answer(response, 200, {});
  return other.start();
}
