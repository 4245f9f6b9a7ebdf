/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Registry } from 'prom-client';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort } from '../../../../server/serving/data-port.ts';
import { Documented, statusesOf, undocumented } from '../../../e2e/claims/fuzz/judge.ts';
import { fuzzRequests } from '../../../e2e/claims/fuzz/requests.ts';
import { Sender } from '../../../e2e/claims/fuzz/sender.ts';
import { keptLogger, tinyCard, tinyGraph } from '../tiny-package.ts';
import { model, PREDICT } from './data-port-rig.ts';
import { until } from '../../until.ts';

let onnx: OnnxEngine;
let data: DataPort;
let origin: string;
let sender: Sender;

beforeAll(async () => {
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
  data = createDataPort({ model: model(), engine: onnx, registry: new Registry(), logger: keptLogger().logger, state: () => 'Ready' });
  origin = `http://127.0.0.1:${await listen(data.server, 0, '127.0.0.1')}`;
  sender = new Sender(origin);
});

afterAll(async () => {
  await sender.close();
  await closeGracefully(data.server, 0);
  await onnx.close();
});

test('whatever is sent, the answer is one that openapi.json documents, and nothing is left behind', async () => {
  const documented = Documented.parse(await (await fetch(`${origin}/openapi.json`)).json());
  await fc.assert(
    fc.asyncProperty(fuzzRequests('tiny-churn', 'v1', tinyCard), async (request) => {
      const answer = await sender.send(request);
      const path = request.delivery === 'NotHttp' ? PREDICT : request.path;
      if (answer !== undefined) expect(undocumented(path, answer, statusesOf(documented, path))).toBeUndefined();
    }),
    { numRuns: 300 },
  );
  await until(() => data.inFlight() === 0);
});

test.each([
  { name: 'a status that is not documented', status: 418, body: '{"error":{"code":"InvalidJson","message":"x"}}' },
  { name: 'a code with another status', status: 400, body: '{"error":{"code":"TooManyRows","message":"x"}}' },
  { name: 'a code that nobody knows', status: 400, body: '{"error":{"code":"Odd","message":"x"}}' },
  { name: 'no JSON', status: 400, body: '<html>' },
  { name: 'success without predictions', status: 200, body: '{}' },
])('the judge sees $name', async ({ status, body }) => {
  const documented = Documented.parse(await (await fetch(`${origin}/openapi.json`)).json());
  expect(undocumented(PREDICT, { status, headers: {}, body: Buffer.from(body) }, statusesOf(documented, PREDICT))).toEqual(expect.any(String));
});
