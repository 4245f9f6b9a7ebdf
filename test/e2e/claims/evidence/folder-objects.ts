import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Objects } from '../../feedback/journal-reader.ts';

/** A folder as a store has it: keys are paths below it. */
export function folderObjects(root: string): Objects {
  return {
    list: async (prefix) => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const keys = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
      return keys.filter((key) => key.startsWith(prefix)).toSorted();
    },
    get: async (key) => readFile(join(root, key)),
  };
}
