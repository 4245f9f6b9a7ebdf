import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RetainEnvironment } from '../../../../contracts/pod-environment.ts';
import { RetentionReport } from '../../../../contracts/reports.ts';
import { dayPartition } from '../../../../contracts/store-layout.ts';
import { isExpired, mayHoldExpired } from '../../../../server/retention/expiry.ts';
import { deleteExpired, MAX_CLOCK_DIFFERENCE_MS, retain } from '../../../../server/retention/retain.ts';
import { keptLogger, temporaryFolder } from '../tiny-package.ts';
import { MemoryStore } from './memory-store.ts';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NOW_MS = Date.parse('2026-11-21T07:30:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HASH = 'f'.repeat(64);
const { signal } = new AbortController();

const BASE = { CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'telco-churn', CHURNOPS_REPOSITORY: 's3://churn/models/telco-churn' };
const MONTH = { CHURNOPS_RETAIN_RAW: '720h', CHURNOPS_RETAIN_PREDICTIONS: '720h', CHURNOPS_RETAIN_EVALUATIONS: '720h' };

async function run(store: MemoryStore, environment: Readonly<Record<string, string>> = MONTH, dryRun = false, attempts = 1): Promise<RetentionReport> {
  const repository = { store, prefix: 'models/telco-churn', url: BASE.CHURNOPS_REPOSITORY, patience: { totalMs: (attempts - 1) * STEP_MS, baseMs: STEP_MS, maxMs: STEP_MS, signal, ...steppedClock() } };
  const report = await deleteExpired(repository, RetainEnvironment.parse({ ...BASE, ...environment }), { dryRun, logger: keptLogger().logger, now: () => new Date(NOW_MS) });
  return RetentionReport.parse(JSON.parse(JSON.stringify(report)));
}

const STEP_MS = 10;

/** Time that passes by waiting only. */
function steppedClock() {
  let ms = 0;
  return {
    now: () => ms,
    random: () => 1,
    wait: async (waitMs: number) => {
      ms += waitMs;
    },
  };
}

/** A key, and what is known of it by the way it was made: nothing here reads a key. */
type Made = Readonly<{ key: string; kind: string; own: boolean; dayStartMs: number | undefined }>;

const MODELS = ['telco-churn', 'telco', 'telco-churn-2', 'telco-churn2'] as const;
const KINDS = ['raw', 'predictions', 'labels', 'evaluations', 'models', 'datasets', 'holdouts', 'outcomes', 'scores', 'features', 'Predictions'] as const;
const daysAgo = fc.oneof(fc.integer({ min: -400, max: 60 }), fc.integer({ min: 27, max: 33 }));
const file = fc.constantFrom('pod-1.ndjson.gz', 'a b+c%2F.csv', 'x/y.csv', 'é.csv', '_SUCCESS');
const garbage = fc.constantFrom('dt=2020-02-30', 'dt=2020-1-1', 'dt=latest', 'dt=2020-01-01.bak', 'DT=2020-01-01', 'year=2020', '2020-01-01', 'dt=', 'tmp');

function keyOf(kind: string, model: string, dayStartMs: number, name: string, subject: string): string {
  const day = new Date(dayStartMs).toISOString().slice(0, 10);
  if (kind === 'evaluations') return `${kind}/${model}/${subject}/${day}T010203004Z-gate.json`;
  return `${kind}/${model}/dt=${day}/${kind === 'predictions' ? 'hour=07/' : ''}${name}`;
}

const dated: fc.Arbitrary<Made> = fc.record({ kind: fc.constantFrom(...KINDS), model: fc.constantFrom(...MODELS), ago: daysAgo, name: file, subject: fc.constantFrom(HASH, 'weekly', 'unresolved') }).map(({ kind, model, ago, name, subject }) => {
  const dayStartMs = Date.parse('2026-11-21T00:00:00.000Z') - ago * DAY_MS;
  return { key: keyOf(kind, model, dayStartMs, name, subject), kind, own: model === 'telco-churn', dayStartMs };
});
const odd: fc.Arbitrary<Made> = fc.record({ kind: fc.constantFrom(...KINDS), model: fc.constantFrom(...MODELS), folder: garbage, name: file }).map(({ kind, model, folder, name }) => ({ key: `${kind}/${model}/${folder}/${name}`, kind, own: model === 'telco-churn', dayStartMs: undefined }));
const stray: fc.Arbitrary<Made> = fc.constantFrom('predictions/dt=2020-01-01/x', 'predictions/telco-churn-dt=2020-01-01/x', 'dt=2020-01-01/x', 'predictions/telco-churn/x', 'x', 'evaluations/telco-churn/2020-01-01T010203Z.json', `evaluations/telco-churn/${HASH}/notes.json`, 'predictions/telco-churn/dt=2020-01-01', 'predictions/telco-churn/dt=2020-01-01/a\u0001b').map((key) => ({ key, kind: 'stray', own: false, dayStartMs: undefined }));

describe('exactly what is expired is deleted', () => {
  const hours = fc.option(fc.integer({ min: 24, max: 24 * 60 }), { nil: undefined });
  test('whatever lies in the bucket, and whatever a listing gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof({ weight: 4, arbitrary: dated }, odd, stray), { maxLength: 60 }), hours, hours, hours, fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }), fc.boolean(), fc.boolean(), async (made, raw, predictions, evaluations, gateDays, dryRun, ignoresPrefix) => {
        const kept: Readonly<Record<string, number | undefined>> = { raw, predictions, labels: predictions, evaluations };
        const gateSinceMs = gateDays === undefined ? Number.POSITIVE_INFINITY : NOW_MS - gateDays * DAY_MS;
        const store = new MemoryStore(made.map(({ key }) => key), NOW_MS);
        store.ignoresPrefix = ignoresPrefix;
        const expected = new Set(made.filter(({ kind, own, dayStartMs }) => {
          const keptHours = kept[kind];
          if (!own || dayStartMs === undefined || keptHours === undefined) return false;
          // The last millisecond of the day is old enough, and before all that a gate looks at.
          return NOW_MS - (dayStartMs + DAY_MS) >= keptHours * HOUR_MS && dayStartMs + DAY_MS <= gateSinceMs;
        }).map(({ key }) => key));
        const environment: Record<string, string> = {};
        if (raw !== undefined) environment['CHURNOPS_RETAIN_RAW'] = `${raw}h`;
        if (predictions !== undefined) environment['CHURNOPS_RETAIN_PREDICTIONS'] = `${predictions}h`;
        if (evaluations !== undefined) environment['CHURNOPS_RETAIN_EVALUATIONS'] = `${evaluations}h`;
        if (gateDays !== undefined) environment['CHURNOPS_KEEP_SINCE'] = new Date(gateSinceMs).toISOString();
        const report = await run(store, environment, dryRun);
        const before = new Set(made.map(({ key }) => key));
        const gone = [...before].filter((key) => !store.stored.has(key));
        expect(new Set(gone)).toEqual(dryRun ? new Set() : expected);
        const { raw: r, predictions: p, labels: l, evaluations: e } = report.deleted;
        if (!ignoresPrefix) expect(r.objects + p.objects + l.objects + e.objects).toBe(expected.size);
        expect(report.outcome).toBe('Done');
      }),
      { numRuns: 1000 },
    );
  });

  test('days that live on are not even listed', async () => {
    const store = new MemoryStore([0, 5, 29, 31, 40].map((ago) => `predictions/telco-churn/${dayPartition(NOW_MS - ago * DAY_MS)}/hour=07/a.gz`), NOW_MS);
    const report = await run(store, { CHURNOPS_RETAIN_PREDICTIONS: '720h' });
    expect(store.asked).toEqual(['predictions/telco-churn', 'predictions/telco-churn/dt=2026-10-12', 'predictions/telco-churn/dt=2026-10-21', 'labels/telco-churn']);
    expect(report).toMatchObject({ outcome: 'Done', reason: 'Cleaned', message: 'Deleted 2 of predictions (2 days).', deleted: { predictions: { objects: 2, partitions: 2 }, labels: { objects: 0, partitions: 0 } } });
    expect((await run(store, { CHURNOPS_RETAIN_PREDICTIONS: '720h' })).reason).toBe('NothingExpired');
  });
});

