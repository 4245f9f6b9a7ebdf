/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { InferResponse, OUTPUTS } from '../../../../../contracts/inference.ts';
import { PredictResponse } from '../../../../../contracts/prediction.ts';
import { closeGracefully, listen } from '../../../../../platform/http/listener.ts';
import { OnnxEngine } from '../../../../../server/engine/onnx.ts';
import { createDataPort } from '../../../../../server/serving/data-port.ts';
import type { DataPort } from '../../../../../server/serving/data-port.ts';
import type { ServingState } from '../../../../../server/serving/serving-model.ts';
import { keptLogger, tinyCard, tinyGolden, tinyGraph } from '../../tiny-package.ts';
import { model, PREDICT, raw } from '../data-port-rig.ts';
import { bytesTensor, customers, doubles, INFER, infer, tensorsOf } from './infer-rig.ts';
import type { Sent } from './infer-rig.ts';
import { tenure, wrongRequests } from './wrong-requests.ts';

const agent = new Agent();
const registry = new Registry();
let onnx: OnnxEngine;
let data: DataPort;
let origin: string;
let state: ServingState = 'Ready';

beforeAll(async () => {
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
  data = createDataPort({ model: model(), engine: onnx, registry, logger: keptLogger().logger, state: () => state });
  origin = `http://127.0.0.1:${await listen(data.server, 0, '127.0.0.1')}`;
});

afterAll(async () => {
  await agent.destroy();
  await closeGracefully(data.server, 0);
  await onnx.close();
});

async function send(path: string, { method = 'POST', headers = {}, body = '' }: Sent = {}) {
  const answer = await request(`${origin}${path}`, { dispatcher: agent, method, headers, ...(method === 'POST' ? { body } : {}) });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  const json = (): unknown => JSON.parse(bytes.toString());
  return { status: answer.statusCode, headers: answer.headers, bytes, json };
}

async function get(path: string) {
  const { status, json } = await send(path, { method: 'GET' });
  return { status, json: json() };
}

async function scoresByV1(rows: readonly object[]) {
  const { json } = await send(PREDICT, { body: JSON.stringify({ instances: rows }) });
  return PredictResponse.parse(json()).predictions;
}

const rows = customers(tinyGolden, 20);

