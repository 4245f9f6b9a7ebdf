import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { output } from './command.ts';
import { parseAuditLine, type AuditEntry } from './audit-entry.ts';

/** A place in the audit log. */
export type AuditMark = Readonly<{ inode: number; offset: number }>;

/** The API server's audit log: every request of people and service accounts, written before it is answered. */
export class AuditLog {
  readonly #path: string;

  /** @param path of the file that is written now; older ones are beside it */
  constructor(path: string) {
    this.#path = path;
  }

  static async open(signal: AbortSignal): Promise<AuditLog> {
    return new AuditLog(await output('hack/cluster', ['audit'], { signal }));
  }

  /** Where the log ends now. */
  async mark(): Promise<AuditMark> {
    const { ino: inode, size: offset } = await stat(this.#path);
    return { inode, offset };
  }

  /** Finished requests after a mark that `takes` takes, in the order in which they ended. Follows the log through its rotations. */
  async since(mark: AuditMark, takes: (entry: AuditEntry) => boolean): Promise<readonly AuditEntry[]> {
    const entries: AuditEntry[] = [];
    for (const { path, offset } of await this.#filesSince(mark)) {
      const input = createReadStream(path, { start: offset });
      for await (const line of createInterface({ input })) {
        const entry = parseAuditLine(line);
        if (entry !== undefined && takes(entry)) entries.push(entry);
      }
    }
    return entries;
  }

  /** The file of the mark from its offset, then all younger ones. */
  async #filesSince(mark: AuditMark): Promise<readonly { path: string; offset: number }[]> {
    const folder = dirname(this.#path);
    const all = await Promise.all((await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const { ino: inode, mtimeMs } = await stat(path);
      return { path, inode, mtimeMs };
    }));
    const sorted = all.toSorted((a, b) => a.mtimeMs - b.mtimeMs);
    const first = sorted.findIndex(({ inode }) => inode === mark.inode);
    if (first < 0) throw new Error(`${folder}: the file of the mark is gone; so much was logged that it was dropped`);
    return sorted.slice(first).map(({ path }, index) => ({ path, offset: index === 0 ? mark.offset : 0 }));
  }
}
