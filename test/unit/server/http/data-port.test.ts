/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import type { ColumnBatch, Engine } from '../../../../server/engine/engine.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { CONNECTION } from '../../../../server/http/limits.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort, DataPortOptions } from '../../../../server/serving/data-port.ts';
import type { ServingState } from '../../../../server/serving/serving-model.ts';
import { keptLogger, tinyCard, tinyGraph, tinyHash } from '../tiny-package.ts';
import { BODY, good, HEAD, model, one, PREDICT, raw } from './data-port-rig.ts';
import { until } from '../../until.ts';

const { logger, lines } = keptLogger();
const agent = new Agent({ connections: 64 });
let onnx: OnnxEngine;
let data: DataPort;
let port: number;
let state: ServingState = 'Ready';
let engine: Engine;
const opened: DataPort[] = [];

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
  { name: 'no gzip', sent: { headers: { 'content-encoding': 'gzip' }, body: '{}' }, status: 400, code: 'InvalidEncoding' },
  { name: 'brotli', sent: { headers: { 'content-encoding': 'br' }, body: '{}' }, status: 415, code: 'UnsupportedMediaType' },
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
  expect(answer.headers['content-type']).toBe('application/json');
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

test.each([
  { name: 'a body that never comes', text: `${HEAD}content-length: 100\r\n\r\n{`, status: 408, code: 'RequestTimeout' },
  { name: 'a head that never ends', text: HEAD, status: 408, code: 'RequestTimeout' },
  { name: 'no HTTP', text: 'hello\r\n\r\n', status: 400, code: 'InvalidRequest' },
  { name: 'two lengths', text: `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, status: 400, code: 'InvalidRequest' },
  { name: 'length and chunks', text: `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`, status: 400, code: 'InvalidRequest' },
  { name: 'headers without end', text: `${HEAD}x: ${'x'.repeat(20_000)}\r\n\r\n`, status: 400, code: 'InvalidRequest' },
])('$name: $status', async ({ text, status, code }) => {
  const answer = await raw(text, port);
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

test.each([
  { path: '/v2/models/tiny-churn/versions/v0/infer', code: 'VersionNotServed' },
  { path: '/v2/models/tiny%2Dchurn/versions/v0/infer?trace=1', code: 'VersionNotServed' },
  { path: '/v2/models/other/infer', code: 'ModelNotFound' },
  { path: '/v1/models/other:predict', code: 'ModelNotFound' },
  { path: '/v1/models/tiny-churn/versions/1:predict', code: 'NotFound' },
  { path: '/v2/models/tiny-churn/infer/', code: 'NotFound' },
])('a prediction that is not to be had at $path is counted and told: $code', async ({ path, code }) => {
  const registry = new Registry();
  const kept = keptLogger();
  const to = await open({ registry, logger: kept.logger });
  expect((await send(path, { body: BODY, to, headers: { 'x-request-id': 'pinned-1' } })).status).toBe(404);
  const metrics = await registry.metrics();
  for (const series of ['requests_total{role="stable",code="404"} 1', `errors_total{role="stable",code="${code}"} 1`]) expect(metrics).toContain(`churnops_${series}`);
  expect(kept.lines.map((line): unknown => JSON.parse(line))).toEqual([expect.objectContaining({ code, status: 404, requestId: 'pinned-1' })]);
});

test.each([
  { method: 'GET', path: '/v2/models/tiny-churn/versions/v0/infer' },
  { method: 'GET', path: '/v2/models/tiny-churn/versions/v0' },
  { method: 'POST', path: '/v1/models' },
  { method: 'POST', path: '/v1/models/tiny-churn:train' },
])('$method $path is no wish for a prediction, and counts as none', async ({ method, path }) => {
  const registry = new Registry();
  const kept = keptLogger();
  const to = await open({ registry, logger: kept.logger });
  expect([404, 405]).toContain((await send(path, { method, to })).status);
  expect(await registry.metrics()).not.toMatch(/^churnops_(?:errors|requests)_total\{.*[1-9]$/m);
  expect(kept.lines).toEqual([]);
});

test('more bytes than declared: the first request is answered, the rest is not taken for its answer', async () => {
  const answer = await raw(`${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}garbage\r\n\r\n`, port);
  expect(answer === '' || answer.startsWith('HTTP/1.1 200')).toBe(true);
});

test('pipelined requests are answered in order on one connection', async () => {
  const answer = await raw(one('a', false) + one('b', false) + one('c', true), port);
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
  const answer = await raw(`${HEAD}expect: 100-continue\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`, port);
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
  await until(() => (first?.inFlight() ?? 0) === 0);
});

test('while draining, answers close their connection', async () => {
  state = 'Draining';
  expect((await predict(good)).headers.connection).toBe('close');
  expect((await send('/v1/models', { method: 'GET' })).headers.connection).toBe('close');
});

test('what is described is there', async () => {
  const { json } = await send('/openapi.json', { method: 'GET' });
  expect(json).toMatchObject({ openapi: '3.1.0', paths: { [PREDICT]: { post: {} }, '/v1/models/tiny-churn': {}, '/v1/models/tiny-churn/schema': {}, '/v1/models': {}, '/openapi.json': {} } });
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
      await raw(`${text}\r\n\r\n`, port);
      return true;
    }),
    { numRuns: 30 },
  );
  expect((await predict(good)).status).toBe(200);
});
