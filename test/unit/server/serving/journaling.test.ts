/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { LabelRecord, PredictionRecord } from '../../../../contracts/journal.ts';
import { HEADERS } from '../../../../contracts/names.ts';
import { ServeEnvironment } from '../../../../contracts/pod-environment.ts';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { hourPartition } from '../../../../contracts/store-layout.ts';
import { TrafficState } from '../../../../contracts/traffic.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { startServing } from '../../../../server/serving/serving.ts';
import type { Serving } from '../../../../server/serving/serving.ts';
import { tcpCandidate } from '../traffic/candidate-server.ts';
import { keptLogger, temporaryFolder, TINY, tinyEnvironment, tinyHash } from '../tiny-package.ts';
import { until } from '../../until.ts';

const never = new AbortController().signal;
const CANDIDATE = 'c'.repeat(64);
const KEYS = JSON.stringify({ schemaVersion: 1, keys: [{ secret: Buffer.alloc(32, 7).toString('base64'), signFrom: '2026-11-01T00:00:00Z' }] });
const agent = new Agent();
const running: Serving[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const serving of running.splice(0)) await serving.drain(AbortSignal.abort());
});
afterAll(async () => agent.destroy());

type Environment = Readonly<Record<string, string | undefined>>;
type Pod = Readonly<{ root: string; journal: string; feedback: string; predictionKeys: string; policyFile: string; environment: Environment }>;

/** What the operator gives to a pod: a store on a volume, a folder for segments, both Secrets, a place for the policy. */
async function pod(change: Environment = {}): Promise<Pod> {
  const [root, journal, feedback, predictionKeys, traffic] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  await writeFile(join(feedback, 'token'), 's3cret');
  await writeFile(join(predictionKeys, 'keys.json'), KEYS);
  const environment = { ...tinyEnvironment, CHURNOPS_POD: 'tiny-churn-abc', CHURNOPS_REPOSITORY: `file://${root}/models/tiny-churn`, ...change };
  return { root, journal, feedback, predictionKeys, policyFile: join(traffic, 'policy'), environment };
}

async function start({ environment, policyFile, ...folders }: Pod) {
  const { logger, lines } = keptLogger();
  const drain = { lingerMs: 0, graceMs: 10_000, copiesMs: 0, journalUntilMs: 10_000 };
  const serving = await startServing({ environment: ServeEnvironment.parse(environment), packageFolder: TINY, host: '127.0.0.1', dataPort: 0, controlPort: 0, policyFile, logger, folders, drain }, never);
  running.push(serving);
  return { ...serving, lines };
}

