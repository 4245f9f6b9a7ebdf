import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../../../contracts/error-catalogue.ts';
import { LabelRecord } from '../../../../contracts/journal.ts';
import { OutcomeImport } from '../../../../contracts/outcome-import.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { importOutcomes } from '../../../../server/evaluation/outcomes/outcome-import.ts';
import type { OutcomeImportOptions } from '../../../../server/evaluation/outcomes/outcome-import.ts';
import { keptLogger, temporaryFolder } from '../tiny-package.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-21T07:00:00Z');
const signal = new AbortController().signal;
const HEADER = 'customerID,Churn,date\n';

async function rig(files: Readonly<Record<string, string>> = {}) {
  const root = await temporaryFolder();
  const store = new FileStore(root);
  const put = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  for (const [path, content] of Object.entries(files)) await put(path, content);
  const patience = { totalMs: 0, baseMs: 1, maxMs: 1, signal };
  const scratch = await temporaryFolder();
  const run = async (given: Partial<OutcomeImportOptions> = {}) =>
    OutcomeImport.parse(
      await importOutcomes({
        outcomes: { store, prefix: 'outcomes', url: 'file:///outcomes', patience },
        labels: { store, prefix: 'labels/telco-churn', url: 'file:///', patience },
        model: 'telco-churn',
        mapping: { idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'date' },
        classes: { negative: 'No', positive: 'Yes' },
        standing: () => 'Malformed',
        scratch,
        now: () => NOW_MS,
        logger: keptLogger().logger,
        ...given,
      }),
    );
  const objects = async () => {
    const found = new Map<string, readonly LabelRecord[]>();
    for await (const keys of store.keys('labels/telco-churn', signal)) {
      for (const key of keys.filter((each) => each.endsWith('.gz'))) {
        const text = gunzipSync(await readWhole(store, key, { maxBytes: 1 << 24, signal })).toString('utf8');
        found.set(key, text.trimEnd().split('\n').map((line) => LabelRecord.parse(JSON.parse(line))));
      }
    }
    return found;
  };
  const entities = async () => [...(await objects()).values()].flat().map(({ entity }) => entity ?? '').toSorted((a, b) => (a < b ? -1 : 1));
  return { root, store, put, run, objects, entities, patience };
}

test('files of the folder and of the model become labels, those of others do not', async () => {
  const { run, entities, objects } = await rig({
    'outcomes/a.csv': `${HEADER}a,Yes,2026-11-20\n`,
    'outcomes/telco-churn/b.csv': `${HEADER}b,No,2026-11-20\n`,
    'outcomes/telco-churn/dt=2026-11-20/c.csv': `${HEADER}c,No,2026-11-20\n`,
    'outcomes/term-deposit/d.csv': `${HEADER}d,No,2026-11-20\n`,
    'outcomes/telco-churn/notes.txt': 'nothing',
  });
  expect(await run()).toEqual({ files: 3, imported: 3, rows: 3, labels: 3, badRows: 0, problems: [] });
  expect(await entities()).toEqual(['a', 'b', 'c']);
  for (const key of (await objects()).keys()) expect(key).toMatch(/^labels\/telco-churn\/dt=2026-11-21\/import-[0-9a-f]{64}-000001\.ndjson\.gz$/);
});

