import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';

const { signal } = new AbortController();
let root: string;
let store: FileStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'churnops-store-'));
  store = new FileStore(join(root, 'bucket'));
  await mkdir(join(root, 'bucket/models/v1'), { recursive: true });
  await mkdir(join(root, 'bucket/models/v2'));
  await writeFile(join(root, 'bucket/models/v1/model.json'), 'hello');
  await writeFile(join(root, 'outside'), 'secret');
  await symlink(join(root, 'outside'), join(root, 'bucket/models/leak'));
  await symlink('v1', join(root, 'bucket/models/inside'));
});

afterEach(async () => rm(root, { recursive: true, force: true }));

async function text(key: string, maxBytes = 100): Promise<string> {
  return Buffer.from(await readWhole(store, key, { maxBytes, signal })).toString();
}

test('reads, sizes and lists', async () => {
  expect(await text('models/v1/model.json')).toBe('hello');
  expect(await text('models/inside/model.json')).toBe('hello');
  expect(await store.size('models/v1/model.json', signal)).toBe(5);
  expect(await store.size('models/v3/model.json', signal)).toBeUndefined();
  expect([...(await store.folders('models', signal))].toSorted()).toEqual(['v1', 'v2']);
  expect(await store.folders('nowhere', signal)).toEqual([]);
});

test('puts, and leaves what exists where it is asked to', async () => {
  expect(await store.put('evaluations/a/b.json', Buffer.from('1'), { ifAbsent: true, signal })).toBe('Written');
  expect(await store.put('evaluations/a/b.json', Buffer.from('2'), { ifAbsent: true, signal })).toBe('Exists');
  expect(await text('evaluations/a/b.json')).toBe('1');
  expect(await store.put('evaluations/a/b.json', Buffer.from('3'), { ifAbsent: false, signal })).toBe('Written');
  expect(await text('evaluations/a/b.json')).toBe('3');
});

test.each([
  { name: 'a missing file', key: 'models/v1/x', code: 'FileMissing' },
  { name: 'a file as a folder', key: 'models/v1/model.json/x', code: 'FileMissing' },
  { name: 'a folder', key: 'models/v1', code: 'FileMissing' },
  { name: 'a link that leads out', key: 'models/leak', code: 'AccessDenied' },
  { name: 'a way out', key: 'models/../../outside', code: 'ConfigurationInvalid' },
  { name: 'an absolute path', key: '/etc/passwd', code: 'ConfigurationInvalid' },
])('$name: $code', async ({ key, code }) => {
  await expect(text(key)).rejects.toMatchObject({ code });
});

test('more bytes than allowed', async () => {
  await expect(text('models/v1/model.json', 4)).rejects.toMatchObject({ code: 'PackageTooLarge' });
});

test('a volume that is not mounted', async () => {
  await expect(new FileStore(join(root, 'nowhere')).folders('', signal)).rejects.toMatchObject({ code: 'BucketNotFound', message: expect.stringContaining('does not exist') });
});

test('keys of a folder and all below it, page by page; links are keys, never followed', async () => {
  for (let index = 0; index < 1205; index += 1) await writeFile(join(root, 'bucket/models/v2', String(index)), '');
  const pages: (readonly string[])[] = [];
  for await (const page of store.keys('models', signal)) pages.push(page);
  expect(pages.map((page) => page.length)).toEqual([1000, 208]);
  expect(pages.flat()).toEqual(expect.arrayContaining(['models/v1/model.json', 'models/leak', 'models/inside', 'models/v2/1204']));
  const none: (readonly string[])[] = [];
  for await (const page of store.keys('nowhere', signal)) none.push(page);
  expect(none).toEqual([]);
});

test('deletes links, not what they lead to, and folders that become empty', async () => {
  await symlink(root, join(root, 'bucket/models/out'));
  await mkdir(join(root, 'bucket/predictions/a/dt=2020-01-01/hour=07'), { recursive: true });
  await writeFile(join(root, 'bucket/predictions/a/dt=2020-01-01/hour=07/x'), '');
  expect(await store.delete(['predictions/a/dt=2020-01-01/hour=07/x', 'predictions/a/gone', 'models/leak', 'models/out/outside', '../outside', 'models/v1'], signal)).toEqual([
    { key: 'models/out/outside', why: 'AccessDenied', transient: false },
    { key: '../outside', why: 'ConfigurationInvalid', transient: false },
    { key: 'models/v1', why: expect.stringMatching(/^(EISDIR|EPERM)$/), transient: false },
  ]);
  expect(await readdir(join(root, 'bucket/predictions/a'))).toEqual([]);
  expect(await readdir(root)).toContain('outside');
  expect(await text('models/v1/model.json')).toBe('hello');
});

test('nothing is made at the other end of a link', async () => {
  await mkdir(join(root, 'elsewhere'));
  await symlink(join(root, 'elsewhere'), join(root, 'bucket/evaluations'));
  await expect(store.put('evaluations/a/b.json', Buffer.from('1'), { ifAbsent: true, signal })).rejects.toMatchObject({ code: 'AccessDenied' });
  expect(await readdir(join(root, 'elsewhere'))).toEqual([]);
});

test('a put that fails half-way leaves no half behind, which would exist when it is tried again', async () => {
  const script = `
    import { FileStore } from './platform/object-store/file.ts';
    const [root] = process.argv.slice(1);
    const put = new FileStore(root).put('evaluations/a/b.json', Buffer.alloc(20_000), { ifAbsent: true, signal: new AbortController().signal });
    await put.then(console.log, ({ code }) => console.log(code));
  `;
  // A limit on the size of files does what a disk does that becomes full.
  const node = [process.execPath, '--input-type=module', '--eval', script, join(root, 'bucket')];
  const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 10; exec "$@"', 'limited', ...node], { cwd: join(import.meta.dirname, '../../../..') });
  expect(stdout.trim()).toBe('StoreUnreachable');
  expect(await readdir(join(root, 'bucket/evaluations/a'))).toEqual([]);
});

test('tells its time and leaves nothing behind', async () => {
  expect(Math.abs(((await store.nowMs('predictions', signal)) ?? 0) - Date.now())).toBeLessThan(60_000);
  expect((await readdir(join(root, 'bucket'))).toSorted()).toEqual(['models']);
});

test('messages name the volume as people do', async () => {
  const volume = new FileStore(join(root, 'bucket'), 'file://');
  await expect(readWhole(volume, 'models/v9/model.json', { maxBytes: 9, signal })).rejects.toMatchObject({ message: 'file:///models/v9/model.json does not exist.' });
  await expect(new FileStore(join(root, 'nowhere'), 'file://').folders('', signal)).rejects.toMatchObject({ message: 'Folder file:/// of the volume does not exist' });
});

test('an aborted call', async () => {
  await expect(readWhole(store, 'models/v1/model.json', { maxBytes: 9, signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  await chmod(join(root, 'outside'), 0o600);
});
