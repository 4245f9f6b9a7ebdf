import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RetainEnvironment } from '../../../../contracts/pod-environment.ts';
import { dayPartition } from '../../../../contracts/store-layout.ts';
import { createLogger } from '../../../../platform/logging/logger.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { S3Store } from '../../../../platform/object-store/s3.ts';
import { retry } from '../../../../platform/retry/retry.ts';
import { retain } from '../../../../server/retention/retain.ts';

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

test('keys by the thousand, odd names too, deleted a thousand at a time', async () => {
  const store = storeOf('churn');
  const odd = ['a b+c%2F.csv', 'é"<&>.csv', "it's.csv", 'x/y/z.csv'].map((name) => `predictions/m/dt=2020-01-01/${name}`);
  const many = Array.from({ length: 1100 }, (_, index) => `predictions/m/dt=2020-01-01/hour=07/${String(index).padStart(5, '0')}`);
  const neighbours = ['predictions/m/dt=2020-01-011/x', 'predictions/m2/dt=2020-01-01/x'];
  const all = [...odd, ...many, ...neighbours];
  for (let first = 0; first < all.length; first += 50) await Promise.all(all.slice(first, first + 50).map(async (key) => store.put(key, Buffer.from('x'), { ifAbsent: false, signal })));
  const seen: string[] = [];
  for await (const page of store.keys('predictions/m/dt=2020-01-01', signal)) {
    expect(page.length).toBeLessThanOrEqual(1000);
    seen.push(...page);
    // The next page comes all the same.
    expect(await store.delete(page, signal)).toEqual([]);
  }
  expect(seen.toSorted()).toEqual([...odd, ...many].toSorted());
  for (const key of [odd[0] ?? '', many[0] ?? '']) expect(await store.size(key, signal)).toBeUndefined();
  for (const key of neighbours) expect(await store.size(key, signal)).toBe(1);
  expect(await store.delete(['predictions/m/never-there'], signal)).toEqual([]);
  expect(await store.delete([], signal)).toEqual([]);
  store.close();
}, 60_000);

test('tells its time', async () => {
  const store = storeOf('churn');
  expect(Math.abs(((await store.nowMs('predictions', signal)) ?? 0) - Date.now())).toBeLessThan(60_000);
  store.close();
});

function day(ago: number): string {
  return dayPartition(Date.now() - ago * 86_400_000);
}

test('retention, on a store that is real', async () => {
  const store = storeOf('churn');
  const kept = [`predictions/telco/${day(1)}/hour=07/a.gz`, `predictions/telco/${day(-900)}/hour=07/a.gz`, `predictions/telco-churn/${day(90)}/hour=07/a.gz`, `holdouts/telco/${day(90)}/a.csv`, 'models/telco/v1/model.json', `raw/telco/${day(90)}/a.csv`];
  const expired = [`predictions/telco/${day(90)}/hour=07/a.gz`, `predictions/telco/${day(90)}/hour=08/a.gz`, `labels/telco/${day(40)}/a.gz`, `evaluations/telco/weekly/${new Date(0).toISOString().replaceAll(/[:.]/g, '')}-evaluation.json`];
  for (const key of [...kept, ...expired]) await store.put(key, Buffer.from('x'), { ifAbsent: false, signal });
  const environment = RetainEnvironment.parse({ CHURNOPS_NAMESPACE: 'n', CHURNOPS_MODEL: 'telco', CHURNOPS_REPOSITORY: 's3://churn/models/telco', CHURNOPS_STORE_ENDPOINT: endpoint, CHURNOPS_RETAIN_PREDICTIONS: '720h', CHURNOPS_RETAIN_EVALUATIONS: '8760h' });
  process.env['AWS_ACCESS_KEY_ID'] = KEYS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = KEYS.secretAccessKey;
  const logger = createLogger({ level: 'error', fields: {} });
  const there = async (keys: readonly string[]): Promise<number> => (await Promise.all(keys.map(async (key) => store.size(key, signal)))).filter((size) => size !== undefined).length;
  expect(await retain({ environment, dryRun: true, logger, signal })).toMatchObject({ outcome: 'Done', reason: 'DryRun', deleted: { predictions: { objects: 2, partitions: 1 }, labels: { objects: 1 }, evaluations: { objects: 1 } } });
  expect([await there(kept), await there(expired)]).toEqual([kept.length, expired.length]);
  expect(await retain({ environment, dryRun: false, logger, signal })).toMatchObject({ outcome: 'Done', reason: 'Cleaned', notDeleted: 0 });
  expect([await there(kept), await there(expired)]).toEqual([kept.length, 0]);
  expect(await retain({ environment, dryRun: false, logger, signal, now: () => new Date('2036-01-01') })).toMatchObject({ outcome: 'Failed', reason: 'ClockDisagrees' });
  expect(await there(kept)).toBe(kept.length);
  const wrongPlace = { ...environment, CHURNOPS_REPOSITORY: 's3://nowhere/models/telco' };
  expect(await retain({ environment: wrongPlace, dryRun: false, logger, signal })).toMatchObject({ outcome: 'Failed', reason: 'StoreError', code: 'BucketNotFound' });
  store.close();
}, 60_000);

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
