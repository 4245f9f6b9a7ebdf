import { keyOf, refOf, type KubeObject, type ObjectRef } from './kube-object.ts';
import { isOlder } from './resource-version.ts';

/** Index keys of an object; an empty list leaves it out. */
export type IndexKeys<T> = (object: T) => readonly string[];

/** One object before and after; both are never undefined at once. */
export type Change<T> = Readonly<{ previous: T | undefined; current: T | undefined }>;

/** Objects by key, with indexes. It never goes back in time for one object. */
export class ObjectStore<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, Index<T>>;

  constructor(indexes: Readonly<Record<string, IndexKeys<T>>>) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, keys]) => [name, new Index(keys)]));
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(keyOf(ref));
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** @throws TypeError for an index that was not declared */
  byIndex(name: string, key: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new TypeError(`no index ${name}; declared are ${[...this.#indexes.keys()].join(', ')}`);
    return index.get(key).flatMap((objectKey) => this.#objects.get(objectKey) ?? []);
  }

  /** Takes an event's object; undefined when something newer is known already. */
  put(object: T): Change<T> | undefined {
    const previous = this.get(refOf(object));
    if (previous !== undefined && isOlder(object.metadata.resourceVersion, previous.metadata.resourceVersion)) return undefined;
    this.#set(object);
    return { previous, current: object };
  }

  /** Takes an event's deletion; undefined when something newer is known, or nothing was. */
  remove(last: T): Change<T> | undefined {
    const previous = this.get(refOf(last));
    if (previous === undefined || isOlder(last.metadata.resourceVersion, previous.metadata.resourceVersion)) return undefined;
    this.#unset(previous);
    return { previous, current: undefined };
  }

  /**
   * Takes a whole list over: what is missing from it has been deleted while nobody watched.
   * @param kept keys that exist on the server though they are not in the list (they did not parse)
   */
  replace(objects: readonly T[], kept: ReadonlySet<string>): readonly Change<T>[] {
    const changes: Change<T>[] = [];
    const listed = new Set(objects.map((object) => keyOf(refOf(object))));
    for (const [key, previous] of this.#objects) {
      if (listed.has(key) || kept.has(key)) continue;
      this.#unset(previous);
      changes.push({ previous, current: undefined });
    }
    for (const current of objects) {
      const previous = this.get(refOf(current));
      if (previous?.metadata.resourceVersion === current.metadata.resourceVersion) continue;
      this.#set(current);
      changes.push({ previous, current });
    }
    return changes;
  }

  #set(object: T): void {
    const key = keyOf(refOf(object));
    const previous = this.#objects.get(key);
    for (const index of this.#indexes.values()) {
      if (previous !== undefined) index.remove(previous, key);
      index.add(object, key);
    }
    this.#objects.set(key, object);
  }

  #unset(object: T): void {
    const key = keyOf(refOf(object));
    for (const index of this.#indexes.values()) index.remove(object, key);
    this.#objects.delete(key);
  }
}

class Index<T> {
  readonly #keysOf: IndexKeys<T>;
  readonly #entries = new Map<string, Set<string>>();

  constructor(keysOf: IndexKeys<T>) {
    this.#keysOf = keysOf;
  }

  get(key: string): readonly string[] {
    return [...(this.#entries.get(key) ?? [])];
  }

  add(object: T, objectKey: string): void {
    for (const key of this.#keysOf(object)) {
      const entry = this.#entries.get(key);
      if (entry === undefined) this.#entries.set(key, new Set([objectKey]));
      else entry.add(objectKey);
    }
  }

  remove(object: T, objectKey: string): void {
    for (const key of this.#keysOf(object)) {
      const entry = this.#entries.get(key);
      entry?.delete(objectKey);
      if (entry?.size === 0) this.#entries.delete(key);
    }
  }
}
