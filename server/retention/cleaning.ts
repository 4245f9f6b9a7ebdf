import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { PAGE_KEYS } from '../../platform/object-store/object-store.ts';
import type { NotDeleted } from '../../platform/object-store/object-store.ts';
import { patiently } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { isExpired, mayHoldExpired } from './expiry.ts';
import type { Expiry, Retained } from './expiry.ts';

const MAX_SAMPLES = 5;

/** Some keys of a deletion wait for a better moment. */
class KeysBusy extends ChurnOpsError {
  constructor(message: string) {
    super('StoreUnreachable', message);
  }
}

/** What became of one kind. */
export type Cleaned = Readonly<{
  kind: Retained;
  /** Deleted, or in a dry run what would have been. */
  objects: number;
  /** Days; of evaluations subjects. */
  partitions: number;
  notDeleted: number;
  /** Some that were not deleted. */
  samples: readonly NotDeleted[];
  /** What ended it early. */
  error: ChurnOpsError | undefined;
}>;

/** Deletes what is expired of one kind, page by page: memory does not grow with what there is. */
export class Cleaning {
  readonly #repository: Repository;
  readonly #expiry: Expiry;
  readonly #dryRun: boolean;
  readonly #logger: Logger;
  readonly #samples: NotDeleted[] = [];
  #objects = 0;
  #notDeleted = 0;
  #partitions = 0;

  constructor(repository: Repository, expiry: Expiry, dryRun: boolean, logger: Logger) {
    this.#repository = repository;
    this.#expiry = expiry;
    this.#dryRun = dryRun;
    this.#logger = logger;
  }

  /** @throws the signal's reason when stopped; a store error ends it early and is part of what it gives */
  async run(): Promise<Cleaned> {
    let error: ChurnOpsError | undefined;
    try {
      await this.#clean();
    } catch (thrown) {
      this.#repository.patience.signal.throwIfAborted();
      if (!(thrown instanceof ChurnOpsError)) throw thrown;
      this.#logger.error({ error: thrown, kind: this.#expiry.kind }, 'retention ended early');
      error = thrown;
    }
    return { kind: this.#expiry.kind, objects: this.#objects, partitions: this.#partitions, notDeleted: this.#notDeleted, samples: this.#samples, error };
  }

  async #clean(): Promise<void> {
    const { store, patience } = this.#repository;
    const { kind, prefix, cutOffMs } = this.#expiry;
    this.#logger.info({ kind, prefix, olderThan: new Date(cutOffMs).toISOString(), dryRun: this.#dryRun }, 'looking for expired days');
    const folders = await patiently(this.#repository, () => store.folders(prefix, patience.signal));
    // Days that live on are not even listed.
    for (const folder of folders.filter((each) => mayHoldExpired(this.#expiry, each)).toSorted()) {
      const before = this.#objects;
      await this.#cleanFolder(`${prefix}/${folder}`);
      if (this.#objects === before) continue;
      this.#partitions += 1;
      this.#logger.info({ kind, folder: `${prefix}/${folder}`, objects: this.#objects - before, dryRun: this.#dryRun }, this.#dryRun ? 'expired' : 'deleted');
    }
  }

  /** A listing that breaks off is begun again: what it gave before is deleted by then. */
  async #cleanFolder(folder: string): Promise<void> {
    const { store, patience } = this.#repository;
    if (this.#dryRun) {
      const counted = await patiently(this.#repository, async () => {
        let count = 0;
        for await (const page of store.keys(folder, patience.signal)) count += page.filter((key) => isExpired(this.#expiry, key)).length;
        return count;
      });
      this.#objects += counted;
      return;
    }
    const refused = new Set<string>();
    await patiently(this.#repository, async () => {
      for await (const page of store.keys(folder, patience.signal)) {
        const expired = page.filter((key) => isExpired(this.#expiry, key) && !refused.has(key));
        for (let first = 0; first < expired.length; first += PAGE_KEYS) await this.#delete(expired.slice(first, first + PAGE_KEYS), refused);
      }
    });
  }

  async #delete(keys: readonly string[], refused: Set<string>): Promise<void> {
    const left = await this.#deletePatiently(keys);
    this.#notDeleted += left.length;
    this.#samples.push(...left.slice(0, MAX_SAMPLES - this.#samples.length));
    for (const { key, why } of left.slice(0, MAX_SAMPLES)) this.#logger.error({ key, why }, 'not deleted');
    // Bounded: a store that refuses this many refuses them all.
    for (const { key } of left) if (refused.size < 100_000) refused.add(key);
  }

  /** Gives what is refused for good, or still is when patience ends: a busy store tells so of single keys in an answer that is none the less a success. */
  async #deletePatiently(keys: readonly string[]): Promise<readonly NotDeleted[]> {
    const { store, patience } = this.#repository;
    const final: NotDeleted[] = [];
    let busy: readonly NotDeleted[] = [];
    let asked = keys;
    const attempt = async (): Promise<void> => {
      const left = await store.delete(asked, patience.signal);
      this.#objects += asked.length - left.length;
      // Whatever a store answers: nothing is asked again that was not asked for before.
      const known = new Set(asked);
      final.push(...left.filter((each) => !each.transient || !known.has(each.key)));
      busy = left.filter((each) => each.transient && known.has(each.key));
      asked = busy.map(({ key }) => key);
      const [first] = busy;
      if (first !== undefined) throw new KeysBusy(`The store is too busy to delete ${busy.length} objects (${first.why}).`);
    };
    try {
      await patiently(this.#repository, attempt);
    } catch (thrown) {
      if (!(thrown instanceof KeysBusy)) throw thrown;
    }
    return [...final, ...busy];
  }
}
