import { appendFile, mkdir, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../platform/object-store/file.ts';

/** A file as a listing shows it. */
export type DiskFile = Readonly<{ name: string; sizeBytes: number; modifiedMs: number }>;

/** The files of a folder, as segments need them. Errors are those of the file system. */
export interface SegmentDisk {
  list(): Promise<readonly DiskFile[]>;
  /** Appends all of it. When it fails, some of it may be there. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  truncate(name: string, sizeBytes: number): Promise<void>;
  read(name: string): Promise<Buffer>;
  /** A file that is not there counts as removed. */
  remove(name: string): Promise<void>;
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const OWNER_ONLY = 0o600;

/** Whether room is what an operation of a disk lacked. */
export function isDiskFull(thrown: unknown): boolean {
  return FULL.has(systemCode(thrown) ?? '');
}

/** A folder of the pod's volume. */
export class FolderDisk implements SegmentDisk {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder where it is not there. */
  async list(): Promise<readonly DiskFile[]> {
    await mkdir(this.#folder, { recursive: true });
    const files: DiskFile[] = [];
    for (const entry of await readdir(this.#folder, { withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = await stat(join(this.#folder, entry.name));
      files.push({ name: entry.name, sizeBytes: size, modifiedMs: mtimeMs });
    }
    return files;
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    await appendFile(join(this.#folder, name), bytes, { mode: OWNER_ONLY });
  }

  async truncate(name: string, sizeBytes: number): Promise<void> {
    await truncate(join(this.#folder, name), sizeBytes);
  }

  async read(name: string): Promise<Buffer> {
    return readFile(join(this.#folder, name));
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
  }
}