describe('the same file', () => {
  test('is not imported again, on another day and under another name', async () => {
    const content = `${HEADER}a,Yes,2026-11-20\nb,Maybe,2026-11-20\n`;
    const { run, put, objects, root } = await rig({ 'outcomes/a.csv': content });
    const first = await run();
    expect(first).toMatchObject({ imported: 1, labels: 1, badRows: 1, problems: [{ file: 'outcomes/a.csv', row: 3, column: 'Churn' }] });
    const before = await objects();
    await rm(join(root, 'outcomes/a.csv'));
    await put('outcomes/again.csv', content);
    expect(await run({ now: () => NOW_MS + DAY_MS })).toEqual({ ...first, imported: 0, problems: [{ ...first.problems[0], file: 'outcomes/again.csv' }] });
    expect(await objects()).toEqual(before);
  });

  test('corrected, is; the corrected label is the one received last', async () => {
    const { run, put, objects } = await rig({ 'outcomes/a.csv': `${HEADER}a,Yes,2026-11-20\n` });
    await run();
    await put('outcomes/a.csv', `${HEADER}a,No,2026-11-20\n`);
    expect(await run({ now: () => NOW_MS + DAY_MS })).toMatchObject({ imported: 1, badRows: 0 });
    const [last] = [...(await objects()).values()].flat().toSorted((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
    expect(last).toMatchObject({ entity: 'a', label: false, observedAt: '2026-11-20T23:59:59.999Z' });
  });

  test('read by another column is another question', async () => {
    const { run, entities } = await rig({ 'outcomes/a.csv': 'customerID,account,Churn\na,b,Yes\n' });
    const timeless = { outcomeColumn: 'Churn', timeColumn: undefined };
    await run({ mapping: { ...timeless, idColumn: 'customerID' } });
    await run({ mapping: { ...timeless, idColumn: 'account' } });
    expect(await entities()).toEqual(['a', 'b']);
  });
});

/** The store of a rig that fails at the put of this number. */
function failing({ store, root, patience }: Pick<Awaited<ReturnType<typeof rig>>, 'store' | 'root' | 'patience'>, failsAt: number, code: ErrorCode) {
  let puts = 0;
  const put = async (...given: Parameters<FileStore['put']>) => {
    puts += 1;
    if (puts === failsAt) throw new ChurnOpsError(code, 'gone');
    return store.put(...given);
  };
  return { store: Object.assign(new FileStore(root), { put }), prefix: 'labels/telco-churn', url: '', patience };
}

test('an import that was cut off goes on with the same objects, of the same time', async () => {
  const rows = Array.from({ length: 20_001 }, (_, at) => `c${at},Yes`).join('\n');
  const { root, store, run, objects, patience } = await rig({ 'outcomes/a.csv': `customerID,Churn\n${rows}\n` });
  const mapping = { idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: undefined };
  await expect(run({ mapping, labels: failing({ store, root, patience }, 3, 'StoreUnreachable') })).rejects.toMatchObject({ code: 'StoreUnreachable' });
  const half = await objects();
  expect(half.size).toBe(1);
  expect(await run({ mapping, now: () => NOW_MS + 2 * DAY_MS })).toMatchObject({ imported: 1, labels: 20_001 });
  const all = await objects();
  const [first] = half;
  expect([all.size, all.get(first?.[0] ?? '')]).toEqual([2, first?.[1]]);
  expect(new Set([...all.values()].flat().map(({ observedAt }) => observedAt))).toEqual(new Set(['2026-11-21T07:00:00.000Z']));
});

test('what was in the future when an import was cut off is so when it goes on: its objects hold the same labels', async () => {
  const { run, objects, ...world } = await rig({ 'outcomes/a.csv': `${HEADER}a,Yes,2026-11-20\nb,Yes,2026-11-22\n` });
  await expect(run({ labels: failing(world, 3, 'StoreUnreachable') })).rejects.toMatchObject({ code: 'StoreUnreachable' });
  const before = await objects();
  expect(before.size).toBe(1);
  expect(await run({ now: () => NOW_MS + 2 * DAY_MS })).toMatchObject({ imported: 1, labels: 1, badRows: 1, problems: [{ row: 3, message: 'is in the future' }] });
  expect(await objects()).toEqual(before);
});

test.each([1, 2, 3])('a store that does not find its own folder at put %i is an error, and no outcome file that is gone', async (failsAt) => {
  const { run, ...world } = await rig({ 'outcomes/a.csv': `${HEADER}a,Yes,2026-11-20\n` });
  await expect(run({ labels: failing(world, failsAt, 'FileMissing') })).rejects.toMatchObject({ code: 'FileMissing' });
});

test('a file that is gone when its turn comes is passed over', async () => {
  const { root, run, patience } = await rig({ 'outcomes/a.csv': HEADER });
  const outcomes = { store: Object.assign(new FileStore(root), { read: async () => { throw new ChurnOpsError('FileMissing', 'gone'); } }), prefix: 'outcomes', url: '', patience };
  expect(await run({ outcomes })).toMatchObject({ files: 0 });
});

test('no folder is no file', async () => {
  const { run } = await rig();
  expect(await run()).toEqual({ files: 0, imported: 0, rows: 0, labels: 0, badRows: 0, problems: [] });
});
