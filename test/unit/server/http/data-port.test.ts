/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import type { ColumnBatch, Engine } from '../../../../server/engine/engine.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { ADMISSION, CONNECTION } from '../../../../server/http/limits.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort, DataPortOptions } from '../../../../server/serving/data-port.ts';
import type { ServingState } from '../../../../server/serving/serving-model.ts';
import { keptLogger, tinyCard, tinyFile, tinyGraph, tinyHash } from '../tiny-package.ts';

const good = { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month', customerID: '7590-VHVEG' };
const PREDICT = '/v1/models/tiny-churn:predict';
const { logger, lines } = keptLogger();
const agent = new Agent({ connections: 64 });
let onnx: OnnxEngine;
let data: DataPort;
let port: number;
let state: ServingState = 'Ready';
let engine: Engine;
const opened: DataPort[] = [];

function model() {
  return { namespace: 'retention', name: 'tiny-churn', version: 'v1', hash: tinyHash, digest: tinyFile.digest, threshold: 0.42, engine: 'onnx', card: tinyCard } as const;
}

async function open(options: Partial<DataPortOptions> = {}): Promise<number> {
  const switching: Engine = { name: 'onnx', score: async (batch) => engine.score(batch), close: async () => undefined };
  data = createDataPort({ model: model(), engine: switching, registry: new Registry(), logger, state: () => state, ...options });
  opened.push(data);
  return listen(data.server, 0, '127.0.0.1');
}

beforeAll(async () => {
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
  port = await open({ connection: { ...CONNECTION, requestMs: 300, headersMs: 300, checkEveryMs: 50 } });
});

beforeEach(() => {
  engine = onnx;
  state = 'Ready';
});

afterAll(async () => {
  await agent.destroy();
  for (const { server } of opened) await closeGracefully(server, 0);
  await onnx.close();
});

type Sent = Readonly<{ method?: string; headers?: Record<string, string>; body?: string | Buffer; to?: number }>;

async function send(path: string, { method = 'POST', headers = {}, body = '', to = port }: Sent = {}) {
  const given = method === 'POST' ? { 'content-type': 'application/json', ...headers } : headers;
  const answer = await request(`http://127.0.0.1:${to}${path}`, { dispatcher: agent, method, headers: given, ...(method === 'POST' ? { body } : {}) });
  const text = await answer.body.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: answer.statusCode, headers: answer.headers, json, text };
}

async function predict(...instances: readonly unknown[]) {
  return send(PREDICT, { body: JSON.stringify({ instances }) });
}

function numbersOf(batch: ColumnBatch): readonly number[] {
  const [first] = batch.columns;
  return first instanceof Float32Array ? [...first] : [];
}

async function raw(text: string, to = port): Promise<string> {
  const socket = connect(to, '127.0.0.1');
  socket.on('error', () => undefined);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => (received += chunk));
  socket.write(text);
  await once(socket, 'close');
  return received;
}

test('answers one prediction per instance, in order, as the contract says', async () => {
  const { status, json } = await predict(good, { ...good, tenure: 70, Contract: 'Two year' }, { ...good, tenure: null });
  expect(status).toBe(200);
  const { predictions, model: named } = PredictResponse.parse(json);
  expect(named).toEqual({ name: 'tiny-churn', version: 'v1' });
  expect(predictions.map(({ decision, label, role }) => ({ decision, label, role }))).toEqual([
    { decision: true, label: 'Yes', role: 'stable' },
    { decision: false, label: 'No', role: 'stable' },
    { decision: true, label: 'Yes', role: 'stable' },
  ]);
  expect(predictions[0]?.probability).toBeCloseTo(1 / (1 + Math.exp(-(3 * -0.04 + 70.5 * 0.02 + 1.1 - 0.6))), 5);
  expect(new Set(predictions.map(({ id }) => id)).size).toBe(3);
});