test.each([
  { name: 'the last millisecond of the day is just old enough', cutOff: '2026-10-22T00:00:00.000Z', expected: true },
  { name: 'and a millisecond before it is not', cutOff: '2026-10-21T23:59:59.999Z', expected: false },
])('$name', ({ cutOff, expected }) => {
  const expiry = { kind: 'labels', prefix: 'labels/telco', cutOffMs: Date.parse(cutOff) } as const;
  expect([isExpired(expiry, 'labels/telco/dt=2026-10-21/a.gz'), mayHoldExpired(expiry, 'dt=2026-10-21')]).toEqual([expected, expected]);
});

test.each([
  { name: 'a backslash', folder: 'a\\b' },
  { name: 'no name', folder: '' },
  { name: 'a control character', folder: 'a\u0001b' },
  { name: 'a name of somebody else', folder: 'notes' },
])('below evaluations a folder with $name is left alone, and the others are cleaned all the same', async ({ folder }) => {
  const [strange, old] = [`evaluations/telco-churn/${folder}/2020-01-01T010203004Z-gate.json`, `evaluations/telco-churn/${HASH}/2020-01-01T010203004Z-gate.json`];
  const store = new MemoryStore([strange, old], NOW_MS);
  expect(await run(store)).toMatchObject({ outcome: 'Done', deleted: { evaluations: { objects: 1, partitions: 1 } } });
  expect([...store.stored]).toEqual([strange]);
});

