import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { sha256Hex } from '../../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { downloadTo } from '../../../../server/package/download-object.ts';
import { temporaryFolder } from '../tiny-package.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const signal = new AbortController().signal;
const CONTENT = Buffer.from('what was stored');

async function rig() {
  const root = await temporaryFolder();
  const store = new FileStore(root);
  await store.put('a/object', CONTENT, { ifAbsent: false, signal });
  return { store, repository: { store, prefix: '', url: '', patience: { totalMs: 2000, baseMs: 1, maxMs: 1, signal } }, path: join(root, 'copy') };
}

async function* cutOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('much more than there is in the end');
  throw new ChurnOpsError('StoreUnreachable', 'cut off');
}

test('the copy is the object, with its digest and size', async () => {
  const { repository, path } = await rig();
  expect(await downloadTo(repository, 'a/object', path, CONTENT.length)).toEqual({ sha256: sha256Hex(CONTENT), sizeBytes: CONTENT.length });
  expect(await readFile(path)).toEqual(CONTENT);
});

test('a try that is cut off leaves nothing in the copy, and counts for nothing', async () => {
  const { store, repository, path } = await rig();
  let tries = 0;
  const flaky = Object.assign(new FileStore(''), {
    read: async (...given: Parameters<FileStore['read']>) => {
      tries += 1;
      return tries === 1 ? cutOff() : store.read(...given);
    },
  });
  expect(await downloadTo({ ...repository, store: flaky }, 'a/object', path, 1000)).toEqual({ sha256: sha256Hex(CONTENT), sizeBytes: CONTENT.length });
  expect([tries, await readFile(path)]).toEqual([2, CONTENT]);
});

test.each([
  { name: 'is not there', key: 'a/nothing', maxBytes: 1000, code: 'FileMissing' },
  { name: 'is too large', key: 'a/object', maxBytes: 14, code: 'PackageTooLarge' },
])('what $name: $code', async ({ key, maxBytes, code }) => {
  const { repository, path } = await rig();
  await expect(downloadTo(repository, key, path, maxBytes)).rejects.toMatchObject({ code });
});

/** A disk that becomes full takes a part of a chunk and says so without an error; a limit on the size of files does the same. */
test('a disk that becomes full is an error, never half a copy', async () => {
  const { store, path } = await rig();
  await store.put('a/long', Buffer.alloc(20_000, 'x'), { ifAbsent: false, signal });
  const script = `
    import { FileStore } from './platform/object-store/file.ts';
    import { downloadTo } from './server/package/download-object.ts';
    const patience = { totalMs: 0, baseMs: 1, maxMs: 1, signal: new AbortController().signal };
    const [root, path] = process.argv.slice(1);
    await downloadTo({ store: new FileStore(root), prefix: '', url: '', patience }, 'a/long', path, 30_000).then(({ sizeBytes }) => console.log(sizeBytes), ({ code }) => console.log(code));
  `;
  const node = [process.execPath, '--input-type=module', '--eval', script, join(path, '..'), path];
  const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 10; exec "$@"', 'limited', ...node], { cwd: ROOT });
  expect(stdout.trim()).toBe('EFBIG');
});
