import { constants, createReadStream } from 'node:fs';
import { access, mkdir, open, opendir, readdir, realpath, rename, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { assertSafeKey } from './location.ts';
import { capped, MAX_FOLDERS, PAGE_KEYS } from './object-store.ts';
import type { NotDeleted, ObjectStore, PutOptions, PutOutcome, ReadOptions } from './object-store.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'FileMissing',
  ENOTDIR: 'FileMissing',
  EISDIR: 'FileMissing',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'AccessDenied',
  ENOSPC: 'DiskFull',
  EDQUOT: 'DiskFull',
};

/** What a volume of the network answers while its server is away or busy. */
const TRANSIENT: ReadonlySet<string> = new Set(['EAGAIN', 'EBUSY', 'EIO', 'ESTALE', 'ETIMEDOUT']);

const CANNOT_FLUSH: ReadonlySet<string> = new Set(['EACCES', 'EBADF', 'EINVAL', 'ENOSYS', 'ENOTSUP']);

/** The error code of a failed file system call; undefined for other errors. */
export function systemCode(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A folder of a mounted volume as an object store. Links that lead out of the folder are refused. */
export class FileStore implements ObjectStore {
  readonly #root: string;
  readonly #url: string;

  /**
   * @param root absolute path of the folder
   * @param url how people write it, for messages; `file://` for a whole volume
   */
  constructor(root: string, url = `file://${root}`) {
    this.#root = root;
    this.#url = url;
  }

  async read(key: string, { maxBytes, signal }: ReadOptions): Promise<AsyncIterable<Uint8Array>> {
    const path = await this.#existing(key, signal);
    const { size, isFile } = await this.#guard(key, async () => {
      const found = await stat(path);
      return { size: found.size, isFile: found.isFile() };
    });
    if (!isFile) throw new ChurnOpsError('FileMissing', `${this.#url}/${key} is no file`);
    if (size > maxBytes) throw new ChurnOpsError('PackageTooLarge', `${this.#url}/${key} has ${size} bytes, more than ${maxBytes}`);
    return capped(this.#chunks(key, path, signal), key, maxBytes);
  }

  async size(key: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const found = await stat(await this.#existing(key, signal));
      return found.isFile() ? found.size : undefined;
    } catch (thrown) {
      const error = this.#mapped(key, thrown);
      if (error instanceof ChurnOpsError && error.code === 'FileMissing') return undefined;
      throw error;
    }
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent, signal }: PutOptions): Promise<PutOutcome> {
    assertSafeKey(key);
    signal.throwIfAborted();
    const path = join(this.#root, key);
    await this.#assertRoot();
    return this.#guard(key, async () => {
      // Before the first folder is made: it must not be made at the other end of a link.
      await this.#assertInside(await this.#nearest(dirname(path)));
      await mkdir(dirname(path), { recursive: true });
      await this.#assertInside(dirname(path));
      if (ifAbsent) return this.#create(path, bytes);
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await writeFile(temporary, bytes, { flag: 'wx', flush: true, signal });
        await rename(temporary, path);
        await flushFolder(dirname(path));
      } finally {
        await rm(temporary, { force: true });
      }
      return 'Written';
    });
  }

  async folders(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    if (prefix !== '') assertSafeKey(prefix);
    signal.throwIfAborted();
    await this.#assertRoot();
    try {
      const path = join(this.#root, prefix);
      await this.#assertInside(await realpath(path));
      const entries = await readdir(path, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).slice(0, MAX_FOLDERS);
    } catch (thrown) {
      const error = this.#mapped(prefix, thrown);
      if (error instanceof ChurnOpsError && error.code === 'FileMissing') return [];
      throw error;
    }
  }

  async *keys(folder: string, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    assertSafeKey(folder);
    signal.throwIfAborted();
    await this.#assertRoot();
    let page: string[] = [];
    try {
      await this.#assertInside(await realpath(join(this.#root, folder)));
      for await (const key of walk(this.#root, folder)) {
        signal.throwIfAborted();
        page.push(key);
        if (page.length < PAGE_KEYS) continue;
        yield page;
        page = [];
      }
    } catch (thrown) {
      signal.throwIfAborted();
      const error = this.#mapped(folder, thrown);
      // Nothing has been there yet, or somebody else deletes too.
      if (!(error instanceof ChurnOpsError && error.code === 'FileMissing')) throw error;
    }
    if (page.length > 0) yield page;
  }

  /** Folders that become empty go too. */
  async delete(keys: readonly string[], signal: AbortSignal): Promise<readonly NotDeleted[]> {
    await this.#assertRoot();
    const left: NotDeleted[] = [];
    for (const key of keys) {
      signal.throwIfAborted();
      try {
        assertSafeKey(key);
        const path = join(this.#root, key);
        await this.#assertInside(dirname(path));
        // The link itself, never what it leads to.
        await unlink(path);
        await this.#removeEmpty(dirname(path));
      } catch (thrown) {
        const system = systemCode(thrown);
        if (system !== 'ENOENT') left.push({ key, why: thrown instanceof ChurnOpsError ? thrown.code : (system ?? 'UnknownError'), transient: system !== undefined && TRANSIENT.has(system) });
      }
    }
    return left;
  }

  /** The time that the volume gives a file: on a network volume that of its server. */
  async nowMs(_folder: string, signal: AbortSignal): Promise<number | undefined> {
    signal.throwIfAborted();
    await this.#assertRoot();
    const name = `.churnops-${randomUUID()}.tmp`;
    const path = join(this.#root, name);
    return this.#guard(name, async () => {
      try {
        await writeFile(path, '', { flag: 'wx' });
        return (await stat(path)).mtimeMs;
      } finally {
        await rm(path, { force: true });
      }
    });
  }

  close(): void {}

  /** The folder, or the lowest one above it that is there. */
  async #nearest(folder: string): Promise<string> {
    try {
      return await realpath(folder);
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT' || folder === this.#root) throw thrown;
      return this.#nearest(dirname(folder));
    }
  }

  async #removeEmpty(folder: string): Promise<void> {
    // Never the folders that every model has: <root>/<kind>/<model>.
    const depth = relative(this.#root, folder).split(sep).length;
    if (depth <= 2) return;
    try {
      await rmdir(folder);
    } catch {
      return;
    }
    await this.#removeEmpty(dirname(folder));
  }

  async #create(path: string, bytes: Uint8Array): Promise<PutOutcome> {
    let file: FileHandle;
    try {
      file = await open(path, 'wx');
    } catch (thrown) {
      if (systemCode(thrown) === 'EEXIST') return 'Exists';
      throw thrown;
    }
    try {
      await file.writeFile(bytes);
    } catch (thrown) {
      // Half a file would be what exists when the same is tried again.
      await rm(path, { force: true });
      throw thrown;
    } finally {
      await file.close();
    }
    return 'Written';
  }

  async *#chunks(key: string, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of createReadStream(path, { signal })) if (chunk instanceof Uint8Array) yield chunk;
    } catch (thrown) {
      signal.throwIfAborted();
      throw this.#mapped(key, thrown);
    }
  }

  async #existing(key: string, signal: AbortSignal): Promise<string> {
    assertSafeKey(key);
    signal.throwIfAborted();
    await this.#assertRoot();
    return this.#guard(key, async () => {
      const path = await realpath(join(this.#root, key));
      await this.#assertInside(path);
      return path;
    });
  }

  /** The root as people write it; that of a whole volume needs its slash. */
  get #rootUrl(): string {
    return this.#url === 'file://' ? 'file:///' : this.#url;
  }

  async #assertInside(path: string): Promise<void> {
    const root = await realpath(this.#root);
    const real = await realpath(path);
    const inside = root === '/' || real === root || real.startsWith(root + sep);
    if (!inside) throw new ChurnOpsError('AccessDenied', `A link below ${this.#rootUrl} leads out of it`);
  }

  async #assertRoot(): Promise<void> {
    try {
      await access(this.#root, constants.X_OK);
    } catch (cause) {
      const code = systemCode(cause) === 'EACCES' ? 'AccessDenied' : 'BucketNotFound';
      throw new ChurnOpsError(code, `Folder ${this.#rootUrl} of the volume ${code === 'AccessDenied' ? 'may not be entered' : 'does not exist'}`, { cause });
    }
  }

  async #guard<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    try {
      return await task();
    } catch (thrown) {
      throw this.#mapped(key, thrown);
    }
  }

  #mapped(key: string, thrown: unknown): unknown {
    const system = systemCode(thrown);
    if (thrown instanceof ChurnOpsError || system === undefined || system === 'ABORT_ERR') return thrown;
    const code = CODES[system] ?? 'StoreUnreachable';
    const what = code === 'FileMissing' ? 'does not exist' : `failed with ${system}`;
    return new ChurnOpsError(code, `${this.#url}/${key} ${what}.`, { cause: thrown });
  }
}

/** Whoever is told that something is stored must find it after a power cut, too. Not every network volume can do this for a folder. */
async function flushFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (thrown) {
    if (!CANNOT_FLUSH.has(systemCode(thrown) ?? '')) throw thrown;
  } finally {
    await handle?.close();
  }
}

/** Keys of all that is no folder, below a folder; links are not followed. */
async function* walk(root: string, folder: string): AsyncGenerator<string> {
  for await (const entry of await opendir(join(root, folder))) {
    const key = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, key);
    else yield key;
  }
}
