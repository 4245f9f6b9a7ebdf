import type { DiskFile, SegmentDisk } from '../../../../server/journal/segment-disk.ts';

/** An error as the file system makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A disk in memory: of a size, that can fail, and on which a writer can be killed at any byte. */
export class MemoryDisk implements SegmentDisk {
  readonly files = new Map<string, Buffer>();
  capacityBytes = Number.POSITIVE_INFINITY;
  /** What fails, with which error. */
  readonly broken = new Map<'append' | 'truncate' | 'read' | 'remove' | 'list', string>();
  /** Appends wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** Of the next append only as many bytes get there, and then it never ends: the process was killed. */
  killAfterBytes: number | undefined;
  #death = Promise.withResolvers<undefined>();

  /** Until the next kill has happened. */
  get killed(): Promise<undefined> {
    return this.#death.promise;
  }

  get sizeBytes(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async list(): Promise<readonly DiskFile[]> {
    this.#mayFail('list');
    return [...this.files].map(([name, { length: sizeBytes }], index) => ({ name, sizeBytes, modifiedMs: index }));
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    await this.gate;
    this.#mayFail('append');
    const room = Math.max(0, this.capacityBytes - this.sizeBytes);
    const taken = Math.min(bytes.length, room, this.killAfterBytes ?? bytes.length);
    this.files.set(name, Buffer.concat([this.files.get(name) ?? Buffer.alloc(0), bytes.subarray(0, taken)]));
    if (this.killAfterBytes !== undefined) {
      this.killAfterBytes = undefined;
      this.#death.resolve(undefined);
      this.#death = Promise.withResolvers();
      await new Promise<never>(() => undefined);
    }
    if (taken < bytes.length) throw systemError('ENOSPC');
  }

  async truncate(name: string, sizeBytes: number): Promise<void> {
    this.#mayFail('truncate');
    this.files.set(name, this.#file(name).subarray(0, sizeBytes));
  }

  async read(name: string): Promise<Buffer> {
    this.#mayFail('read');
    return this.#file(name);
  }

  async remove(name: string): Promise<void> {
    this.#mayFail('remove');
    this.files.delete(name);
  }

  #file(name: string): Buffer {
    const found = this.files.get(name);
    if (found === undefined) throw systemError('ENOENT');
    return found;
  }

  #mayFail(operation: 'append' | 'truncate' | 'read' | 'remove' | 'list'): void {
    const code = this.broken.get(operation);
    if (code !== undefined) throw systemError(code);
  }
}
