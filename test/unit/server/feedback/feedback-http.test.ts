/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { FeedbackResponse } from '../../../../contracts/feedback.ts';
import { LabelRecord } from '../../../../contracts/journal.ts';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import type { ObjectStore } from '../../../../platform/object-store/object-store.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { readTokens } from '../../../../server/feedback/bearer-token.ts';
import { Feedback } from '../../../../server/feedback/feedback.ts';
import { LABEL_LIMITS, LabelLog } from '../../../../server/feedback/label-log.ts';
import { later } from '../../../../server/journal/journal.ts';
import { StoreWriter } from '../../../../server/journal/store-writer.ts';
import { ephemeralKeyring } from '../../../../server/prediction-id/keyring.ts';
import { PredictionIds } from '../../../../server/prediction-id/prediction-ids.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort } from '../../../../server/serving/data-port.ts';
import { FeedbackMetrics } from '../../../../server/telemetry/feedback-metrics.ts';
import { BODY, model, PREDICT } from '../http/data-port-rig.ts';
import { keptLogger, temporaryFolder, tinyCard, tinyGraph } from '../tiny-package.ts';
import { until } from '../../until.ts';

const FEEDBACK = '/v1/models/tiny-churn:feedback';
const never = new AbortController().signal;
const agent = new Agent({ connections: 128 });
const { logger, lines } = keptLogger();
const registry = new Registry();
const ids = new PredictionIds('tiny-churn', ephemeralKeyring());
let onnx: OnnxEngine;
let data: DataPort;
let port: number;
let root: string;
let tokens: string;
let put: ObjectStore['put'];

beforeAll(async () => {
  root = await temporaryFolder();
  tokens = await temporaryFolder();
  await writeFile(join(tokens, 'token'), 's3cret\n');
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
  const log = new LabelLog({
    store: new StoreWriter({ put: async (...given) => put(...given) }, 200),
    prefix: 'labels/tiny-churn',
    pod: 'pod',
    now: Date.now,
    schedule: later,
    limits: { ...LABEL_LIMITS, windowMs: 20, retryMs: 50 },
    signal: never,
  });
  const feedback = new Feedback({ log, tokens: () => readTokens(tokens), labels: tinyCard.labels, standing: (id) => ids.standing(id), customers: true, metrics: new FeedbackMetrics(registry) });
  data = createDataPort({ model: model(), engine: onnx, registry, logger, state: () => 'Ready', newPredictionId: () => ids.issue(Date.now()), feedback });
  port = await listen(data.server, 0, '127.0.0.1');
});

beforeEach(() => {
  const store = new FileStore(root);
  put = async (key, bytes, options) => store.put(key, bytes, options);
});

afterAll(async () => {
  await agent.destroy();
  await closeGracefully(data.server, 0);
  await onnx.close();
});

type Sent = Readonly<{ method?: 'POST' | 'GET'; token?: string; headers?: Record<string, string>; body?: string | Buffer; path?: string }>;

async function send({ method = 'POST', token = 's3cret', headers = {}, body, path = FEEDBACK }: Sent) {
  const given = { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers };
  const answer = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent, method, headers: given, ...(body === undefined ? {} : { body }) });
  const text = await answer.body.text();
  const json: unknown = JSON.parse(text);
  const error: unknown = Reflect.get(Object(json), 'error');
  return { status: answer.statusCode, headers: answer.headers, json, code: String(Reflect.get(Object(error), 'code')), text };
}

function bodyOf(...labels: readonly unknown[]): string {
  return JSON.stringify({ labels });
}

async function stored(): Promise<readonly LabelRecord[]> {
  const store = new FileStore(root);
  const found: LabelRecord[] = [];
  for await (const keys of store.keys('labels/tiny-churn', never)) {
    for (const key of keys) {
      expect(key).toMatch(/^labels\/tiny-churn\/dt=\d{4}-\d\d-\d\d\/pod-[a-z0-9]{13}-\d{6}\.ndjson\.gz$/);
      const text = gunzipSync(await readWhole(store, key, { maxBytes: 1 << 20, signal: never })).toString('utf8');
      found.push(...text.trimEnd().split('\n').map((line) => LabelRecord.parse(JSON.parse(line))));
    }
  }
  return found;
}

