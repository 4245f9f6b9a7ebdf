import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreLayout } from '../../../contracts/store-layout.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import { downloadTo } from '../../package/download-object.ts';
import type { Repository } from '../../package/remote-package.ts';
import { UnreadableJournal } from './feedback-database.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import type { CondensedStore } from './condensed-store.ts';
import { RECORD } from './input-object.ts';
import type { FeedbackKind, InputObject } from './input-object.ts';
import { labelKeys, predictionKeys } from './journal-keys.ts';
import type { Window } from './journal-keys.ts';

/** What is loaded, and where to. */
export type LoadOptions = Readonly<{
  repository: Repository;
  layout: Pick<StoreLayout, 'predictions' | 'labels'>;
  /** Predictions made in it; `toMs` is now, since a label may name a prediction that is not matured itself. */
  window: Window;
  database: Pick<FeedbackDatabase, 'load'>;
  /** A folder of this process. */
  scratch: string;
  logger: Logger;
  /** Told of every object that was taken, in an order that depends on the store alone. */
  taken?: (object: InputObject, kind: FeedbackKind) => void;
  /** What earlier evaluations read; default: nothing is known, and nothing is kept. */
  condensed?: CondensedStore;
}>;

/** What was loaded and what was not. */
export type Loaded = Readonly<{
  objects: number;
  /** Lines that were no records. */
  unreadableLines: number;
  /** Objects that were no gzip: nothing of them was taken. */
  unreadableObjects: readonly string[];
}>;

const BATCH_OBJECTS = 32;
/** A segment has some 1 MB at most; this is only against what somebody else put there. */
const MAX_OBJECT_BYTES = 256 << 20;

/**
 * Loads the journal of a window and the labels since, object by object over this machine's disk; at most BATCH_OBJECTS are there at once.
 * @throws ChurnOpsError store errors
 */
export async function loadFeedback(options: LoadOptions): Promise<Loaded> {
  const { repository, layout, window } = options;
  const predictions = await loadKind(options, 'predictions', predictionKeys(repository, layout.predictions, window));
  const labels = await loadKind(options, 'labels', labelKeys(repository, layout.labels, window));
  return {
    objects: predictions.objects + labels.objects,
    unreadableLines: predictions.unreadableLines + labels.unreadableLines,
    unreadableObjects: [...predictions.unreadableObjects, ...labels.unreadableObjects],
  };
}

async function loadKind(options: LoadOptions, kind: FeedbackKind, days: AsyncIterable<readonly string[]>): Promise<Loaded> {
  const { condensed, taken } = options;
  const known = (await condensed?.load(kind, (object) => taken?.(object, kind))) ?? { keys: new Set<string>(), unreadableLines: 0 };
  let objects = known.keys.size;
  let { unreadableLines } = known;
  const unreadableObjects: string[] = [];
  for await (const day of days) {
    const keys = day.filter((key) => !known.keys.has(key));
    for (let first = 0; first < keys.length; first += BATCH_OBJECTS) {
      const batch = keys.slice(first, first + BATCH_OBJECTS);
      const files = batch.map((_, at) => join(options.scratch, `${kind}-${at}.ndjson.gz`));
      try {
        const download = async ([at, key]: readonly [number, string]): Promise<InputObject> => ({ key, ...(await downloadTo(options.repository, key, files[at] ?? '', MAX_OBJECT_BYTES)) });
        // One that fails waits for the others: they would go on writing files that are removed below.
        const found = await inParallel([...batch.entries()], BATCH_OBJECTS, download);
        const result = await loadBatch(options, kind, batch, files);
        const read = found.filter(({ key }) => !result.unreadableObjects.includes(key));
        unreadableLines += result.unreadableLines;
        unreadableObjects.push(...result.unreadableObjects);
        objects += read.length;
        for (const object of read) taken?.(object, kind);
        await condensed?.note(kind, read, result.unreadableLines);
      } finally {
        await Promise.all(files.map(async (file) => rm(file, { force: true })));
      }
    }
  }
  await condensed?.keep(kind);
  return { objects, unreadableLines, unreadableObjects };
}

/**
 * One object that is no gzip must not keep the others away: after such a failure each is taken by itself. Any other failure, a full disk among
 * them, ends the evaluation: a customer whose label was left out would count as one who stayed.
 */
async function loadBatch({ database, logger }: LoadOptions, kind: FeedbackKind, keys: readonly string[], files: readonly string[]): Promise<Omit<Loaded, 'objects'>> {
  try {
    return { unreadableLines: await database.load(RECORD[kind], files), unreadableObjects: [] };
  } catch (error) {
    if (!(error instanceof UnreadableJournal)) throw error;
    logger.warn({ error, kind }, 'a batch of the journal cannot be read as a whole; reading its objects one by one');
  }
  let unreadableLines = 0;
  const unreadableObjects: string[] = [];
  for (const [at, key] of keys.entries()) {
    try {
      unreadableLines += await database.load(RECORD[kind], files.slice(at, at + 1));
    } catch (error) {
      if (!(error instanceof UnreadableJournal)) throw error;
      logger.error({ error, key }, 'an object of the journal cannot be read');
      unreadableObjects.push(key);
    }
  }
  return { unreadableLines, unreadableObjects };
}
