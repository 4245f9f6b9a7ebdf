import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { streamObject } from './remote-package.ts';
import type { ByteSink, Repository, StreamedObject } from './remote-package.ts';

/**
 * Brings an object to this machine's disk; a try that is cut off begins the file anew.
 * @param path of the file, which is overwritten; what is there after an error is no copy
 * @throws ChurnOpsError FileMissing; PackageTooLarge beyond `maxBytes`; store errors. What the file system throws stays as it is.
 */
export async function downloadTo(repository: Repository, key: string, path: string, maxBytes: number): Promise<StreamedObject> {
  return intoFile(path, (sink) => streamObject(repository, key, maxBytes, sink));
}

/** Runs what streams bytes, with a file as its sink; the file is closed afterwards, however that ends. */
export async function intoFile<Result>(path: string, stream: (sink: ByteSink) => Promise<Result>): Promise<Result> {
  let file: FileHandle | undefined;
  try {
    return await stream({
      restart: async () => {
        await file?.close();
        file = await open(path, 'w');
      },
      // `write` may leave off in the middle of a chunk, as it does where a disk has just become full.
      write: async (chunk) => file?.writeFile(chunk),
    });
  } finally {
    await file?.close();
  }
}
