import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CondensedJournal } from '../../../contracts/condensed-journal.ts';
import { sha256Hex } from '../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { condensedFolder, dayPartition } from '../../../contracts/store-layout.ts';
import type { StoreLayout } from '../../../contracts/store-layout.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { keyName } from '../../../platform/object-store/location.ts';
import { readWhole } from '../../../platform/object-store/object-store.ts';
import { downloadTo } from '../../package/download-object.ts';
import { patiently } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import { RECORD } from './input-object.ts';
import type { FeedbackKind, InputObject } from './input-object.ts';

/** What condensed journal is made of. */
export type CondensedOptions = Readonly<{
  repository: Repository;
  candidateHash: string;
  /** From when on predictions count: nothing was kept before. Epoch milliseconds. */
  fromMs: number;
  layout: Pick<StoreLayout, FeedbackKind>;
  /** URLs of the folders that `layout` names. */
  sources: Readonly<Record<FeedbackKind, string>>;
  database: Pick<FeedbackDatabase, 'load' | 'lines' | 'condense'>;
  scratch: string;
  nowMs: number;
  logger: Logger;
  limits?: CondensedLimits;
}>;

/** When what was read is kept. */
export type CondensedLimits = Readonly<{
  /** Fewer new objects are read again the next time: they are not worth two more objects. */
  leastObjects: number;
  /** Objects of a file: what is cut off begins again there. */
  mostObjects: number;
  /** Lines of a file; the batch that makes them as many is still in it. Files are put as a whole, from memory. */
  mostLines: number;
}>;

/** A million lines are some 70 MB. */
export const CONDENSED_LIMITS: CondensedLimits = { leastObjects: 64, mostObjects: 8192, mostLines: 1_000_000 };

/** What is known already. */
export type Known = Readonly<{ keys: ReadonlySet<string>; unreadableLines: number }>;

/** Of 8,192 objects: some 2 MB of index; rows of a segment of 1 MB each take a tenth of it here. */
const MAX_INDEX_BYTES = 32 << 20;
const MAX_FILE_BYTES = 4 * 2 ** 30;

type Unkept = { objects: InputObject[]; unreadableLines: number; fromLine: number };

/**
 * What earlier evaluations read of the journal, so that each object is fetched once and not at every look: a month of ten pods has four
 * hundred thousand of them. Objects of the journal never change; whatever here is not as it was written is passed over, and read anew.
 */
export class CondensedStore {
  readonly #options: CondensedOptions;
  readonly #unkept: Record<FeedbackKind, Unkept> = { predictions: { objects: [], unreadableLines: 0, fromLine: 0 }, labels: { objects: [], unreadableLines: 0, fromLine: 0 } };
  #written = 0;

  constructor(options: CondensedOptions) {
    this.#options = options;
  }

