/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { connect } from 'node:net';
import { cp, rename, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { TrafficState } from '../../../../contracts/traffic.ts';
import { startServing } from '../../../../server/serving/serving.ts';
import type { Serving, ServingOptions } from '../../../../server/serving/serving.ts';
import { httpCandidate, scores } from '../traffic/candidate-server.ts';
import { until } from '../../until.ts';
import { keptLogger, temporaryFolder, TINY, tinyServeEnvironment, tinyGolden } from '../tiny-package.ts';

const good = { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month', shoeSize: 44 };
const never = new AbortController().signal;
let serving: Serving | undefined;
const agent = new Agent();
afterEach(async () => serving?.drain(AbortSignal.abort()));

async function start(options: Partial<ServingOptions> = {}) {
  const { logger, lines } = keptLogger();
  serving = await startServing({ environment: tinyServeEnvironment, packageFolder: TINY, host: '127.0.0.1', dataPort: 0, controlPort: 0, policyFile: join(TINY, 'no-policy'), logger, drain: { lingerMs: 1500, graceMs: 10_000, copiesMs: 0, journalUntilMs: 10_000 }, ...options }, never);
  return { serving, lines };
}

async function predict(port: number, instance: object = good) {
  const answer = await request(`http://127.0.0.1:${port}/v1/models/tiny-churn:predict`, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ instances: [instance] }) });
  return { status: answer.statusCode, connection: answer.headers.connection, text: await answer.body.text() };
}

async function control(port: number, path: string) {
  const answer = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent });
  return { status: answer.statusCode, text: await answer.body.text() };
}

test('metrics and traffic state count what was asked, and nothing of the warm-up', async () => {
  const { serving: { dataPort, controlPort } } = await start();
  await predict(dataPort);
  await predict(dataPort, { tenure: 'x' });
  const metrics = (await control(controlPort, '/metrics')).text;
  for (const line of [
    'churnops_requests_total{role="stable",code="200",model="tiny-churn",version="v1"} 1',
    'churnops_requests_total{role="stable",code="422",model="tiny-churn",version="v1"} 1',
    'churnops_errors_total{role="stable",code="InvalidInstance",model="tiny-churn",version="v1"} 1',
    'churnops_rows_total{role="stable",model="tiny-churn",version="v1"} 1',
    'churnops_unknown_columns_total{role="stable",model="tiny-churn",version="v1"} 1',
    'churnops_ready{model="tiny-churn",version="v1"} 1',
    'churnops_in_flight_requests{model="tiny-churn",version="v1"} 0',
  ]) expect(metrics).toContain(line);
  expect(metrics).toContain('process_cpu_seconds_total');
  const state = TrafficState.parse(JSON.parse((await control(controlPort, '/control/traffic')).text));
  expect(state).toMatchObject({ model: 'tiny-churn', version: 'v1', hash: tinyServeEnvironment.CHURNOPS_CANDIDATE_HASH, revision: 0, sides: { own: { requests: 1, errors: 0 } } });
  expect(state.sides.own.latency.counts).toHaveLength(state.sides.own.latency.boundsSeconds.length + 1);
  expect(state.sides.own.latency.counts.at(-1)).toBe(1);
});