describe('clocks', () => {
  const old = 'predictions/telco-churn/dt=2020-01-01/hour=07/a.gz';
  test.each([
    { name: 'the node is years ahead', storeMs: NOW_MS - 1000 * DAY_MS, reason: 'ClockDisagrees' },
    { name: 'the store is years ahead', storeMs: NOW_MS + 1000 * DAY_MS, reason: 'ClockDisagrees' },
    { name: 'the store says nothing', storeMs: undefined, reason: 'ClockDisagrees' },
    { name: 'just too far apart', storeMs: NOW_MS - MAX_CLOCK_DIFFERENCE_MS - 1, reason: 'ClockDisagrees' },
    { name: 'minutes apart', storeMs: NOW_MS - 600_000, reason: 'Cleaned' },
  ])('$name: $reason', async ({ storeMs, reason }) => {
    const store = new MemoryStore([old], storeMs);
    const report = await run(store);
    expect([report.reason, store.stored.has(old)]).toEqual([reason, reason !== 'Cleaned']);
    if (reason !== 'Cleaned') expect(report).toMatchObject({ outcome: 'Failed', message: expect.stringMatching(/^Nothing was deleted: /) });
  });
});

describe('what the store refuses', () => {
  const keys = Array.from({ length: 10 }, (_, index) => `predictions/telco-churn/dt=2020-01-0${(index % 3) + 1}/hour=07/${index}.gz`);

  test('some objects: the others go, the Job fails, the next day goes on', async () => {
    const store = new MemoryStore(keys, NOW_MS);
    store.locked = new Set(keys.slice(0, 2));
    const report = await run(store);
    expect([...store.stored]).toEqual(keys.slice(0, 2));
    expect(report).toMatchObject({ outcome: 'Failed', reason: 'SomeNotDeleted', notDeleted: 2, deleted: { predictions: { objects: 8 } }, message: expect.stringContaining(`would not delete 2 objects, ${keys[0]} among them (AccessDenied)`) });
    store.locked = new Set();
    expect(await run(store)).toMatchObject({ outcome: 'Done', deleted: { predictions: { objects: 2 } } });
  });

  test.each([
    { name: 'for a moment: it is asked again for these keys only, and they go', times: 2, deletions: [3, 1, 1], left: 0, reason: 'Cleaned' },
    { name: 'for longer than patience lasts: they are left for the next day', times: 3, deletions: [3, 1, 1], left: 1, reason: 'SomeNotDeleted' },
  ])('some objects $name', async ({ times, deletions, left, reason }) => {
    const day = keys.filter((key) => key.includes('dt=2020-01-02'));
    const store = new MemoryStore(day, NOW_MS);
    store.busy.set(day[1] ?? '', times);
    expect(await run(store, MONTH, false, 3)).toMatchObject({ reason, notDeleted: left, deleted: { predictions: { objects: 3 - left } } });
    expect(store.deletions.map((each) => each.length)).toEqual(deletions);
    expect([...store.stored]).toEqual(day.slice(1, 1 + left));
  });

  test('one kind: the other kinds are cleaned all the same', async () => {
    const store = new MemoryStore([...keys, 'raw/telco-churn/dt=2020-01-01/a.csv'], NOW_MS);
    store.forbidden = ['raw/'];
    expect(await run(store)).toMatchObject({ outcome: 'Failed', reason: 'StoreError', code: 'AccessDenied', deleted: { raw: { objects: 0 }, predictions: { objects: 10 } }, message: expect.stringMatching(/^raw: The store refused to list raw\/telco-churn/) });
    expect([...store.stored]).toEqual(['raw/telco-churn/dt=2020-01-01/a.csv']);
  });
});

test('on a volume: links are removed, never followed, and empty folders go', async () => {
  const root = await temporaryFolder();
  const outside = await temporaryFolder();
  await writeFile(join(outside, 'precious'), 'x');
  const day = join(root, 'predictions/telco-churn/dt=2020-01-01');
  await mkdir(join(day, 'hour=07'), { recursive: true });
  await writeFile(join(day, 'hour=07/a.gz'), 'x');
  await symlink(outside, join(day, 'hour=08'));
  await symlink(outside, join(root, 'predictions/telco-churn/dt=2020-01-02'));
  await mkdir(join(root, 'predictions/telco-churn/dt=2999-01-01'));
  const environment = RetainEnvironment.parse({ ...BASE, CHURNOPS_REPOSITORY: 'file:///models/telco-churn', CHURNOPS_VOLUME: root, CHURNOPS_RETAIN_PREDICTIONS: '720h' });
  const report = await retain({ environment, dryRun: false, logger: keptLogger().logger, signal });
  expect(report).toMatchObject({ outcome: 'Done', deleted: { predictions: { objects: 2, partitions: 1 } } });
  expect(await readdir(outside)).toEqual(['precious']);
  expect((await readdir(join(root, 'predictions/telco-churn'))).toSorted()).toEqual(['dt=2020-01-02', 'dt=2999-01-01']);
  expect(await readdir(root)).toEqual(['predictions']);
});

test.each([
  { name: 'no duration', environment: { CHURNOPS_RETAIN_RAW: '30d' } },
  { name: 'no instant', environment: { CHURNOPS_KEEP_SINCE: 'yesterday' } },
])('$name in the environment', ({ environment }) => expect(RetainEnvironment.safeParse({ ...BASE, ...environment }).success).toBe(false));