test('the id of a prediction is what its label is stored under, once the answer is there', async () => {
  const answer = await request(`http://127.0.0.1:${port}${PREDICT}`, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY });
  const [prediction] = PredictResponse.parse(await answer.body.json()).predictions;
  const { status, json } = await send({ body: bodyOf({ id: prediction?.id, label: 'Yes', observedAt: '2026-11-20T00:00:00Z' }, { entity: 'c-17', label: false }) });
  expect([status, FeedbackResponse.parse(json)]).toEqual([200, { stored: 2 }]);
  const found = await stored();
  expect(found.find(({ id }) => id === prediction?.id)).toMatchObject({ label: true, observedAt: '2026-11-20T00:00:00.000Z', source: 'feedback' });
  expect(found.find(({ entity }) => entity === 'c-17')).toMatchObject({ label: false });
});

test('many callers at once: all are answered, and the store has what each one sent', async () => {
  const names = Array.from({ length: 100 }, (_, at) => `crowd-${at}`);
  const answers = await Promise.all(names.map(async (entity) => send({ body: bodyOf({ entity, label: true }) })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await stored()).filter(({ entity }) => entity?.startsWith('crowd-')).map(({ entity }) => entity ?? '')).toEqual(expect.arrayContaining(names));
});

test('bodies that do not end take no more than 16 MiB of promises: the next one is told to come again', async () => {
  const slow = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'));
  for (const socket of slow) socket.on('error', () => undefined).write(`POST ${FEEDBACK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer s3cret\r\ncontent-length: ${1 << 20}\r\n\r\n{`);
  await until(async () => (await send({ body: bodyOf({ entity: 'c-1', label: true }) })).code === 'Overloaded');
  for (const socket of slow) socket.destroy();
  await until(async () => (await send({ body: bodyOf({ entity: 'c-1', label: true }) })).status === 200);
});

test('compressed bodies and an encoded colon are understood', async () => {
  const body = gzipSync(bodyOf({ entity: 'zipped', label: true }));
  expect((await send({ body, headers: { 'content-encoding': 'gzip' }, path: '/v1/models/tiny-churn%3Afeedback' })).status).toBe(200);
});

const foreign = new PredictionIds('term-deposit', ephemeralKeyring()).issue(0);
const good = bodyOf({ entity: 'c-1', label: true });
test.each<Sent & { name: string; status: number; code: string; says?: string }>([
  { name: 'no token', token: '', body: good, status: 401, code: 'TokenRequired' },
  { name: 'a wrong token', token: 'guess', body: good, status: 401, code: 'TokenInvalid' },
  { name: 'no JSON', body: '{', status: 400, code: 'InvalidJson' },
  { name: 'nothing', body: '', status: 400, code: 'InvalidJson' },
  { name: 'another type', body: good, headers: { 'content-type': 'text/csv' }, status: 415, code: 'UnsupportedMediaType' },
  { name: 'no gzip', body: good, headers: { 'content-encoding': 'gzip' }, status: 400, code: 'InvalidEncoding' },
  { name: 'instances', body: '{"instances":[{}]}', status: 422, code: 'InvalidLabels', says: 'labels' },
  { name: 'an id of another model', body: bodyOf({ id: foreign, label: true }), status: 422, code: 'InvalidLabels', says: 'labels[0].id' },
  { name: 'no id', body: bodyOf({ id: 'x', label: true }), status: 422, code: 'InvalidLabels', says: 'labels[0].id' },
  { name: 'the future', body: bodyOf({ entity: 'c-1', label: true, observedAt: '2999-01-01T00:00:00Z' }), status: 422, code: 'InvalidLabels', says: 'labels[0].observedAt' },
  { name: 'too many rows', body: bodyOf(...Array.from({ length: 1025 }, () => ({ entity: 'c', label: true }))), status: 413, code: 'TooManyRows' },
  { name: 'too many bytes', body: Buffer.alloc((1 << 20) + 1, 32), status: 413, code: 'BodyTooLarge' },
  { name: 'another model', body: good, path: '/v1/models/term-deposit:feedback', status: 404, code: 'ModelNotFound' },
  { name: 'another method', method: 'GET', status: 405, code: 'MethodNotAllowed' },
])('$name: $status $code', async ({ status, code, says, ...sent }) => {
  const before = (await stored()).length;
  const answer = await send(sent);
  expect([answer.status, answer.code]).toEqual([status, code]);
  if (says !== undefined) expect(answer.text).toContain(says);
  if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
  expect((await stored()).length).toBe(before);
});