test.each<{ name: string; path?: string; sent: Sent; status: number; code: string; message?: string }>([
  { name: 'no JSON', sent: { body: '{"instances":[{"tenure":secret' }, status: 400, code: 'InvalidJson', message: 'The body is not JSON.' },
  { name: 'a comma too many', sent: { body: '{"a":1,}' }, status: 400, code: 'InvalidJson', message: 'The body is not JSON (at character 7).' },
  { name: 'empty body', sent: {}, status: 400, code: 'InvalidJson', message: 'The body is empty.' },
  { name: 'no UTF-8', sent: { body: Buffer.from([0x22, 0xff, 0x22]) }, status: 400, code: 'InvalidJson', message: 'The body is not UTF-8.' },
  { name: 'an array', sent: { body: '[]' }, status: 400, code: 'InvalidRequest', message: 'The body is an array.' },
  { name: 'no instances', sent: { body: '{"__proto__":{"instances":[{}]}}' }, status: 400, code: 'InvalidRequest', message: '"instances" is nothing.' },
  { name: 'no rows', sent: { body: '{"instances":[]}' }, status: 400, code: 'InvalidRequest', message: '"instances" is empty.' },
  { name: '1,025 rows', sent: { body: `{"instances":[{}${',{}'.repeat(1024)}]}` }, status: 413, code: 'TooManyRows' },
  { name: 'a wrong value', sent: { body: '{"instances":[{"tenure":"3"}]}' }, status: 422, code: 'InvalidInstance', message: 'One value is wrong.' },
  { name: 'deep nesting', sent: { body: `{"instances":${'['.repeat(200_000)}${']'.repeat(200_000)}}` }, status: 422, code: 'InvalidInstance' },
  { name: 'a megabyte and a byte', sent: { body: 'x'.repeat(1024 * 1024 + 1) }, status: 413, code: 'BodyTooLarge' },
  { name: 'gzip', sent: { headers: { 'content-encoding': 'gzip' }, body: '{}' }, status: 415, code: 'UnsupportedMediaType' },
  { name: 'a form', sent: { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' }, status: 415, code: 'UnsupportedMediaType' },
  { name: 'latin-1', sent: { headers: { 'content-type': 'application/json; charset=latin1' }, body: '{}' }, status: 415, code: 'UnsupportedMediaType' },
  { name: 'explain', path: `${PREDICT}?explain=true`, sent: { body: '{}' }, status: 400, code: 'InvalidRequest' },
  { name: 'another model', path: '/v1/models/other:predict', sent: { body: '{}' }, status: 404, code: 'ModelNotFound' },
  { name: 'another verb', path: '/v1/models/tiny-churn:train', sent: { body: '{}' }, status: 404, code: 'NotFound' },
  { name: 'GET on predict', path: PREDICT, sent: { method: 'GET' }, status: 405, code: 'MethodNotAllowed' },
  { name: 'DELETE on the list', path: '/v1/models', sent: { method: 'DELETE' }, status: 405, code: 'MethodNotAllowed' },
  { name: 'an unknown path', path: '/v3', sent: { method: 'GET' }, status: 404, code: 'NotFound' },
  { name: 'a badly encoded path', path: '/v1/models/%E0%A4%A', sent: { method: 'GET' }, status: 404, code: 'NotFound' },
])('$name: $status $code', async ({ path = PREDICT, sent, status, code, message = '' }) => {
  const answer = await send(path, sent);
  expect({ status: answer.status, json: answer.json }).toEqual({ status, json: { error: expect.objectContaining({ code, message: expect.stringContaining(message) }) } });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.text).not.toContain('secret');
});

test.each([PREDICT.replace(':', '%3A'), `${PREDICT}?trace=1`])('%s is the same endpoint', async (path) => {
  expect((await send(path, { body: JSON.stringify({ instances: [good] }) })).status).toBe(200);
});

test('a request id is given back where it is harmless, and made up where it is not', async () => {
  const body = JSON.stringify({ instances: [good] });
  expect((await send(PREDICT, { body, headers: { 'x-request-id': 'order-17.a' } })).headers['x-request-id']).toBe('order-17.a');
  expect((await send(PREDICT, { body, headers: { 'x-request-id': 'a b"c' } })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect((await send('/v1/models', { method: 'GET', headers: { 'x-request-id': 'x'.repeat(129) } })).headers['x-request-id']).toHaveLength(36);
});

test('of a name that occurs twice the last value counts', async () => {
  const { json } = await send(PREDICT, { body: '{"instances":[{"tenure":"x","tenure":3,"Contract":"One year"}]}' });
  expect(PredictResponse.parse(json).predictions).toHaveLength(1);
});

test('one poisonous row fails its own request, not its neighbours', async () => {
  engine = {
    name: 'onnx',
    close: async () => undefined,
    score: async (batch: ColumnBatch) => {
      if (numbersOf(batch).includes(-13)) throw new Error('poison');
      return onnx.score(batch);
    },
  };
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => predict({ ...good, tenure: index === 17 ? -13 : index })));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, (_, index) => (index === 17 ? 500 : 200)));
  expect(answers[17]?.json).toMatchObject({ error: { code: 'ScoringFailed' } });
});

