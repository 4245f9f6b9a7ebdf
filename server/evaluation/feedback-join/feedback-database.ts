import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { CHOOSE, classify, CONDENSED, DECIDE, DISTINCT, hashNumber, PENDING, SAMPLES, stageFiles, TABLES, TAKE_STAGED, UNMATCHED, writeLines } from './join-sql.ts';
import type { Exclusion, JoinCounts, JoinRules, KnownBy, PairedSample } from './pairing.ts';

/** How much a join takes. */
export type DatabaseOptions = Readonly<{
  /** An empty folder on a disk with room: what does not fit into memory goes there. */
  folder: string;
  /** Memory of the database in MiB, at least 128: of two threads each reads through 32. The process has some 150 MiB more. */
  memoryMiB: number;
}>;

/** Customers whose pair is there and not matured yet; `firstMs`: when the first of them was predicted. */
export type PendingCustomers = Readonly<{ customers: number; firstMs: number | undefined }>;

/** Files whose content is at fault; whatever else goes wrong, such as a full disk, says nothing of them. */
export class UnreadableJournal extends Error {
  override readonly name = 'UnreadableJournal';
}

/** The database has no codes for this: it says `Input is not a GZIP stream` of what begins, or goes on, as something else. */
const AT_FAULT = /gzip stream|^Error: (?:Invalid Input|Conversion) Error/i;

const KNOWN_BY = ['Silence', 'Label', 'OtherPrediction'] as const satisfies readonly KnownBy[];
const THREADS = '2';

/** Joins journal and labels on disk, in bounded memory: DuckDB, loaded only where there is something to join. */
export class FeedbackDatabase {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open({ folder, memoryMiB }: DatabaseOptions): Promise<FeedbackDatabase> {
    const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
    const instance = await Instance.create(join(folder, 'feedback.duckdb'), {
      memory_limit: `${memoryMiB}MiB`,
      temp_directory: join(folder, 'spilled'),
      threads: THREADS,
      preserve_insertion_order: 'false',
      // What is read comes from elsewhere: nothing in it may reach the network or load code.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const database = new FeedbackDatabase(instance, await instance.connect());
    await database.#connection.run(TABLES);
    return database;
  }

  /**
   * Reads journal files from this machine's disk; they may be deleted then.
   * @returns how many lines were no records
   * @throws UnreadableJournal where a file is no gzip; Error of DuckDB for the rest. Nothing of the files was taken then
   */
  async load(kind: 'prediction' | 'label', files: readonly string[]): Promise<number> {
    if (files.length === 0) return 0;
    await this.#stage(kind, files);
    const [lines] = await this.#numbers('select count(*) from staged');
    const taken = await this.#connection.run(TAKE_STAGED[kind]);
    await this.#connection.run('drop table staged');
    return (lines ?? 0) - taken.rowsChanged;
  }

  /** Records that were read so far. */
  async lines(kind: 'prediction' | 'label'): Promise<number> {
    const [lines = 0] = await this.#numbers(`select count(*) from ${kind}_line`);
    return lines;
  }

  /**
   * Writes what was read since there were `from` lines into a file that `load` reads; all that a join needs of it.
   * @param from as `lines` told it
   */
  async condense(kind: 'prediction' | 'label', from: number, file: string): Promise<void> {
    await this.#connection.run(writeLines(CONDENSED[kind] + String(from), file));
  }

  /**
   * Joins what was read (DESIGN section 3.3); `samples` gives the samples of the join before.
   *
   * One observation a customer: the latest matured prediction. Its outcome is that of the last label that names it, or names its customer
   * within its horizon; without one, that of the last label within its horizon that names another prediction of the customer: who is known to
   * have left is not silent. Silence means "did not happen".
   */
  async join(rules: JoinRules): Promise<JoinCounts> {
    const { fromMs, nowMs, horizonMs, candidateHash, stableHash } = rules;
    const bounds = { fromMs: BigInt(Math.ceil(fromMs)), horizonMs: BigInt(horizonMs) };
    await this.#connection.run(DISTINCT);
    await this.#connection.run(classify(rules.population), { ...bounds, nowMs: BigInt(Math.floor(nowMs)), candidateHash: hashNumber(candidateHash), stableHash: hashNumber(stableHash) });
    await this.#connection.run(CHOOSE);
    await this.#connection.run(DECIDE, { horizonMs: bounds.horizonMs });
    const [predictions = 0, labels = 0, eligible = 0, chosen = 0] = await this.#numbers(
      'select (select count(*) from prediction), (select count(*) from resolved), (select count(*) from classified where exclusion is null), (select count(*) from chosen)',
    );
    const [unmatched = 0, beforeWindow = 0] = await this.#numbers(UNMATCHED, bounds);
    return { predictions, excluded: await this.#excluded(), superseded: eligible - chosen, labels, unmatched, beforeWindow };
  }

  /** Who is going to mature, of the join before: customers without a matured pair. */
  async pending(): Promise<PendingCustomers> {
    const [customers = 0, firstMs = 0] = await this.#numbers(PENDING);
    return { customers, firstMs: customers === 0 ? undefined : firstMs };
  }

  /** The samples, in pages. */
  async *samples(withPairs: boolean): AsyncGenerator<readonly PairedSample[]> {
    const result = await this.#connection.stream(SAMPLES);
    for await (const rows of result.yieldRows()) yield rows.map((row) => sampleOf(row, withPairs));
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #stage(kind: 'prediction' | 'label', files: readonly string[]): Promise<void> {
    try {
      await this.#connection.run(stageFiles(kind, files));
    } catch (cause) {
      const said = String(cause);
      throw AT_FAULT.test(said) ? new UnreadableJournal(said, { cause }) : cause;
    }
  }

  async #excluded(): Promise<JoinCounts['excluded']> {
    const excluded: Record<Exclusion, number> = { BeforeWindow: 0, NotMatured: 0, OtherVersion: 0, NoCandidateScore: 0, OutsidePopulation: 0 };
    const reader = await this.#connection.runAndReadAll('select exclusion, count(*) from classified where exclusion is not null group by exclusion');
    for (const [exclusion = null, count] of reader.getRows()) if (isExclusion(exclusion, excluded)) excluded[exclusion] = Number(count);
    return excluded;
  }

  async #numbers(sql: string, values: Record<string, DuckDBValue> = {}): Promise<readonly number[]> {
    const reader = await this.#connection.runAndReadAll(sql, values);
    return (reader.getRows()[0] ?? []).map(Number);
  }
}

function isExclusion(value: DuckDBValue, excluded: Readonly<Record<Exclusion, number>>): value is Exclusion {
  return typeof value === 'string' && Object.hasOwn(excluded, value);
}

function sampleOf([predictionId, entity, atMs, stable, candidate, positive, tier]: readonly DuckDBValue[], withPairs: boolean): PairedSample {
  return {
    predictionId: String(predictionId),
    entity: typeof entity === 'string' ? entity : null,
    atMs: Number(atMs),
    stable: Number(stable),
    candidate: withPairs && typeof candidate === 'number' ? candidate : Number.NaN,
    positive: positive === true,
    knownBy: KNOWN_BY[Number(tier)] ?? 'Silence',
  };
}