describe('metadata and health', () => {
  const metadata = {
    name: 'tiny-churn',
    versions: ['v1'],
    platform: 'onnx_onnxv1',
    inputs: [
      { name: 'tenure', datatype: 'FP32', shape: [-1, 1] },
      { name: 'MonthlyCharges', datatype: 'FP32', shape: [-1, 1] },
      { name: 'Contract', datatype: 'BYTES', shape: [-1, 1], parameters: { content_type: 'str' } },
    ],
    outputs: Object.entries(OUTPUTS).map(([name, datatype]) => ({ name, datatype, shape: [-1], ...(datatype === 'BYTES' ? { parameters: { content_type: 'str' } } : {}) })),
  };
  test.each([
    { path: '/v2', json: { name: 'churnops', version: expect.any(String), extensions: ['binary_tensor_data'] } },
    { path: '/v2/', json: { name: 'churnops', version: expect.any(String), extensions: ['binary_tensor_data'] } },
    { path: '/v2/health/live', json: { live: true } },
    { path: '/v2/health/ready', json: { ready: true } },
    { path: '/v2/models', json: { models: ['tiny-churn'] } },
    { path: '/v2/models/tiny-churn', json: metadata },
    { path: '/v2/models/tiny-churn/versions/v1', json: metadata },
    { path: '/v2/models/tiny-churn/ready', json: { name: 'tiny-churn', ready: true } },
    { path: '/v2/models/tiny-churn/versions/v1/ready', json: { name: 'tiny-churn', ready: true } },
    { path: '/', json: { status: 'alive' } },
  ])('GET $path', async ({ path, json }) => expect(await get(path)).toEqual({ status: 200, json }));

  test('POST /v2/repository/index', async () => {
    expect((await send('/v2/repository/index')).json()).toEqual([{ name: 'tiny-churn', version: 'v1', state: 'READY', reason: '' }]);
  });

  test('a pod that shuts down is live and not ready, and still scores', async () => {
    state = 'Draining';
    expect(await get('/v2/health/live')).toEqual({ status: 200, json: { live: true } });
    for (const path of ['/v2/health/ready', '/v2/models/tiny-churn/ready', '/v2/models/tiny-churn/versions/v1/ready']) {
      expect(await get(path)).toEqual({ status: 503, json: { error: 'The pod is shutting down. Wait until the pod is ready.' } });
    }
    expect((await send('/v2/repository/index')).json()).toMatchObject([{ state: 'UNLOADING' }]);
    expect((await send(INFER, infer(tensorsOf(rows)))).status).toBe(200);
    state = 'Ready';
  });

  test.each<{ name: string; method?: 'GET' | 'POST' | 'DELETE'; path: string; status: number; says: string }>([
    { name: 'another model', path: '/v2/models/other', status: 404, says: 'does not serve that model' },
    { name: 'another version', path: '/v2/models/tiny-churn/versions/v2', status: 404, says: 'serves another version' },
    { name: 'readiness of another version', path: '/v2/models/tiny-churn/versions/v2/ready', status: 404, says: 'serves another version' },
    { name: 'readiness of another model', path: '/v2/models/other/ready', status: 404, says: 'does not serve that model' },
    { name: 'infer by GET', path: INFER, status: 405, says: 'Only POST' },
    { name: 'infer of another model', method: 'POST', path: '/v2/models/other/infer', status: 404, says: 'does not serve that model' },
    { name: 'infer of another version', method: 'POST', path: '/v2/models/tiny-churn/versions/2/infer', status: 404, says: 'serves another version' },
    { name: 'the repository by GET', path: '/v2/repository/index', status: 405, says: 'Only POST' },
    { name: 'metadata by DELETE', method: 'DELETE', path: '/v2/models/tiny-churn', status: 405, says: 'GET' },
    { name: 'loading', method: 'POST', path: '/v2/repository/models/tiny-churn/load', status: 501, says: 'ChurnModel' },
    { name: 'nothing', path: '/v2/nothing', status: 404, says: 'nothing at this path' },
    { name: 'a bad path', path: '/v2/models/%E0%A4%A', status: 404, says: 'not well encoded' },
  ])('$name: $status in the shape of V2', async ({ method = 'GET', path, status, says }) => {
    const answer = await send(path, { method });
    expect({ status: answer.status, json: answer.json() }).toEqual({ status, json: { error: expect.stringContaining(says) } });
    expect(answer.headers['content-type']).toBe('application/json');
  });
});

