import { constants, createReadStream } from 'node:fs';
import { access, mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join, sep } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { assertSafeKey } from './location.ts';
import { capped, MAX_FOLDERS } from './object-store.ts';
import type { ObjectStore, PutOptions, PutOutcome, ReadOptions } from './object-store.ts';

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

/** The error code of a failed file system call; undefined for other errors. */
export function systemCode(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** A folder of a mounted volume as an object store. Links that lead out of the folder are refused. */
export class FileStore implements ObjectStore {
  readonly #root: string;

  /** @param root absolute path of the folder */
  constructor(root: string) {
    this.#root = root;
  }

  async read(key: string, { maxBytes, signal }: ReadOptions): Promise<AsyncIterable<Uint8Array>> {
    const path = await this.#existing(key, signal);
    const { size, isFile } = await this.#guard(key, async () => {
      const found = await stat(path);
      return { size: found.size, isFile: found.isFile() };
    });
    if (!isFile) throw new ChurnOpsError('FileMissing', `${join(this.#root, key)} is no file`);
    if (size > maxBytes) throw new ChurnOpsError('PackageTooLarge', `${join(this.#root, key)} has ${size} bytes, more than ${maxBytes}`);
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
      await mkdir(dirname(path), { recursive: true });
      await this.#assertInside(dirname(path));
      if (ifAbsent) return this.#create(path, bytes);
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await writeFile(temporary, bytes, { flag: 'wx', signal });
        await rename(temporary, path);
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

  close(): void {}

  async #create(path: string, bytes: Uint8Array): Promise<PutOutcome> {
    try {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      return 'Written';
    } catch (thrown) {
      if (systemCode(thrown) === 'EEXIST') return 'Exists';
      throw thrown;
    }
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

  async #assertInside(path: string): Promise<void> {
    const root = await realpath(this.#root);
    const real = await realpath(path);
    const inside = root === '/' || real === root || real.startsWith(root + sep);
    if (!inside) throw new ChurnOpsError('AccessDenied', `A link below ${this.#root} leads out of it`);
  }

  async #assertRoot(): Promise<void> {
    try {
      await access(this.#root, constants.X_OK);
    } catch (cause) {
      const code = systemCode(cause) === 'EACCES' ? 'AccessDenied' : 'BucketNotFound';
      throw new ChurnOpsError(code, `Folder ${this.#root} of the volume ${code === 'AccessDenied' ? 'may not be entered' : 'does not exist'}`, { cause });
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
    return new ChurnOpsError(code, `${join(this.#root, key)} ${what}`, { cause: thrown });
  }
}
