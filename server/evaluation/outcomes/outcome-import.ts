import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { canonicalJson, sha256Hex } from '../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { ImportedFile, MAX_IMPORT_PROBLEMS } from '../../../contracts/outcome-import.ts';
import type { ImportProblem, OutcomeImport } from '../../../contracts/outcome-import.ts';
import { labelsKey } from '../../../contracts/store-layout.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { readWhole } from '../../../platform/object-store/object-store.ts';
import { downloadTo } from '../../package/download-object.ts';
import { patiently } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';
import { clipped } from '../../report/termination-message.ts';
import { OutcomeFile } from './outcome-file.ts';
import type { OutcomeContext, OutcomeMapping } from './outcome-rows.ts';

/** What an import works on. */
export type OutcomeImportOptions = Readonly<{
  /** Where outcome files are: `<prefix>/*.csv` and `<prefix>/<model>/**.csv`; folders of other models are left alone. */
  outcomes: Repository;
  /** Where labels go, and their prefix there. */
  labels: Repository;
  model: string;
  mapping: OutcomeMapping;
  classes: OutcomeContext['labels'];
  standing: OutcomeContext['standing'];
  /** A folder of this process. */
  scratch: string;
  now: () => number;
  logger: Logger;
  /** Told of every file that was read. */
  taken?: (file: Readonly<{ key: string; sha256: string; sizeBytes: number }>) => void;
}>;

/** Labels of one object: some 3 MB before compression. */
const LABELS_PER_OBJECT = 20_000;
const MAX_FILE_BYTES = 1 << 30;
const MAX_MARKER_BYTES = 1 << 20;
const MAX_KEY = 1024;
const compressed = promisify(gzip);

/**
 * Imports outcome files as labels. A file is known by its content: what was imported is not imported again, a corrected file is. Rows that
 * are no labels are passed over and told by file and row, also in later runs, until the file is corrected or removed.
 * @throws ChurnOpsError store errors; what was imported before stays, and the next run goes on
 */
export async function importOutcomes(options: OutcomeImportOptions): Promise<OutcomeImport> {
  const total: { -readonly [Field in keyof OutcomeImport]: OutcomeImport[Field] } = { files: 0, imported: 0, rows: 0, labels: 0, badRows: 0, problems: [] };
  for (const key of await outcomeFiles(options)) {
    const result = await importFile(options, key);
    if (result === undefined) continue;
    total.files += 1;
    if (result.isNew) total.imported += 1;
    const { file } = result;
    total.rows += file.rows;
    total.labels += file.labels;
    total.badRows += file.badRows;
    total.problems = [...total.problems, ...file.problems].slice(0, MAX_IMPORT_PROBLEMS);
  }
  return total;
}

async function outcomeFiles({ outcomes, model }: OutcomeImportOptions): Promise<readonly string[]> {
  const { store, prefix, patience } = outcomes;
  const below = prefix === '' ? '' : `${prefix}/`;
  return patiently(outcomes, async () => {
    const found: string[] = [];
    for await (const page of store.keys(prefix === '' ? model : prefix, patience.signal)) {
      found.push(...page.filter((key) => key.endsWith('.csv') && key.length <= MAX_KEY && isOurs(key.slice(below.length), model)));
    }
    return found.toSorted();
  });
}

function isOurs(path: string, model: string): boolean {
  return !path.includes('/') || path.startsWith(`${model}/`);
}

/** Undefined where the file is gone. */
async function importFile(options: OutcomeImportOptions, key: string): Promise<Readonly<{ file: ImportedFile; isNew: boolean }> | undefined> {
  const local = join(options.scratch, 'outcomes.csv');
  try {
    const copied = await copyFile(options, key, local);
    if (copied === 'Gone') return undefined;
    if (copied !== 'TooLarge') return await importCopy(options, key, local, copied.digest);
    const problems = [{ file: key, message: `has more than ${MAX_FILE_BYTES} bytes: split it` }];
    return { file: { ...unread(key, options.now()), problems }, isNew: false };
  } finally {
    await rm(local, { force: true });
  }
}

