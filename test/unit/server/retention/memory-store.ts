import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { assertSafeKey } from '../../../../platform/object-store/location.ts';
import type { NotDeleted, ObjectStore } from '../../../../platform/object-store/object-store.ts';

/** A bucket in memory, as a listing shows it. */
export class MemoryStore implements ObjectStore {
  readonly stored: Set<string>;
  clockMs: number | undefined;
  pageKeys = 3;
  /** Keys that the store will not delete. */
  locked: ReadonlySet<string> = new Set();
  /** How often the store is too busy to delete a key. */
  readonly busy = new Map<string, number>();
  readonly deletions: (readonly string[])[] = [];
  /** Prefixes that may not be listed. */
  forbidden: readonly string[] = [];
  /** A careless store: it lists what it has, whatever it is asked for. */
  ignoresPrefix = false;
  readonly asked: string[] = [];

  constructor(keys: Iterable<string>, clockMs: number | undefined) {
    this.stored = new Set(keys);
    this.clockMs = clockMs;
  }

  async *keys(folder: string): AsyncGenerator<readonly string[]> {
    assertSafeKey(folder);
    this.#ask(folder);
    const all = [...this.stored].filter((key) => this.ignoresPrefix || key.startsWith(`${folder}/`)).toSorted();
    for (let first = 0; first < all.length; first += this.pageKeys) yield all.slice(first, first + this.pageKeys);
  }

  async folders(prefix: string): Promise<readonly string[]> {
    this.#ask(prefix);
    const below = [...this.stored].filter((key) => key.startsWith(`${prefix}/`)).map((key) => key.slice(prefix.length + 1));
    return [...new Set(below.filter((path) => path.includes('/')).map((path) => path.slice(0, path.indexOf('/'))))];
  }

  async delete(keys: readonly string[]): Promise<readonly NotDeleted[]> {
    this.deletions.push(keys);
    const left = keys.flatMap((key): readonly NotDeleted[] => {
      const busy = this.busy.get(key) ?? 0;
      this.busy.set(key, busy - 1);
      if (busy > 0) return [{ key, why: 'SlowDown', transient: true }];
      return this.locked.has(key) ? [{ key, why: 'AccessDenied', transient: false }] : [];
    });
    for (const key of keys) if (!left.some((each) => each.key === key)) this.stored.delete(key);
    return left;
  }

  async nowMs(): Promise<number | undefined> {
    return this.clockMs;
  }

  async read(): Promise<never> {
    throw new Error('retention reads nothing');
  }

  async size(): Promise<never> {
    throw new Error('retention reads nothing');
  }

  async put(): Promise<never> {
    throw new Error('retention writes nothing');
  }

  close(): void {}

  #ask(prefix: string): void {
    this.asked.push(prefix);
    if (this.forbidden.some((each) => prefix.startsWith(each))) throw new ChurnOpsError('AccessDenied', `The store refused to list ${prefix}.`);
  }
}