test('a wrong label among good ones: none of them is stored', async () => {
  const before = (await stored()).length;
  expect((await send({ body: bodyOf({ entity: 'c-2', label: true }, { entity: 'c-3', label: 'Maybe' }) })).status).toBe(422);
  expect((await stored()).length).toBe(before);
});

test('a body that is too long in chunks is refused, and the pod goes on', async () => {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  const ended = Promise.race([once(socket, 'data'), once(socket, 'close')]);
  socket.write(`POST ${FEEDBACK} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer s3cret\r\ntransfer-encoding: chunked\r\n\r\n`);
  for (let at = 0; at < 20; at += 1) socket.write(`10000\r\n${' '.repeat(0x10000)}\r\n`);
  await ended;
  socket.destroy();
  expect(received).toContain('BodyTooLarge');
  expect((await send({ body: good })).status).toBe(200);
});

describe('a store that is away', () => {
  test('is 503 with Retry-After, and the same labels are taken once it is back', async () => {
    put = async () => {
      throw Object.assign(new Error('gone'), { code: 'EIO' });
    };
    const answer = await send({ body: bodyOf({ entity: 'patient', label: true }) });
    expect([answer.status, answer.code, answer.headers['retry-after']]).toEqual([503, 'LabelsNotStored', '1']);
    const store = new FileStore(root);
    put = async (key, bytes, options) => store.put(key, bytes, options);
    expect((await send({ body: bodyOf({ entity: 'patient', label: true }) })).status).toBe(200);
    expect((await stored()).filter(({ entity }) => entity === 'patient')).toHaveLength(1);
  });

  test('that hangs is given up, and predictions go on meanwhile', async () => {
    const hung = Promise.withResolvers<'Written'>();
    put = async () => hung.promise;
    const waiting = send({ body: good });
    const prediction = await request(`http://127.0.0.1:${port}${PREDICT}`, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY });
    await prediction.body.dump();
    expect(prediction.statusCode).toBe(200);
    expect((await waiting).code).toBe('LabelsNotStored');
    hung.resolve('Written');
  });
});

describe('rotation', () => {
  test('while the token before it is there both are good; no restart', async () => {
    await writeFile(join(tokens, 'previous-token'), 's3cret');
    await writeFile(join(tokens, 'token'), 'n3xt');
    expect([(await send({ token: 's3cret', body: good })).status, (await send({ token: 'n3xt', body: good })).status]).toEqual([200, 200]);
    await writeFile(join(tokens, 'previous-token'), '');
    expect([(await send({ token: 's3cret', body: good })).code, (await send({ token: 'n3xt', body: good })).status]).toEqual(['TokenInvalid', 200]);
  });

  test('without any token nobody is let in', async () => {
    await writeFile(join(tokens, 'token'), '');
    expect(await send({ body: good })).toMatchObject({ status: 503, code: 'FeedbackUnavailable' });
    await writeFile(join(tokens, 'token'), 's3cret');
  });
});

test('metrics count what was stored and what was not; logs hold no token, no customer and no id', async () => {
  const text = await registry.metrics();
  expect(text).toMatch(/churnops_feedback_labels_total [1-9]/);
  for (const line of ['churnops_feedback_requests_total{code="401"} 3', 'churnops_feedback_errors_total{code="TokenRequired"} 1', 'churnops_feedback_errors_total{code="LabelsNotStored"} 2']) expect(text).toContain(`${line}\n`);
  expect(lines.join('')).not.toMatch(/s3cret|n3xt|crowd-|patient|tiny-churn\.[\w-]{36}/);
});

test('openapi.json describes it, and each code that it may answer', async () => {
  const { json } = await send({ method: 'GET', path: '/openapi.json' });
  expect(json).toMatchObject({
    paths: { [FEEDBACK]: { post: { operationId: 'feedback', security: [{ feedbackToken: [] }], responses: { 200: {}, 401: {}, 422: {}, 503: {} } } } },
    components: { securitySchemes: { feedbackToken: { type: 'http', scheme: 'bearer' } }, schemas: { FeedbackRequest: { properties: { labels: { maxItems: 1024 } } } } },
  });
});
