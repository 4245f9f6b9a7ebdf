import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { sha256Hex } from '../../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { labelsKey, predictionsKey, storeLayout } from '../../../../contracts/store-layout.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { FeedbackDatabase } from '../../../../server/evaluation/feedback-join/feedback-database.ts';
import { loadFeedback } from '../../../../server/evaluation/feedback-join/load-feedback.ts';
import type { InputObject } from '../../../../server/evaluation/feedback-join/input-object.ts';
import type { PairedSample } from '../../../../server/evaluation/feedback-join/pairing.ts';
import { CANDIDATE, idAt, STABLE } from '../../../oracles/feedback-worlds.ts';
import { keptLogger, temporaryFolder } from '../tiny-package.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse('2026-11-21T07:30:00Z');
const layout = storeLayout('models/telco-churn', 'telco-churn');
const signal = new AbortController().signal;

function prediction(atMs: number, at: number): string {
  const [id, instant] = [idAt(atMs, at), new Date(atMs).toISOString()];
  return JSON.stringify({ schemaVersion: 1, id, requestId: 'r', entity: `c${at}`, at: instant, version: 'v1', hash: STABLE, probability: 0.4, decision: false, candidate: { version: 'v2', hash: CANDIDATE, probability: 0.6, decision: true }, answered: { role: 'stable', decision: false } });
}

function label(entity: string, observedMs: number): string {
  const instant = new Date(observedMs).toISOString();
  return JSON.stringify({ schemaVersion: 1, entity, label: true, observedAt: instant, receivedAt: instant, source: 'feedback' });
}

test('the journal of the window and the labels since are read, whatever else lies there; every input is named by its digest', async () => {
  const [root, scratch, folder] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  const stored = new Map<string, Buffer>();
  const put = async (key: string, content: Buffer): Promise<void> => {
    await mkdir(dirname(join(root, key)), { recursive: true });
    await writeFile(join(root, key), content);
    stored.set(key, content);
  };
  const hours = [-2, -1, 0, 1, 20, 40];
  for (const [at, hour] of hours.entries()) {
    const atMs = FROM_MS + hour * HOUR_MS;
    const lines = `${prediction(atMs, at)}\n`;
    await put(predictionsKey(layout.predictions, atMs, 'pod', `w-${at}`), gzipSync(lines));
    await put(labelsKey(layout.labels, atMs + 10 * HOUR_MS, 'pod', `w-${at}`), gzipSync(`${label(`c${at}`, atMs + HOUR_MS)}\n`));
  }
  const twice = predictionsKey(layout.predictions, FROM_MS, 'pod', 'w-twice');
  await put(twice, gzipSync(`${prediction(FROM_MS, 2)}\n{"half`));
  const broken = predictionsKey(layout.predictions, FROM_MS, 'pod', 'w-broken');
  await put(broken, Buffer.from('no gzip'));
  const strangers = [`${layout.predictions}/dt=2026-11-21/hour=08/pod-1.ndjson.gz.5b0c.tmp`, `${layout.predictions}/dt=2026-11-21/pod-1.ndjson.gz`, `${layout.predictions}/README`, `${layout.labels}/imported/x.json`];
  for (const key of strangers) await put(key, Buffer.from('not ours'));

  const database = await FeedbackDatabase.open({ folder, memoryMiB: 128 });
  const taken: InputObject[] = [];
  const repository = { store: new FileStore(root), prefix: 'models/telco-churn', url: '', patience: { totalMs: 0, baseMs: 1, maxMs: 1, signal } };
  const nowMs = FROM_MS + 30 * HOUR_MS;
  const loaded = await loadFeedback({ repository, layout, window: { fromMs: FROM_MS, toMs: nowMs }, database, scratch, logger: keptLogger().logger, taken: (object) => taken.push(object) });
  expect(loaded).toEqual({ objects: 4 + hours.length, unreadableLines: 1, unreadableObjects: [broken] });
  expect(taken.length).toBe(loaded.objects);
  for (const { key, sha256, sizeBytes } of taken) expect({ key, sha256, sizeBytes }).toEqual({ key, sha256: sha256Hex(stored.get(key) ?? ''), sizeBytes: stored.get(key)?.length });
  const counts = await database.join({ candidateHash: CANDIDATE, stableHash: undefined, fromMs: FROM_MS, nowMs, horizonMs: 2 * HOUR_MS, population: 'All' });
  const samples: PairedSample[] = [];
  for await (const page of database.samples(true)) samples.push(...page);
  database.close();
  expect(samples.map(({ entity, positive, stable, candidate }) => [entity, positive, stable, candidate])).toEqual([['c2', true, 0.4, 0.6], ['c3', true, 0.4, 0.6], ['c4', true, 0.4, 0.6]]);
  expect(counts).toMatchObject({ predictions: 3, unmatched: 2, beforeWindow: 1 });
  expect(await readdir(scratch)).toEqual([]);
});

