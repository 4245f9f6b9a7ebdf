import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { condensedFolder, dayPartition, labelsKey, predictionsKey, storeLayout } from '../../../../contracts/store-layout.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { CondensedStore } from '../../../../server/evaluation/feedback-join/condensed-store.ts';
import type { CondensedLimits, CondensedOptions } from '../../../../server/evaluation/feedback-join/condensed-store.ts';
import { FeedbackDatabase } from '../../../../server/evaluation/feedback-join/feedback-database.ts';
import { loadFeedback } from '../../../../server/evaluation/feedback-join/load-feedback.ts';
import { expiries, isExpired } from '../../../../server/retention/expiry.ts';
import { CANDIDATE, idAt, STABLE } from '../../../oracles/feedback-worlds.ts';
import { keptLogger, temporaryFolder } from '../tiny-package.ts';

const FROM_MS = Date.parse('2026-11-21T07:00:00Z');
const NOW_MS = FROM_MS + 3_600_000;
const layout = storeLayout('models/telco-churn', 'telco-churn');
const folder = condensedFolder(layout.labels, dayPartition(NOW_MS), CANDIDATE);
const signal = new AbortController().signal;

const LIMITS: CondensedLimits = { leastObjects: 2, mostObjects: 100, mostLines: 1000 };

/** A store that tells what is read of it. */
class ToldStore extends FileStore {
  readonly reads: string[] = [];

  override async read(...[key, options]: Parameters<FileStore['read']>): ReturnType<FileStore['read']> {
    this.reads.push(key);
    return super.read(key, options);
  }
}

async function rig() {
  const root = await temporaryFolder();
  const put = async (key: string, content: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(root, key)), { recursive: true });
    await writeFile(join(root, key), content);
  };
  /** Adds an object with the prediction of a customer, and one with its label. */
  const add = async (at: number): Promise<void> => {
    const [id, instant] = [idAt(FROM_MS + at, at), new Date(FROM_MS + at).toISOString()];
    const scores = { probability: at / 100, candidate: { version: 'v2', hash: CANDIDATE, probability: 1 - at / 100, decision: true } };
    const prediction = { schemaVersion: 1, id, requestId: 'r', entity: `c${at}`, at: instant, version: 'v1', hash: STABLE, decision: false, answered: { role: 'stable', decision: false }, ...scores };
    await put(predictionsKey(layout.predictions, FROM_MS, 'pod', `w-${at}`), gzipSync(`${JSON.stringify(prediction)}\n{"half`));
    await put(labelsKey(layout.labels, FROM_MS, 'pod', `w-${at}`), gzipSync(`${JSON.stringify({ schemaVersion: 1, id, label: at % 2 === 0, observedAt: instant, receivedAt: instant, source: 'feedback' })}\n`));
  };
  let looks = 0;
  const look = async (given: Partial<CondensedOptions> = {}) => {
    const store = new ToldStore(root);
    const repository = { store, prefix: '', url: '', patience: { totalMs: 0, baseMs: 1, maxMs: 1, signal } };
    const [scratch, { logger, lines }] = [await temporaryFolder(), keptLogger()];
    const database = await FeedbackDatabase.open({ folder: await temporaryFolder(), memoryMiB: 128 });
    looks += 1;
    const condensed = new CondensedStore({ repository, candidateHash: CANDIDATE, fromMs: FROM_MS, layout, sources: { predictions: 's3://churn/p', labels: 's3://churn/l' }, database, scratch, nowMs: NOW_MS + looks * 60_000, logger, limits: LIMITS, ...given });
    const taken: string[] = [];
    const loaded = await loadFeedback({ repository, layout, window: { fromMs: FROM_MS, toMs: NOW_MS }, database, scratch, logger, condensed, taken: ({ key, sha256, sizeBytes }) => taken.push(`${key} ${sha256} ${sizeBytes}`) });
    const counts = await database.join({ candidateHash: CANDIDATE, stableHash: STABLE, fromMs: FROM_MS, nowMs: NOW_MS, horizonMs: 1000, population: 'All' });
    const samples: unknown[] = [];
    for await (const page of database.samples(true)) samples.push(...page);
    database.close();
    expect(await readdir(scratch)).toEqual([]);
    const journal = store.reads.filter((key) => !key.includes('/condensed/'));
    return { loaded, counts, samples, taken: taken.toSorted((a, b) => (a < b ? -1 : 1)), read: journal.length, warned: lines.filter((line) => line.includes('condensed journal')).length };
  };
  return { root, put, add, look };
}

