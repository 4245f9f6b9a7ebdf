import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { PredictionRecord } from '../../../../contracts/journal.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { Journal } from '../../../../server/journal/journal.ts';
import { RecordWriter } from '../../../../server/journal/record-writer.ts';
import { FolderDisk } from '../../../../server/journal/segment-disk.ts';
import { StoreWriter } from '../../../../server/journal/store-writer.ts';
import { JournalMetrics } from '../../../../server/telemetry/journal-metrics.ts';
import { keptLogger, temporaryFolder, tinyCard } from '../tiny-package.ts';
import { plainRow } from './rows.ts';

const never = new AbortController().signal;

async function container(folder: string, root: string) {
  const registry = new Registry();
  const metrics = new JournalMetrics(registry, () => journal.waiting);
  const journal = await Journal.open({
    records: new RecordWriter({ card: tinyCard, features: true, redact: [] }),
    samplePercent: 100,
    disk: new FolderDisk(folder),
    store: new StoreWriter(new FileStore(root), 60_000),
    prefix: 'predictions/tiny-churn',
    pod: 'pod',
    events: metrics,
    logger: keptLogger().logger,
    schedule: () => () => undefined,
  });
  return { journal, registry };
}

async function storedRecords(root: string) {
  const store = new FileStore(root);
  const records: PredictionRecord[] = [];
  for await (const keys of store.keys('predictions/tiny-churn', never)) {
    for (const key of keys) {
      const text = gunzipSync(await readWhole(store, key, { maxBytes: 1 << 20, signal: never })).toString('utf8');
      for (const line of text.trimEnd().split('\n')) records.push(PredictionRecord.parse(JSON.parse(line)));
    }
  }
  return records;
}

test('what a killed container wrote to the volume, its successor ships; metrics tell of it', async () => {
  const [volume, root] = [await temporaryFolder(), await temporaryFolder()];
  const folder = join(volume, 'journal');
  const first = await container(folder, root);
  for (const predictionId of ['a', 'b']) first.journal.observe({ ...plainRow, predictionId });
  // The store is away: what is written stays. Then the process is killed while it writes.
  const stop = AbortSignal.abort(new Error('killed'));
  await expect(first.journal.ship(stop)).rejects.toThrow('killed');
  const [segment = ''] = await readdir(folder);
  await appendFile(join(folder, segment), '{"schemaVersion":1,"id":"c"');

  const second = await container(folder, root);
  expect(await second.registry.metrics()).toContain('churnops_journal_segments 1\n');
  second.journal.observe({ ...plainRow, predictionId: 'd' });
  expect(await second.journal.close(never)).toEqual({ segments: 0, sizeBytes: 0 });
  expect((await storedRecords(root)).map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'd']);
  expect(await readdir(folder)).toEqual([]);
  const metrics = await second.registry.metrics();
  for (const line of ['churnops_journal_records_total 1', 'churnops_journal_shipped_total 3', 'churnops_journal_torn_segments_total 1', 'churnops_journal_segments_bytes 0']) expect(metrics).toContain(`${line}\n`);
});