test('a disk that is full is no fault of the objects: nothing is joined without them', async () => {
  const [root, scratch] = [await temporaryFolder(), await temporaryFolder()];
  const store = new FileStore(root);
  for (const at of [1, 2]) await store.put(predictionsKey(layout.predictions, FROM_MS, 'pod', `w-${at}`), gzipSync(`${prediction(FROM_MS, at)}\n`), { ifAbsent: false, signal });
  const repository = { store, prefix: 'models/telco-churn', url: '', patience: { totalMs: 0, baseMs: 1, maxMs: 1, signal } };
  // As DuckDB says it.
  const full = new Error('IO Error: Could not write file "spilled/duckdb_temp_storage-0.tmp": No space left on device');
  const loading = loadFeedback({ repository, layout, window: { fromMs: FROM_MS, toMs: FROM_MS }, database: { load: async () => Promise.reject(full) }, scratch, logger: keptLogger().logger });
  await expect(loading).rejects.toBe(full);
  expect(await readdir(scratch)).toEqual([]);
});

test('an object that is refused waits for those that are on their way: none of them writes a file when all are removed', async () => {
  const [root, scratch] = [await temporaryFolder(), await temporaryFolder()];
  const stored = new FileStore(root);
  for (const at of [1, 2]) await stored.put(predictionsKey(layout.predictions, FROM_MS, 'pod', `w-${at}`), gzipSync(`${prediction(FROM_MS, at)}\n`), { ifAbsent: false, signal });
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const order: string[] = [];
  const store = Object.assign(new FileStore(root), {
    read: async (...given: Parameters<FileStore['read']>) => {
      if (given[0].includes('w-1')) throw new ChurnOpsError('AccessDenied', 'no');
      await held;
      order.push('came');
      return stored.read(...given);
    },
  });
  const repository = { store, prefix: 'models/telco-churn', url: '', patience: { totalMs: 0, baseMs: 1, maxMs: 1, signal } };
  const loading = loadFeedback({ repository, layout, window: { fromMs: FROM_MS, toMs: FROM_MS }, database: { load: async () => 0 }, scratch, logger: keptLogger().logger });
  const ended = expect(loading.finally(() => order.push('ended'))).rejects.toMatchObject({ code: 'AccessDenied' });
  // As many turns as it would take to end too early.
  for (let turn = 0; turn < 50; turn += 1) await readdir(scratch);
  letGo(undefined);
  await ended;
  expect([order, await readdir(scratch)]).toEqual([['came', 'ended'], []]);
});

test('a model that has no journal yet has nothing to load', async () => {
  const [root, scratch, folder] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  const database = await FeedbackDatabase.open({ folder, memoryMiB: 128 });
  const repository = { store: new FileStore(root), prefix: 'models/telco-churn', url: '', patience: { totalMs: 0, baseMs: 1, maxMs: 1, signal } };
  expect(await loadFeedback({ repository, layout, window: { fromMs: 0, toMs: FROM_MS }, database, scratch, logger: keptLogger().logger })).toEqual({ objects: 0, unreadableLines: 0, unreadableObjects: [] });
  database.close();
});
