import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../platform/logging/logger.ts';

/** How often the file is read, whatever the watch says: watches can be lost, and this is a few microseconds of work. */
const READ_EVERY_MS = 1000;

/** What the file of the traffic policy says, and where to tell it. */
export type PolicyFileOptions = Readonly<{
  path: string;
  /** Given the content whenever it is another one; blank where the file is empty or not there. */
  changed: (text: string) => void;
  logger: Logger;
  readEveryMs?: number;
}>;

/**
 * Follows a file of a downward-API volume. The kubelet writes a new folder and swaps the link `..data` to it, so the file itself is never
 * written to: the folder is watched, and the file read once a second beside that, where watching is not to be had (no inotify watches left)
 * or fails.
 */
export class PolicyFile {
  readonly #options: PolicyFileOptions;
  #known: string | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #complained = false;

  constructor(options: PolicyFileOptions) {
    this.#options = options;
  }

  /** Reads the file once, and follows it from then on. */
  async open(): Promise<void> {
    await this.#read();
    if (this.#closed) return;
    this.#watch();
    this.#timer = setInterval(() => this.#look(), this.#options.readEveryMs ?? READ_EVERY_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    await this.#reading;
  }

  #watch(): void {
    try {
      const watcher = watch(dirname(this.#options.path), { persistent: false }, () => this.#look());
      watcher.on('error', (error) => this.#unwatched(error));
      this.#watcher = watcher;
    } catch (error) {
      this.#unwatched(error);
    }
  }

  #unwatched(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#options.logger.info({ error, path: this.#options.path }, 'the folder of the traffic policy cannot be watched; it is read once a second');
  }

  /** One read at a time; what happens meanwhile is read afterwards. */
  #look(): void {
    if (this.#closed) return;
    if (this.#reading !== undefined) {
      this.#again = true;
      return;
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#again) {
        this.#again = false;
        this.#look();
      }
    });
  }

  async #read(): Promise<void> {
    const { path, changed, logger } = this.#options;
    let text: string;
    try {
      text = await readTwice(path);
    } catch (error) {
      // What was followed stays: this says nothing of what the operator wants.
      if (!this.#complained) logger.error({ error, path }, 'the traffic policy cannot be read');
      this.#complained = true;
      return;
    }
    this.#complained = false;
    if (this.#closed || text === this.#known) return;
    this.#known = text;
    changed(text);
  }
}

/** The content; blank without a file. It is looked for twice: between finding the link and opening the file, the folder may be swapped away. */
async function readTwice(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return '';
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ENOENT';
}
