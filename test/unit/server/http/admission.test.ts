/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import type { ColumnBatch, Engine } from '../../../../server/engine/engine.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { ADMISSION, CONNECTION } from '../../../../server/http/limits.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort, DataPortOptions } from '../../../../server/serving/data-port.ts';
import { keptLogger, tinyCard, tinyGraph } from '../tiny-package.ts';
import { BODY, good, HEAD, hold, model, one, PREDICT, raw, rows } from './data-port-rig.ts';
import { until } from '../../until.ts';

const agent = new Agent();
const opened: DataPort[] = [];
let onnx: OnnxEngine;
let data: DataPort;
let engine: Engine;

async function open(options: Partial<DataPortOptions> = {}): Promise<number> {
  const switching: Engine = { name: 'onnx', score: async (batch) => engine.score(batch), close: async () => undefined };
  data = createDataPort({ model: model(), engine: switching, registry: new Registry(), logger: keptLogger().logger, state: () => 'Ready', ...options });
  opened.push(data);
  return listen(data.server, 0, '127.0.0.1');
}

beforeAll(async () => {
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
});
beforeEach(() => {
  engine = onnx;
});
afterAll(async () => {
  await agent.destroy();
  for (const { server } of opened) await closeGracefully(server, 0);
  await onnx.close();
});

async function send(path: string, { body, to }: Readonly<{ body: string; to: number }>) {
  const answer = await request(`http://127.0.0.1:${to}${path}`, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return { status: answer.statusCode, headers: answer.headers, json: await answer.body.json() };
}

/** An engine that scores nothing until it is let go. */
function held(): Readonly<{ engine: Engine; calls: () => number; letGo: () => void }> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let calls = 0;
  const score = async (batch: ColumnBatch): Promise<Float64Array> => {
    calls += 1;
    await promise;
    return onnx.score(batch);
  };
  return { engine: { name: 'onnx', score, close: async () => undefined }, calls: () => calls, letGo: () => resolve(undefined) };
}

const MIB = 1024 * 1024;
test.each([
  { name: 'declared', head: `content-length: ${MIB}` },
  { name: 'in chunks', head: 'transfer-encoding: chunked' },
])('bytes $name are reserved at the head, and given back at the end', async ({ head }) => {
  const small = await open({ admission: { ...ADMISSION, maxBytesInFlight: 2 * MIB + 1000 } });
  const sockets = [hold(small, `${HEAD}${head}\r\n\r\n`), hold(small, `${HEAD}${head}\r\n\r\n`)];
  await until(() => data.inFlight() >= 2);
  const refused = await send(PREDICT, { body: ' '.repeat(1001), to: small });
  expect(refused).toMatchObject({ status: 503, json: { error: { code: 'Overloaded', message: expect.stringContaining('memory') } } });
  expect(refused.headers['retry-after']).toBe('1');
  expect((await send(PREDICT, { body: BODY, to: small })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await until(() => data.inFlight() === 0);
  expect((await send(PREDICT, { body: ' '.repeat(MIB), to: small })).status).toBe(400);
});

test('until the answer is gone a body counts with the memory that it holds, which is more than its length where that was not declared', async () => {
  const slow = held();
  ({ engine } = slow);
  const small = await open({ admission: { ...ADMISSION, maxBytesInFlight: 2 * MIB - 1 } });
  // In chunks of 1 KiB the buffer doubles from 4 KiB to the whole MiB.
  const chunks = Array.from({ length: 520 }, () => `400\r\n${' '.repeat(1024)}\r\n`).join('');
  const socket = hold(small, `${HEAD}transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n${chunks}0\r\n\r\n`);
  await until(() => slow.calls() > 0);
  expect((await send(PREDICT, { body: ' '.repeat(MIB), to: small })).status).toBe(503);
  slow.letGo();
  await until(() => data.inFlight() === 0);
  expect((await send(PREDICT, { body: ' '.repeat(MIB), to: small })).status).toBe(400);
  socket.destroy();
});

test('beyond the rows that wait: 503 with Retry-After, and room again afterwards', async () => {
  const small = await open({ admission: { ...ADMISSION, maxRowsWaiting: 10 } });
  const slow = held();
  ({ engine } = slow);
  const first = send(PREDICT, { body: rows(8), to: small });
  await until(() => slow.calls() > 0);
  const refused = await send(PREDICT, { body: rows(3), to: small });
  expect(refused).toMatchObject({ status: 503, json: { error: { code: 'Overloaded', message: expect.stringContaining('10 rows') } } });
  expect(refused.headers['retry-after']).toBe('1');
  const second = send(PREDICT, { body: rows(2), to: small });
  slow.letGo();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect((await send(PREDICT, { body: rows(11), to: small })).status).toBe(200);
});

test('of one connection only so many requests wait; the rest is refused, in order', async () => {
  const slow = held();
  ({ engine } = slow);
  const pipe = await open({ connection: { ...CONNECTION, maxPipelined: 2 } });
  const answer = raw(one('a', false) + one('b', false) + one('c', false) + one('d', true), pipe);
  await until(() => slow.calls() > 0);
  slow.letGo();
  expect([...(await answer).matchAll(/HTTP\/1.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '200', '503', '503']);
});

/** Asks for much more than socket buffers hold and reads none of it. */
async function notReading(silenceMs: number): Promise<Socket> {
  const wordy = { ...model(), card: { ...tinyCard, labels: { column: 'Churn', negative: 'n'.repeat(4000), positive: 'p'.repeat(4000) } } };
  const to = await open({ model: wordy, connection: { ...CONNECTION, silenceMs } });
  const body = rows(1024);
  const socket = hold(to, `${HEAD}content-length: ${body.length}\r\n\r\n${body}`.repeat(8));
  socket.pause();
  await until(() => data.inFlight() > 0);
  return socket;
}

test('who does not read the answer loses the connection, and the slots are free', async () => {
  const socket = await notReading(200);
  await until(() => data.inFlight() === 0);
  socket.destroy();
});

test('who does not read the answer does not hold a drain beyond its grace', async () => {
  const socket = await notReading(60_000);
  const begun = performance.now();
  expect(await closeGracefully(data.server, 200)).toBe('Cut');
  expect(performance.now() - begun).toBeLessThan(2000);
  socket.destroy();
});

test('beyond the requests in flight: 503 with Retry-After, and room again afterwards', async () => {
  const small = await open({ admission: { ...ADMISSION, maxInFlight: 2 } });
  const sockets = [1, 2].map(() => hold(small, `${HEAD}content-length: 100\r\n\r\n{`));
  await until(() => data.inFlight() >= 2);
  const body = JSON.stringify({ instances: [good] });
  const refused = await send(PREDICT, { body, to: small });
  expect(refused).toMatchObject({ status: 503, json: { error: { code: 'Overloaded' } } });
  expect(refused.headers['retry-after']).toBe('1');
  for (const socket of sockets) socket.destroy();
  await until(() => data.inFlight() === 0);
  expect((await send(PREDICT, { body, to: small })).status).toBe(200);
});