const FIRST = [1, 2, 3, 4, 5];

test('each object is read once, and the join is the same', async () => {
  const { root, add, look } = await rig();
  for (const at of FIRST) await add(at);
  const first = await look();
  expect(first).toMatchObject({ read: 10, loaded: { objects: 10, unreadableLines: 5 }, samples: { length: 5 } });
  const again = await look();
  expect(again).toEqual({ ...first, read: 0 });
  for (const at of [6, 7]) await add(at);
  const more = await look();
  expect(more).toMatchObject({ read: 4, loaded: { objects: 14, unreadableLines: 7 }, samples: { length: 7 } });
  expect(await look()).toEqual({ ...more, read: 0 });
  await rm(join(root, folder), { recursive: true });
  expect(await look()).toEqual({ ...more, read: 14 });
});

test('few new objects are not worth two more; many are kept in parts', async () => {
  const { root, add, look } = await rig();
  for (const at of FIRST) await add(at);
  const whole = await look({ limits: { ...LIMITS, leastObjects: 6 } });
  await expect(readdir(join(root, folder))).rejects.toThrow('ENOENT');
  expect(await look({ limits: { ...LIMITS, leastObjects: 1, mostObjects: 1 } })).toMatchObject({ read: 10 });
  expect(await look()).toEqual({ ...whole, read: 0 });
});

test('many lines are kept in parts, however few objects they are of: a part is put from memory', async () => {
  const { root, add, look } = await rig();
  for (let at = 1; at <= 40; at += 1) await add(at);
  const limits = { ...LIMITS, leastObjects: 1 };
  const whole = await look({ limits: { ...limits, mostLines: 30 } });
  const names = await readdir(join(root, folder));
  // Objects come in batches of 32, and each has a line: 32 of a kind, and the 8 that are left.
  expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(4);
  expect(await look()).toEqual({ ...whole, read: 0 });
});

test('retention deletes them as it does labels', async () => {
  const { root, add, look } = await rig();
  for (const at of FIRST) await add(at);
  await look();
  const names = await readdir(join(root, folder));
  expect(names.length).toBe(4);
  const [expiry] = expiries(layout, { rawMs: undefined, predictionsMs: 86_400_000, evaluationsMs: undefined }, undefined, NOW_MS + 2 * 86_400_000).filter(({ kind }) => kind === 'labels');
  for (const name of names) expect(expiry === undefined ? undefined : isExpired(expiry, `${folder}/${name}`)).toBe(true);
});

describe('what is not as it was written is read anew', () => {
  test.each<{ name: string; end: string; change: (content: Buffer) => Buffer | undefined }>([
    { name: 'a file that changed', end: '-predictions.ndjson.gz', change: (content) => gzipSync(content) },
    { name: 'a file that is gone', end: '-predictions.ndjson.gz', change: () => undefined },
    { name: 'an index that is cut off', end: '-predictions.json', change: (content) => content.subarray(0, 100) },
    { name: 'an index of something else', end: '-predictions.json', change: () => Buffer.from('{"kind":"EvaluationEvidence"}') },
  ])('$name', async ({ end, change }) => {
    const { root, put, add, look } = await rig();
    for (const at of FIRST) await add(at);
    const first = await look();
    const name = (await readdir(join(root, folder))).find((each) => each.endsWith(end)) ?? '';
    const changed = change(await readFile(join(root, folder, name)));
    if (changed === undefined) await rm(join(root, folder, name));
    else await put(`${folder}/${name}`, changed);
    expect(await look()).toEqual({ ...first, read: 5, warned: 1 });
  });

  test('the journal of another store', async () => {
    const { add, look } = await rig();
    for (const at of FIRST) await add(at);
    const first = await look();
    expect(await look({ sources: { predictions: 's3://other/p', labels: 's3://churn/l' } })).toEqual({ ...first, read: 5 });
  });
});