function unread(file: string, startedMs: number): ImportedFile {
  return { schemaVersion: 1, file, startedAt: new Date(startedMs).toISOString(), rows: 0, labels: 0, badRows: 0, problems: [] };
}

async function importCopy(options: OutcomeImportOptions, key: string, local: string, digest: string): Promise<Readonly<{ file: ImportedFile; isNew: boolean }>> {
  const marker = `${options.labels.prefix}/imported/${digest}.json`;
  const known = await readMarker(options.labels, marker);
  if (known?.finishedAt !== undefined) return { file: { ...known, file: key, problems: known.problems.map((problem) => ({ ...problem, file: key })) }, isNew: false };
  const startedMs = known === undefined ? options.now() : Date.parse(known.startedAt);
  const begun = unread(key, startedMs);
  await writeMarker(options.labels, marker, begun);
  const read = await importLocal(options, local, { key, digest, startedMs });
  const file = { ...begun, ...read, finishedAt: new Date(options.now()).toISOString() };
  await writeMarker(options.labels, marker, file);
  options.logger.info({ file: key, rows: file.rows, labels: file.labels, badRows: file.badRows }, 'outcome file imported');
  return { file, isNew: true };
}

/** Copies a file to this machine and gives the digest of what it is read by and of its content, which is what it is known by. */
async function copyFile({ outcomes, mapping, classes, taken }: OutcomeImportOptions, key: string, local: string): Promise<Readonly<{ digest: string }> | 'Gone' | 'TooLarge'> {
  const readBy = canonicalJson({ ...mapping, timeColumn: mapping.timeColumn ?? null, negative: classes.negative, positive: classes.positive });
  try {
    const read = await downloadTo(outcomes, key, local, MAX_FILE_BYTES);
    taken?.({ key, ...read });
    return { digest: sha256Hex(`${readBy}\n${read.sha256}`) };
  } catch (thrown) {
    if (!(thrown instanceof ChurnOpsError)) throw thrown;
    if (thrown.code === 'FileMissing') return 'Gone';
    if (thrown.code === 'PackageTooLarge') return 'TooLarge';
    throw thrown;
  }
}

type Import = Readonly<{ key: string; digest: string; startedMs: number }>;

async function importLocal(options: OutcomeImportOptions, local: string, { key, digest, startedMs }: Import): Promise<Pick<ImportedFile, 'rows' | 'labels' | 'badRows' | 'problems'>> {
  const { mapping, classes, standing, labels: target } = options;
  const file = new OutcomeFile(mapping, { labels: classes, standing, startedMs });
  let lines: string[] = [];
  let objects = 0;
  let labels = 0;
  const flush = async (): Promise<void> => {
    objects += 1;
    const object = labelsKey(target.prefix, startedMs, 'import', `${digest}-${String(objects).padStart(6, '0')}`);
    const bytes = await compressed(lines.join(''));
    await patiently(target, () => target.store.put(object, bytes, { ifAbsent: false, signal: target.patience.signal }));
    lines = [];
  };
  for await (const label of file.labels(createReadStream(local))) {
    lines.push(`${JSON.stringify(label)}\n`);
    labels += 1;
    if (lines.length === LABELS_PER_OBJECT) await flush();
  }
  if (lines.length > 0) await flush();
  const problems = file.problems.map((problem): ImportProblem => ({ file: key, ...problem, message: clipped(problem.message, 256) }));
  return { rows: file.rows, labels, badRows: file.badRows, problems };
}

async function readMarker({ store, patience }: Repository, key: string): Promise<ImportedFile | undefined> {
  try {
    const bytes = await patiently({ patience }, () => readWhole(store, key, { maxBytes: MAX_MARKER_BYTES, signal: patience.signal }));
    const parsed = ImportedFile.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (thrown) {
    // One that cannot be read is made anew.
    if (thrown instanceof SyntaxError || (thrown instanceof ChurnOpsError && thrown.code === 'FileMissing')) return undefined;
    throw thrown;
  }
}

async function writeMarker({ store, patience }: Repository, key: string, file: ImportedFile): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`);
  await patiently({ patience }, () => store.put(key, bytes, { ifAbsent: false, signal: patience.signal }));
}