async function post(port: number, verb: 'predict' | 'feedback', body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = await request(`http://127.0.0.1:${port}/v1/models/tiny-churn:${verb}`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer s3cret', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, json: await answer.body.json() };
}

function customer(customerID: string) {
  return { customerID, tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month', shoeSize: 44 };
}

async function predict(port: number, customers: readonly string[], headers?: Readonly<Record<string, string>>) {
  const { json } = await post(port, 'predict', { instances: customers.map(customer) }, headers);
  return PredictResponse.parse(json).predictions;
}

async function state({ controlPort }: Serving): Promise<TrafficState> {
  const answer = await request(`http://127.0.0.1:${controlPort}/control/traffic`, { dispatcher: agent });
  return TrafficState.parse(await answer.body.json());
}

/** The lines of all objects below a prefix, with the folder of each. */
async function lines(root: string, prefix: string) {
  const store = new FileStore(root);
  const found: Readonly<{ folder: string; json: unknown }>[] = [];
  for await (const keys of store.keys(prefix, never)) {
    for (const key of keys.filter((each) => each.endsWith('.ndjson.gz'))) {
      const text = gunzipSync(await readWhole(store, key, { maxBytes: 1 << 24, signal: never })).toString('utf8');
      for (const line of text.trimEnd().split('\n')) found.push({ folder: key.slice(prefix.length + 1, key.lastIndexOf('/')), json: JSON.parse(line) });
    }
  }
  return found;
}

async function records(root: string): Promise<readonly PredictionRecord[]> {
  return (await lines(root, 'predictions/tiny-churn')).map(({ json }) => PredictionRecord.parse(json));
}

test('what is predicted is in the store once the pod has gone, what happened as soon as it is answered; both under the same ids', async () => {
  const given = await pod();
  const { dataPort, drain } = await start(given);
  const predictions = await predict(dataPort, ['ada', 'grace']);
  const [ada] = predictions;
  expect(await post(dataPort, 'feedback', { labels: [{ id: ada?.id, label: true }, { entity: 'grace', label: 'No' }] })).toEqual({ status: 200, json: { stored: 2 } });
  const labels = (await lines(given.root, 'labels/tiny-churn')).map(({ json }) => LabelRecord.parse(json));
  expect(labels).toMatchObject([{ id: ada?.id, label: true }, { entity: 'grace', label: false }]);

  await drain(never);
  const found = await lines(given.root, 'predictions/tiny-churn');
  const kept = found.map(({ json }) => PredictionRecord.parse(json));
  expect(kept.map(({ id, entity, probability, decision }) => ({ id, entity, probability, decision }))).toEqual(
    predictions.map(({ id, probability, decision }, at) => ({ id, entity: ['ada', 'grace'][at], probability, decision })),
  );
  expect(kept[0]).toMatchObject({ version: 'v1', hash: tinyHash, answered: { role: 'stable' }, features: { tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month' } });
  expect(kept[0]?.candidate).toBeUndefined();
  expect(found.map(({ folder }) => folder)).toEqual(kept.map(({ at }) => hourPartition(Date.parse(at))));
  expect(await readdir(given.journal)).toEqual([]);
});

test('what another pod sends, as a copy or for a replay, is not journaled; nor is anything of the warm-up', async () => {
  const given = await pod();
  const { dataPort, drain } = await start(given);
  await predict(dataPort, ['ada'], { [HEADERS.hop]: tinyHash });
  const [kept] = await predict(dataPort, ['grace']);
  await drain(never);
  expect((await records(given.root)).map(({ id }) => id)).toEqual([kept?.id]);
});

test.each([
  { name: 'no store', change: { CHURNOPS_REPOSITORY: undefined }, feedback: 503 },
  { name: 'nothing to keep', change: { CHURNOPS_JOURNAL_SAMPLE_PERCENT: '0' }, feedback: 200 },
])('$name: predictions are answered, and nothing is kept of them', async ({ change, feedback }) => {
  const given = await pod(change);
  const { dataPort, drain } = await start(given);
  expect(await predict(dataPort, ['ada'])).toHaveLength(1);
  expect((await post(dataPort, 'feedback', { labels: [{ entity: 'ada', label: true }] })).status).toBe(feedback);
  await drain(never);
  expect([await records(given.root), await readdir(given.journal)]).toEqual([[], []]);
});

/** A serving process of its own, as a container has it. */
async function container({ environment, journal, feedback, predictionKeys, policyFile }: Pod) {
  const folders = ['--package', TINY, '--journal', journal, '--feedback', feedback, '--prediction-keys', predictionKeys, '--traffic-policy', policyFile];
  const child = spawn(process.execPath, ['server/main.ts', 'serve', '--host', '127.0.0.1', '--port', '0', '--control-port', '0', ...folders], { env: { PATH: process.env['PATH'], ...environment } });
  children.push(child);
  let output = '';
  const ready = Promise.withResolvers<number>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const port = /"dataPort":(\d+)/.exec(output)?.[1];
      if (port !== undefined) ready.resolve(Number(port));
    });
  }
  child.once('exit', () => ready.reject(new Error(output)));
  return { child, dataPort: await ready.promise };
}

test('what a killed process left on the volume of its pod is shipped by the next one; it never loaded a database', async () => {
  const given = await pod();
  const killed = await container(given);
  const [left] = await predict(killed.dataPort, ['ada']);
  await post(killed.dataPort, 'feedback', { labels: [{ id: left?.id, label: true }] });
  const files = async (): Promise<readonly string[]> => (await readdir(given.journal)).filter((name) => name.endsWith('.ndjson'));
  await until(async () => (await files()).length > 0);
  const libraries = await readFile(`/proc/${killed.child.pid}/maps`, 'utf8');
  expect([libraries.includes('onnxruntime'), libraries.includes('duckdb')]).toEqual([true, false]);
  const gone = once(killed.child, 'exit');
  killed.child.kill('SIGKILL');
  await gone;
  expect([await records(given.root), (await files()).length]).toEqual([[], 1]);

  const { lines: told } = await start(given);
  await until(async () => (await files()).length === 0);
  expect((await records(given.root)).map(({ id }) => id)).toEqual([left?.id]);
  expect((await lines(given.root, 'labels/tiny-churn')).map(({ json }) => LabelRecord.parse(json).id)).toEqual([left?.id]);
  expect(told.join('')).toContain('an earlier container of this pod left segments');
});

function shadow(address: string): string {
  return JSON.stringify({ schemaVersion: 1, revision: 1, mode: 'Shadow', stableHash: tinyHash, candidateHash: CANDIDATE, candidateVersion: 'v2', candidateAddress: address, percent: 100, maxErrorPercent: 1 });
}

test('in Shadow every prediction is one record, with the score of the candidate, which journals nothing of it', async () => {
  const candidate = await pod({ CHURNOPS_VERSION: 'v2', CHURNOPS_CANDIDATE_HASH: CANDIDATE });
  const second = await start(candidate);
  const given = await pod();
  await writeFile(given.policyFile, shadow(`127.0.0.1:${second.dataPort}`));
  const first = await start(given);
  const answered: string[] = [];
  // Until the candidate's address is known, rows have no pair; then five more requests of three rows.
  for (let left = 5; left > 0; ) {
    const known = ((await state(first)).sides.candidate?.requests ?? 0) > 0;
    const predictions = await predict(first.dataPort, ['ada', 'grace', 'edsger']);
    answered.push(...predictions.map(({ id }) => id));
    expect(new Set(predictions.map(({ role, version }) => `${role} ${version}`))).toEqual(new Set(['stable v1']));
    if (known) left -= 1;
  }
  await until(async () => ((await state(first)).sides.candidate?.requests ?? 0) > 5);
  await first.drain(never);
  const kept = await records(given.root);
  expect(kept.map(({ id }) => id).toSorted()).toEqual(answered.toSorted());
  const paired = kept.filter(({ candidate: score }) => score !== undefined && 'probability' in score);
  expect(paired.length).toBeGreaterThanOrEqual(18);
  // The same package behind both.
  for (const { probability, decision, candidate: score } of paired) expect(score).toEqual({ version: 'v2', hash: CANDIDATE, probability, decision });
  await second.drain(never);
  expect(await records(candidate.root)).toEqual([]);
});

test('rows whose copies wait for a candidate that hangs are journaled when the pod stops, with the reason', async () => {
  const hung = await tcpCandidate(() => undefined);
  const given = await pod();
  await writeFile(given.policyFile, shadow(`127.0.0.1:${hung.port}`));
  const { dataPort, drain } = await start(given);
  const answered: string[] = [];
  await until(async () => {
    answered.push(...(await predict(dataPort, ['ada'])).map(({ id }) => id));
    return hung.connections() > 0;
  });
  await drain(never);
  const kept = await records(given.root);
  expect(kept.map(({ id }) => id).toSorted()).toEqual(answered.toSorted());
  expect(kept.map(({ candidate }) => candidate)).toContainEqual({ missing: 'Stopped' });
});
