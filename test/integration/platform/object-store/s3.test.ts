import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { S3Store } from '../../../../platform/object-store/s3.ts';
import { retry } from '../../../../platform/retry/retry.ts';

const KEYS = { accessKeyId: 'lab', secretAccessKey: 'lab-secret-key' };
const { signal } = new AbortController();
let gateway: ChildProcess;
let endpoint: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

function storeOf(bucket: string, credentials = KEYS): S3Store {
  return new S3Store({ bucket, endpoint, credentials });
}

beforeAll(async () => {
  const binary = process.env['CHURNOPS_VERSITYGW'];
  if (binary === undefined || binary === '') throw new Error('Set CHURNOPS_VERSITYGW to the versitygw binary (hack/tools/build versitygw prints its folder).');
  const root = await mkdtemp(join(tmpdir(), 'versitygw-'));
  const [buckets, metadata] = [join(root, 'buckets'), join(root, 'metadata')];
  await mkdir(join(buckets, 'churn'), { recursive: true });
  await mkdir(metadata);
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  gateway = spawn(binary, ['--access', KEYS.accessKeyId, '--secret', KEYS.secretAccessKey, '--port', `127.0.0.1:${port}`, 'posix', '--sidecar', metadata, buckets], { stdio: 'ignore' });
  const store = storeOf('churn');
  await retry(async () => store.folders('', signal), { totalMs: 15_000, baseMs: 100, maxMs: 500, isTransient: () => true, signal });
  store.close();
}, 30_000);

afterAll(async () => {
  gateway.kill();
  await sleep(100);
});

test('puts, reads, sizes and lists', async () => {
  const store = storeOf('churn');
  const put = (key: string, text: string, ifAbsent = false) => store.put(key, Buffer.from(text), { ifAbsent, signal });
  for (const version of ['v1', 'v2']) await put(`models/telco-churn/${version}/model.json`, version);
  expect(Buffer.from(await readWhole(store, 'models/telco-churn/v1/model.json', { maxBytes: 10, signal })).toString()).toBe('v1');
  expect(await store.size('models/telco-churn/v2/model.json', signal)).toBe(2);
  expect(await store.size('models/telco-churn/v3/model.json', signal)).toBeUndefined();
  expect([...(await store.folders('models/telco-churn', signal))].toSorted()).toEqual(['v1', 'v2']);
  expect(await put('evaluations/x.json', '1', true)).toBe('Written');
  expect(await put('evaluations/x.json', '2', true)).toBe('Exists');
  await expect(readWhole(store, 'models/telco-churn/v1/model.json', { maxBytes: 1, signal })).rejects.toMatchObject({ code: 'PackageTooLarge' });
  store.close();
});

test.each([
  { name: 'an unknown access key', bucket: 'churn', credentials: { ...KEYS, accessKeyId: 'nobody' }, code: 'AccessDenied', message: 'does not know the access key' },
  { name: 'a wrong secret key', bucket: 'churn', credentials: { ...KEYS, secretAccessKey: 'wrong-secret' }, code: 'AccessDenied', message: 'the secret key is wrong' },
  { name: 'a missing bucket', bucket: 'nowhere', credentials: KEYS, code: 'BucketNotFound', message: 'Bucket nowhere does not exist' },
  { name: 'a missing file', bucket: 'churn', credentials: KEYS, code: 'FileMissing', message: 's3://churn/models/none at' },
])('$name: $code', async ({ bucket, credentials, code, message }) => {
  const store = storeOf(bucket, credentials);
  await expect(readWhole(store, 'models/none', { maxBytes: 10, signal })).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  store.close();
});