describe('infer', () => {
  test.each([
    { name: 'flat', tensors: tensorsOf(rows) },
    { name: 'nested', tensors: tensorsOf(rows).map((tensor) => ({ ...tensor, shape: [rows.length, 1], data: tensor.data?.map((value) => [value]) })) },
    { name: 'flat with two dimensions', tensors: tensorsOf(rows).map((tensor) => ({ ...tensor, shape: [rows.length, 1] })) },
    { name: 'with columns that the model does not know', tensors: [{ name: 'customerID', datatype: 'BYTES', shape: [20], data: rows.map(() => 'x') }, ...tensorsOf(rows), { name: 'noise', datatype: 'BOOL', shape: [20], data: rows.map(() => 'not looked at') }] },
    { name: 'with parameters that nobody knows', tensors: tensorsOf(rows).map((tensor) => ({ ...tensor, parameters: { priority: 3 } })) },
  ])('scores as V1 does: $name', async ({ tensors }) => {
    const expected = await scoresByV1(rows);
    const { status, json, headers } = await send(INFER, infer(tensors, { id: 'order-17', parameters: null, outputs: null }));
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    const answer = InferResponse.parse(json());
    expect(answer).toMatchObject({ model_name: 'tiny-churn', model_version: 'v1', id: 'order-17' });
    const columns = Object.fromEntries(answer.outputs.map((output) => [output.name, output]));
    for (const [name, datatype] of Object.entries(OUTPUTS)) expect(columns[name]).toMatchObject({ datatype, shape: [rows.length] });
    for (const name of ['probability', 'decision', 'label', 'version', 'role'] as const) expect(columns[name]?.data).toEqual(expected.map((prediction) => prediction[name]));
    expect(new Set(columns.id?.data).size).toBe(rows.length);
  });

  test('binary in and out', async () => {
    const expected = await scoresByV1(rows);
    const tensors = tensorsOf(rows).map(({ name, data = [], datatype }) => ({ name, datatype: datatype === 'FP32' ? 'FP64' : datatype, shape: [rows.length, 1], bytes: datatype === 'BYTES' ? bytesTensor(data) : doubles(data) }));
    const answer = await send('/v2/models/tiny-churn/versions/v1/infer', infer(tensors, { parameters: { binary_data_output: true }, outputs: [{ name: 'label' }, { name: 'probability' }, { name: 'decision', parameters: { binary_data: false } }] }));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    const jsonBytes = Number(answer.headers['inference-header-content-length']);
    const { outputs } = InferResponse.parse(JSON.parse(answer.bytes.subarray(0, jsonBytes).toString()));
    const labels = bytesTensor(expected.map(({ label }) => label));
    expect(outputs).toEqual([
      { name: 'label', datatype: 'BYTES', shape: [rows.length], parameters: { content_type: 'str', binary_data_size: labels.length } },
      { name: 'probability', datatype: 'FP64', shape: [rows.length], parameters: { binary_data_size: rows.length * 8 } },
      { name: 'decision', datatype: 'BOOL', shape: [rows.length], data: expected.map(({ decision }) => decision) },
    ]);
    expect(answer.bytes.subarray(jsonBytes)).toEqual(Buffer.concat([labels, doubles(expected.map(({ probability }) => probability))]));
  });

  test('what is missing may be null, NaN, an empty text, or the whole tensor', async () => {
    const [expected] = await scoresByV1([{ tenure: null, MonthlyCharges: 70.5, Contract: null }]);
    const charges = { name: 'MonthlyCharges', datatype: 'FP32', shape: [1], data: [70.5] };
    const answers = await Promise.all([
      send(INFER, infer([charges])),
      send(INFER, infer([charges, { name: 'tenure', datatype: 'FP32', shape: [1], data: [null] }, { name: 'Contract', datatype: 'BYTES', shape: [1], data: [''] }])),
      send(INFER, infer([charges, { name: 'tenure', datatype: 'FP64', shape: [1], bytes: doubles([Number.NaN]) }, { name: 'Contract', datatype: 'BYTES', shape: [1], data: [null] }])),
      send(INFER, { body: '{"inputs":[{"name":"MonthlyCharges","datatype":"FP32","shape":[1],"data":[70.5]},{"name":"tenure","datatype":"FP32","shape":[1],"data":[NaN]}],"outputs":[{"name":"probability"}]}' }),
    ]);
    for (const answer of answers) {
      const jsonBytes = Number(answer.headers['inference-header-content-length'] ?? answer.bytes.length);
      const [probability] = InferResponse.parse(JSON.parse(answer.bytes.subarray(0, jsonBytes).toString())).outputs;
      expect(probability).toMatchObject({ name: 'probability', data: [expected?.probability] });
    }
  });

  test('without an id the request id is the answer\'s', async () => {
    const { json } = await send(INFER, infer(tensorsOf(rows), {}, { 'x-request-id': 'trace-4' }));
    expect(json()).toMatchObject({ id: 'trace-4' });
  });

  test('counts as V1 does', async () => {
    const before = data.traffic.own.snapshot().requests;
    await send(INFER, infer([...tensorsOf(rows), { name: 'noise', datatype: 'BOOL', shape: [20], data: rows.map(() => true) }]));
    expect(data.traffic.own.snapshot().requests).toBe(before + 1);
    const metrics = await registry.metrics();
    expect(metrics).toMatch(/churnops_rows_total\{role="stable"\} [1-9]\d*/);
    expect(metrics).toMatch(/churnops_unknown_columns_total\{role="stable"\} [2-9]\d/);
  });
});