test('a score that is no probability fails its request only', async () => {
  engine = { name: 'onnx', close: async () => undefined, score: async ({ rows, columns }) => Float64Array.from({ length: rows }, (_, row) => (columns[0]?.[row] === 1 ? Number.NaN : 0.5)) };
  const answers = await Promise.all([predict(good), predict({ ...good, tenure: 1 }), predict(good)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
});

const HEAD = `POST ${PREDICT} HTTP/1.1\r\nhost: x\r\n`;
const BODY = JSON.stringify({ instances: [good] });

/** A connection that has sent this and goes on as the test likes. */
function hold(to: number, text: string): Socket {
  const socket = connect(to, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
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
  while (data.inFlight() < 2) await new Promise(setImmediate);
  const refused = await send(PREDICT, { body: ' '.repeat(1001), to: small });
  expect(refused).toMatchObject({ status: 503, json: { error: { code: 'Overloaded', message: expect.stringContaining('memory') } } });
  expect(refused.headers['retry-after']).toBe('1');
  expect((await send(PREDICT, { body: BODY, to: small })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  while (data.inFlight() > 0) await new Promise(setImmediate);
  expect((await send(PREDICT, { body: ' '.repeat(MIB), to: small })).status).toBe(400);
});

function rows(count: number): string {
  return JSON.stringify({ instances: Array.from({ length: count }, () => good) });
}

test('beyond the rows that wait: 503 with Retry-After, and room again afterwards', async () => {
  const small = await open({ admission: { ...ADMISSION, maxRowsWaiting: 10 } });
  const slow = held();
  ({ engine } = slow);
  const first = send(PREDICT, { body: rows(8), to: small });
  while (slow.calls() === 0) await new Promise(setImmediate);
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
  while (slow.calls() === 0) await new Promise(setImmediate);
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
  while (data.inFlight() === 0) await new Promise(setImmediate);
  return socket;
}

test('who does not read the answer loses the connection, and the slots are free', async () => {
  const socket = await notReading(200);
  while (data.inFlight() > 0) await new Promise(setImmediate);
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
  while (data.inFlight() < 2) await new Promise(setImmediate);
  const body = JSON.stringify({ instances: [good] });
  const refused = await send(PREDICT, { body, to: small });
  expect(refused).toMatchObject({ status: 503, json: { error: { code: 'Overloaded' } } });
  expect(refused.headers['retry-after']).toBe('1');
  for (const socket of sockets) socket.destroy();
  while (data.inFlight() > 0) await new Promise(setImmediate);
  expect((await send(PREDICT, { body, to: small })).status).toBe(200);
});

test.each([
  { name: 'a body that never comes', text: `${HEAD}content-length: 100\r\n\r\n{`, status: 408, code: 'RequestTimeout' },
  { name: 'a head that never ends', text: HEAD, status: 408, code: 'RequestTimeout' },
  { name: 'no HTTP', text: 'hello\r\n\r\n', status: 400, code: 'InvalidRequest' },
  { name: 'two lengths', text: `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, status: 400, code: 'InvalidRequest' },
  { name: 'length and chunks', text: `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`, status: 400, code: 'InvalidRequest' },
  { name: 'headers without end', text: `${HEAD}x: ${'x'.repeat(20_000)}\r\n\r\n`, status: 400, code: 'InvalidRequest' },
])('$name: $status', async ({ text, status, code }) => {
  const answer = await raw(text);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain(`"code":"${code}"`);
});

test('what was broken or too slow is counted like other failures', async () => {
  const registry = new Registry();
  const to = await open({ registry, connection: { ...CONNECTION, requestMs: 300, headersMs: 300, checkEveryMs: 50 } });
  await raw('hello\r\n\r\n', to);
  await raw(`${HEAD}content-length: 100\r\n\r\n{`, to);
  const metrics = await registry.metrics();
  for (const series of ['requests_total{role="stable",code="400"} 1', 'requests_total{role="stable",code="408"} 1', 'errors_total{role="stable",code="RequestTimeout"} 1']) expect(metrics).toContain(`churnops_${series}`);
});

test('more bytes than declared: the first request is answered, the rest is not taken for its answer', async () => {
  const answer = await raw(`${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}garbage\r\n\r\n`);
  expect(answer === '' || answer.startsWith('HTTP/1.1 200')).toBe(true);
});

function one(id: string, close: boolean): string {
  return `${HEAD}x-request-id: ${id}\r\ncontent-length: ${BODY.length}\r\n${close ? 'connection: close\r\n' : ''}\r\n${BODY}`;
}

test('pipelined requests are answered in order on one connection', async () => {
  const answer = await raw(one('a', false) + one('b', false) + one('c', true));
  expect([...answer.matchAll(/x-request-id: (\w)/g)].map((match) => match[1])).toEqual(['a', 'b', 'c']);
});

test('a body in chunks that never stops is refused at the limit', async () => {
  const chunk = `${(0x10000).toString(16)}\r\n${'x'.repeat(0x10000)}\r\n`;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
  for (let index = 0; index < 17; index += 1) socket.write(chunk);
  const [answer] = await once(socket.setEncoding('utf8'), 'data');
  expect(answer).toMatch(/^HTTP\/1.1 413 [^]*"code":"BodyTooLarge"/);
  socket.destroy();
});

test('Expect: 100-continue is answered, then the request', async () => {
  const answer = await raw(`${HEAD}expect: 100-continue\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`);
  expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
});

test('clients that go away in the middle leave nothing behind', async () => {
  for (let index = 0; index < 50; index += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`${HEAD}content-length: ${BODY.length}\r\n\r\n${index % 2 === 0 ? BODY : BODY.slice(0, 9)}`, () => socket.resetAndDestroy());
  }
  const [first] = opened;
  expect((await predict(good)).status).toBe(200);
  while ((first?.inFlight() ?? 0) > 0) await new Promise(setImmediate);
});

test('while draining, answers close their connection', async () => {
  state = 'Draining';
  expect((await predict(good)).headers.connection).toBe('close');
  expect((await send('/v1/models', { method: 'GET' })).headers.connection).toBe('close');
});

test('what is described is there', async () => {
  const { json } = await send('/openapi.json', { method: 'GET' });
  expect(json).toMatchObject({ openapi: '3.1.0', paths: { [PREDICT]: { post: {} }, '/v1/models/{name}': {}, '/v1/models/{name}/schema': {}, '/v1/models': {}, '/openapi.json': {} } });
  for (const [reference] of JSON.stringify(json).matchAll(/(?<="\$ref":")[^"]+/g)) {
    const found = reference.slice(2).split('/').reduce<unknown>((part, name) => Reflect.get(Object(part), name), json);
    expect(found).toBeDefined();
  }
  expect((await send('/v1/models/tiny-churn/schema', { method: 'GET' })).json).toMatchObject({ type: 'object', required: [], properties: { tenure: { type: ['number', 'null'] } } });
  expect((await send('/v1/models/tiny-churn', { method: 'GET' })).json).toMatchObject({ name: 'tiny-churn', ready: true, hash: tinyHash, engine: 'onnx' });
});

test('logs hold no value of a row', async () => {
  await predict({ ...good, Contract: 17, tenure: 'Müller-secret' });
  await predict({ ...good, customerID: 'secret-id' });
  expect(lines.join('')).not.toMatch(/secret|7590|70\.5/);
});

test('whatever is sent, the answer is JSON with a status of ours, and the process lives', async () => {
  const body = fc.oneof(fc.json(), fc.string(), fc.array(fc.record({ tenure: fc.jsonValue(), Contract: fc.jsonValue() }), { maxLength: 3 }).map((instances) => JSON.stringify({ instances })));
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const { status, json } = await send(PREDICT, { body: text });
      return [200, 400, 413, 422].includes(status) && typeof json === 'object';
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
      await raw(`${text}\r\n\r\n`);
      return true;
    }),
    { numRuns: 30 },
  );
  expect((await predict(good)).status).toBe(200);
});