  /**
   * Loads what is kept of a kind into the database.
   * @param taken told of every object of the journal that it stands for
   * @throws ChurnOpsError store errors
   */
  async load(kind: FeedbackKind, taken: (object: InputObject) => void): Promise<Known> {
    const { layout, database, logger } = this.#options;
    const keys = new Set<string>();
    let unreadableLines = 0;
    for (const indexKey of await this.#indexes(kind)) {
      const index = await this.#usable(indexKey, kind);
      const objects = (index?.objects ?? []).map(([path, sha256, sizeBytes]) => ({ key: `${layout[kind]}/${path}`, sha256, sizeBytes }));
      // Two evaluations may have run at once: rows of an object come twice then, and count once, as they do in the journal.
      if (index === undefined || objects.every(({ key }) => keys.has(key))) continue;
      if (!(await this.#loadFile(indexKey, index, kind))) {
        logger.warn({ key: indexKey }, 'condensed journal is not as it was written; its objects are read again');
        continue;
      }
      for (const object of objects) if (!keys.has(object.key)) {
        keys.add(object.key);
        taken(object);
      }
      unreadableLines += index.unreadableLines;
    }
    this.#unkept[kind].fromLine = await database.lines(RECORD[kind]);
    return { keys, unreadableLines };
  }

  /** Objects that were read into the database, to be kept. @throws ChurnOpsError store errors */
  async note(kind: FeedbackKind, objects: readonly InputObject[], unreadableLines: number): Promise<void> {
    const { database, limits = CONDENSED_LIMITS } = this.#options;
    const unkept = this.#unkept[kind];
    unkept.objects.push(...objects);
    unkept.unreadableLines += unreadableLines;
    const lines = (await database.lines(RECORD[kind])) - unkept.fromLine;
    if (unkept.objects.length >= limits.mostObjects || lines >= limits.mostLines) await this.keep(kind);
  }

  /** Keeps what was noted, where it is worth it: the file first, the index that names it last. @throws ChurnOpsError store errors */
  async keep(kind: FeedbackKind): Promise<void> {
    const { repository, candidateHash, database, sources, layout, scratch, nowMs, limits = CONDENSED_LIMITS } = this.#options;
    const { objects, unreadableLines, fromLine } = this.#unkept[kind];
    if (objects.length < limits.leastObjects) return;
    const file = join(scratch, `condensed-${kind}.ndjson.gz`);
    try {
      await database.condense(RECORD[kind], fromLine, file);
      const bytes = await readFile(file);
      const atMs = nowMs + this.#written;
      this.#written += 1;
      const name = `${condensedFolder(layout.labels, dayPartition(atMs), candidateHash)}/${new Date(atMs).toISOString().replaceAll(/[:.]/g, '')}-${kind}`;
      const data = `${name}.ndjson.gz`;
      const index: CondensedJournal = {
        schemaVersion: 1,
        kind: 'CondensedJournal',
        of: kind,
        source: sources[kind],
        file: keyName(data),
        sha256: sha256Hex(bytes),
        sizeBytes: bytes.length,
        unreadableLines,
        objects: objects.map(({ key, sha256, sizeBytes }) => [key.slice(layout[kind].length + 1), sha256, sizeBytes]),
      };
      const put = async (key: string, content: Uint8Array): Promise<unknown> => patiently(repository, () => repository.store.put(key, content, { ifAbsent: false, signal: repository.patience.signal }));
      await put(data, bytes);
      await put(`${name}.json`, Buffer.from(`${JSON.stringify(index)}\n`));
    } finally {
      await rm(file, { force: true });
    }
    this.#unkept[kind] = { objects: [], unreadableLines: 0, fromLine: await database.lines(RECORD[kind]) };
  }

  async #indexes(kind: FeedbackKind): Promise<readonly string[]> {
    const { repository, layout, candidateHash, fromMs } = this.#options;
    const { store, patience } = repository;
    return patiently(repository, async () => {
      const days = (await store.folders(layout.labels, patience.signal)).filter((day) => day >= dayPartition(fromMs) && day.startsWith('dt='));
      const found: string[] = [];
      for (const day of days.toSorted((a, b) => (a < b ? -1 : 1))) {
        for await (const page of store.keys(condensedFolder(layout.labels, day, candidateHash), patience.signal)) found.push(...page.filter((key) => key.endsWith(`-${kind}.json`)));
      }
      return found.toSorted((a, b) => (a < b ? -1 : 1));
    });
  }

  /** Undefined for what is no index of this journal. */
  async #usable(key: string, kind: FeedbackKind): Promise<CondensedJournal | undefined> {
    const { repository, sources, logger } = this.#options;
    try {
      const bytes = await patiently(repository, () => readWhole(repository.store, key, { maxBytes: MAX_INDEX_BYTES, signal: repository.patience.signal }));
      const index = CondensedJournal.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return index.of === kind && index.source === sources[kind] ? index : undefined;
    } catch (error) {
      if (error instanceof ChurnOpsError && error.code !== 'FileMissing' && error.code !== 'PackageTooLarge') throw error;
      logger.warn({ error, key }, 'condensed journal cannot be read; its objects are read again');
      return undefined;
    }
  }

  /** Whether the file was as its index says it is. */
  async #loadFile(indexKey: string, { file, sha256 }: CondensedJournal, kind: FeedbackKind): Promise<boolean> {
    const { repository, database, scratch } = this.#options;
    const local = join(scratch, `kept-${kind}.ndjson.gz`);
    try {
      const found = await downloadTo(repository, `${indexKey.slice(0, indexKey.lastIndexOf('/'))}/${file}`, local, MAX_FILE_BYTES);
      return found.sha256 === sha256 && (await database.load(RECORD[kind], [local])) === 0;
    } catch (error) {
      if (error instanceof ChurnOpsError && error.code === 'FileMissing') return false;
      throw error;
    } finally {
      await rm(local, { force: true });
    }
  }
}