test('the policy in the file is followed, refused with its reason, and gone when it is gone', async () => {
  const folder = await temporaryFolder();
  const policyFile = join(folder, 'policy');
  const candidate = await httpCandidate(scores(0.9));
  const policy = {
    schemaVersion: 1, revision: 3, mode: 'Canary', stableHash: tinyServeEnvironment.CHURNOPS_CANDIDATE_HASH, candidateHash: 'c'.repeat(64), candidateVersion: 'v2',
    candidateAddress: `127.0.0.1:${candidate.port}`, percent: 100, maxErrorPercent: 1,
  };
  await writeFile(policyFile, JSON.stringify(policy));
  const { serving: { dataPort, controlPort, drain }, lines } = await start({ policyFile, drain: { lingerMs: 0, graceMs: 10_000, copiesMs: 0, journalUntilMs: 10_000 } });
  const state = async (): Promise<TrafficState> => TrafficState.parse(JSON.parse((await control(controlPort, '/control/traffic')).text));
  // Before the first caller.
  expect(await state()).toMatchObject({ revision: 3, sides: { candidate: { requests: 0, breaker: 'Closed' } } });
  await until(async () => (await predict(dataPort)).text.includes('"role":"candidate"'));
  await writeFile(`${policyFile}.new`, JSON.stringify({ ...policy, revision: 4, stableHash: 'b'.repeat(64) }));
  await rename(`${policyFile}.new`, policyFile);
  await until(async () => (await state()).revision === 0);
  expect(await state()).toMatchObject({ revision: 0, refused: expect.stringMatching(/^OtherPods: Revision 4 is for the pods of hash bbbbbbbb/) });
  expect((await predict(dataPort)).text).toContain('"role":"stable"');
  const metrics = (await control(controlPort, '/metrics')).text;
  for (const series of ['traffic_policy_revision{model="tiny-churn",version="v1"} 0', 'traffic_policy_refused{model="tiny-churn",version="v1"} 1']) expect(metrics).toContain(`churnops_${series}`);
  await writeFile(`${policyFile}.new`, '');
  await rename(`${policyFile}.new`, policyFile);
  await until(async () => (await state()).refused === undefined);
  await drain(never);
  expect(lines.join('')).toContain('traffic policy followed');
});

test("the manifest's threshold wins over the card's", async () => {
  const { serving: { dataPort } } = await start({ environment: { ...tinyServeEnvironment, CHURNOPS_DECISION_THRESHOLD: 0.999 } });
  expect((await predict(dataPort)).text).toContain('"decision":false,"label":"No"');
});

test('a drain fails readiness at once, goes on answering, finishes what is in flight, and frees the ports', async () => {
  const { serving: { dataPort, controlPort, drain, state } } = await start();
  expect((await control(controlPort, '/readyz')).status).toBe(200);
  const body = JSON.stringify({ instances: [good] });
  const slow = connect(dataPort, '127.0.0.1');
  let received = '';
  slow.setEncoding('utf8').on('data', (chunk) => (received += chunk));
  slow.write(`POST /v1/models/tiny-churn:predict HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
  const idle = connect(dataPort, '127.0.0.1');
  await once(idle, 'connect');
  const drained = drain(never);
  expect(state()).toBe('Draining');
  expect(await control(controlPort, '/readyz')).toMatchObject({ status: 503 });
  expect(await control(controlPort, '/healthz')).toMatchObject({ status: 200 });
  expect(await predict(dataPort)).toMatchObject({ status: 200, connection: 'close' });
  await once(idle, 'close');
  slow.write(body.slice(5));
  await once(slow, 'close');
  expect(received).toMatch(/^HTTP\/1.1 200 OK/);
  await drained;
  await expect(predict(dataPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(control(controlPort, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a request that never ends does not hold the drain up', async () => {
  const { serving: { dataPort, drain }, lines } = await start({ drain: { lingerMs: 0, graceMs: 50, copiesMs: 0, journalUntilMs: 10_000 } });
  const stuck = connect(dataPort, '127.0.0.1');
  stuck.on('error', () => undefined);
  stuck.write('POST /v1/models/tiny-churn:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{');
  await once(stuck, 'connect');
  await predict(dataPort);
  await drain(never);
  expect(lines.at(-1)).toContain('"outcome":"Cut"');
});

test.each([
  { name: 'another digest', environment: { ...tinyServeEnvironment, CHURNOPS_PACKAGE_DIGEST: '0'.repeat(64) }, prepare: async () => undefined, code: 'CardChanged' },
  { name: 'bytes that changed on disk', environment: tinyServeEnvironment, prepare: async (folder: string) => writeFile(join(folder, 'golden.json'), JSON.stringify(tinyGolden).replace('0.42', '0.43')), code: 'DigestMismatch' },
])('$name: never ready, $code', async ({ environment, prepare, code }) => {
  const folder = await temporaryFolder();
  await cp(TINY, folder, { recursive: true });
  await prepare(folder);
  await expect(start({ environment, packageFolder: folder })).rejects.toMatchObject({ code });
});
