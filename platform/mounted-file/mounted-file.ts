import { readFile } from 'node:fs/promises';
import { systemCode } from '../object-store/file.ts';

const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Text of a small file that is mounted into the pod, such as a key of a Secret, without white space at its ends; undefined where it is not
 * there or empty. The kubelet replaces such files as a whole within a minute or two of a change: read it again to know.
 * @throws the error of the file system for a file that is there and cannot be read
 */
export async function readMountedFile(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (thrown) {
    if (ABSENT.has(systemCode(thrown))) return undefined;
    throw thrown;
  }
}
