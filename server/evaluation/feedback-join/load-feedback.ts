import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreLayout } from '../../../contracts/store-layout.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { patiently } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import { labelKeys, predictionKeys } from './journal-keys.ts';
import type { Window } from './journal-keys.ts';

/** An object that was read: what evidence names as an input. */
export type InputObject = Readonly<{ key: string; sha256: string; sizeBytes: number }>;

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
  /** Which objects there are; default: those of the window. */
  objects?: ObjectSource;
}>;

/** What an object of the journal holds. */
export type FeedbackKind = 'predictions' | 'labels';

/** Gives the keys of one kind, in groups. */
export type ObjectSource = (kind: FeedbackKind) => AsyncIterable<readonly string[]>;

const RECORD = { predictions: 'prediction', labels: 'label' } as const satisfies Record<FeedbackKind, 'prediction' | 'label'>;

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
  const ofWindow: ObjectSource = (kind) => (kind === 'predictions' ? predictionKeys(repository, layout.predictions, window) : labelKeys(repository, layout.labels, window));
  const objects = options.objects ?? ofWindow;
  const predictions = await loadKind(options, 'predictions', objects('predictions'));
  const labels = await loadKind(options, 'labels', objects('labels'));
  return {
    objects: predictions.objects + labels.objects,
    unreadableLines: predictions.unreadableLines + labels.unreadableLines,
    unreadableObjects: [...predictions.unreadableObjects, ...labels.unreadableObjects],
  };
}

async function loadKind(options: LoadOptions, kind: FeedbackKind, days: AsyncIterable<readonly string[]>): Promise<Loaded> {
  let objects = 0;
  let unreadableLines = 0;
  const unreadableObjects: string[] = [];
  for await (const keys of days) {
    for (let first = 0; first < keys.length; first += BATCH_OBJECTS) {
      const batch = keys.slice(first, first + BATCH_OBJECTS);
      const files = batch.map((_, at) => join(options.scratch, `${kind}-${at}.ndjson.gz`));
      try {
        const found = await Promise.all(batch.map(async (key, at) => download(options, key, files[at] ?? '')));
        const result = await loadBatch(options, kind, batch, files);
        unreadableLines += result.unreadableLines;
        unreadableObjects.push(...result.unreadableObjects);
        objects += batch.length - result.unreadableObjects.length;
        for (const object of found) if (!result.unreadableObjects.includes(object.key)) options.taken?.(object, kind);
      } finally {
        await Promise.all(files.map(async (file) => rm(file, { force: true })));
      }
    }
  }
  return { objects, unreadableLines, unreadableObjects };
}

/** One object that is no gzip must not keep the others away: after a failure each is taken by itself. */
async function loadBatch({ database, logger }: LoadOptions, kind: FeedbackKind, keys: readonly string[], files: readonly string[]): Promise<Omit<Loaded, 'objects'>> {
  try {
    return { unreadableLines: await database.load(RECORD[kind], files), unreadableObjects: [] };
  } catch (error) {
    logger.warn({ error, kind }, 'a batch of the journal cannot be read as a whole; reading its objects one by one');
  }
  let unreadableLines = 0;
  const unreadableObjects: string[] = [];
  for (const [at, key] of keys.entries()) {
    try {
      unreadableLines += await database.load(RECORD[kind], files.slice(at, at + 1));
    } catch (error) {
      logger.error({ error, key }, 'an object of the journal cannot be read');
      unreadableObjects.push(key);
    }
  }
  return { unreadableLines, unreadableObjects };
}

async function download({ repository }: LoadOptions, key: string, path: string): Promise<InputObject> {
  return patiently(repository, async () => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const file = await open(path, 'w');
    try {
      for await (const chunk of await repository.store.read(key, { maxBytes: MAX_OBJECT_BYTES, signal: repository.patience.signal })) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        await file.write(chunk);
      }
    } finally {
      await file.close();
    }
    return { key, sha256: hash.digest('hex'), sizeBytes };
  });
}