describe('refused', () => {
  test.each(wrongRequests)('$name', async ({ sent, status = 400, says }) => {
    const answer = await send(INFER, sent);
    expect({ status: answer.status, json: answer.json() }).toEqual({ status, json: { error: expect.stringContaining(says) } });
    expect(answer.bytes.toString()).not.toContain('secret');
  });

  test('a body that stops being HTTP is refused in the shape of V2', async () => {
    const answer = await raw(`POST ${INFER} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n`, Number(new URL(origin).port));
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*\{"error":"This is no HTTP\/1\.1 request\./);
  });

  test('a misspelt column is named', async () => {
    const { json } = await send(INFER, infer([{ name: 'Tenure', datatype: 'BYTES', shape: [1], data: ['x'] }, { name: 'Contract', datatype: 'BYTES', shape: [1], data: [1] }]));
    expect(json()).toEqual({ error: expect.stringMatching(/^One value is wrong: inputs\.Contract\[0\]: expected one of /) });
  });
});

describe('compression', () => {
  const many = tensorsOf(customers(tinyGolden, 200));

  test.each([
    { accept: 'gzip', coding: 'gzip', plain: gunzipSync },
    { accept: 'deflate', coding: 'deflate', plain: inflateSync },
    { accept: undefined, coding: undefined, plain: (bytes: Buffer): Buffer => bytes },
    { accept: 'gzip;q=0.5, identity', coding: undefined, plain: (bytes: Buffer): Buffer => bytes },
  ])('an answer in $coding where $accept is asked for', async ({ accept, coding, plain }) => {
    const headers: Record<string, string> = accept === undefined ? {} : { 'accept-encoding': accept };
    const sent = infer(many);
    for (const [path, body] of [[INFER, sent.body], [PREDICT, JSON.stringify({ instances: customers(tinyGolden, 200) })]] as const) {
      const answer = await send(path, { headers: { ...sent.headers, ...headers }, body });
      expect({ status: answer.status, coding: answer.headers['content-encoding'], vary: answer.headers.vary }).toEqual({ status: 200, coding, vary: 'accept-encoding' });
      expect(JSON.parse(plain(answer.bytes).toString())).toMatchObject(path === INFER ? { model_name: 'tiny-churn' } : { model: { name: 'tiny-churn' } });
    }
    const document = await send('/openapi.json', { method: 'GET', headers });
    expect([document.headers['content-encoding'], document.headers.vary]).toEqual([coding, 'accept-encoding']);
    expect(JSON.parse(plain(document.bytes).toString())).toMatchObject({ openapi: '3.1.0' });
  });

  test('a short answer is not compressed, whoever asks', async () => {
    const answer = await send(INFER, { ...infer([tenure]), headers: { 'accept-encoding': 'gzip' } });
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([undefined, undefined]);
  });

  test('a compressed request is scored, its JSON length being that of the plain one', async () => {
    const { body, headers } = infer([{ name: 'tenure', datatype: 'FP64', shape: [1], bytes: doubles([3]) }]);
    const answer = await send(INFER, { body: gzipSync(body), headers: { ...headers, 'content-encoding': 'gzip' } });
    expect(answer.status).toBe(200);
    const v1 = await send(PREDICT, { body: gzipSync(JSON.stringify({ instances: [{ tenure: 3 }] })), headers: { 'content-encoding': 'gzip' } });
    expect(v1.status).toBe(200);
  });
});
