/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { PullEnvironment } from '../../../../contracts/pod-environment.ts';
import { pull } from '../../../../server/package/pull.ts';
import { scriptedS3, s3Failure } from '../../platform/object-store/scripted-s3.ts';
import type { ScriptedS3 } from '../../platform/object-store/scripted-s3.ts';
import { digestOf, keptLogger, temporaryFolder, tinyEnvironment, tinyFile, tinyGolden, tinyRepository } from '../tiny-package.ts';
import type { VersionChange } from '../tiny-package.ts';

/** Long enough that a busy machine tries twice. */
const patience = { totalMs: 2000, baseMs: 2, maxMs: 10 };
let s3: ScriptedS3 | undefined;
afterEach(async () => s3?.close());

async function run(folder: string, environment: Pick<PullEnvironment, 'CHURNOPS_REPOSITORY'> & Partial<PullEnvironment>, signal = new AbortController().signal) {
  const { logger, lines } = keptLogger();
  const download = await pull({ environment: { ...tinyEnvironment, ...environment }, packageFolder: folder, logger, signal, patience });
  return { origin: download.origin, lines };
}

test('brings what the server needs, verified, and nothing else; a second run keeps it', async () => {
  const { root, url } = await tinyRepository({ v1: {} });
  const folder = join(await temporaryFolder(), 'package');
  const digest = await digestOf(root, 'v1');
  const environment = { CHURNOPS_REPOSITORY: url, CHURNOPS_PACKAGE_DIGEST: digest };
  expect((await run(folder, environment)).origin).toBe('Store');
  expect((await readdir(folder)).toSorted()).toEqual(['golden.json', 'model.json', 'model.onnx']);
  await rm(root, { recursive: true });
  expect((await run(folder, environment)).origin).toBe('Disk');
});

test('what is broken on disk is fetched again', async () => {
  const { root, url } = await tinyRepository({ v1: {} });
  const folder = await temporaryFolder();
  const environment = { CHURNOPS_REPOSITORY: url, CHURNOPS_PACKAGE_DIGEST: await digestOf(root, 'v1') };
  await run(folder, environment);
  await writeFile(join(folder, 'model.onnx'), 'half');
  await writeFile(join(folder, 'model.onnx.x.partial'), 'left over');
  expect((await run(folder, environment)).origin).toBe('Store');
  expect((await readdir(folder)).toSorted()).toEqual(['golden.json', 'model.json', 'model.onnx']);
});

test.each<{ name: string; change: VersionChange; prepare?: (root: string) => Promise<unknown>; digest?: string; code: string }>([
  { name: 'another card than inspected', change: {}, digest: tinyFile.digest.replace(/^./, 'x'), code: 'CardChanged' },
  { name: 'other bytes', change: {}, prepare: (root) => writeFile(join(root, 'models/tiny-churn/v1/golden.json'), '{}'), code: 'DigestMismatch' },
  { name: 'a missing graph', change: {}, prepare: (root) => rm(join(root, 'models/tiny-churn/v1/model.onnx')), code: 'FileMissing' },
  { name: 'a version that is gone', change: {}, prepare: (root) => rm(join(root, 'models/tiny-churn/v1/model.json')), code: 'VersionNotFound' },
  { name: 'golden rows for another threshold', change: { files: { 'golden.json': JSON.stringify({ ...tinyGolden, threshold: 0.5 }) } }, code: 'GoldenInvalid' },
  { name: 'golden rows that the graph does not give', change: { files: { 'golden.json': JSON.stringify({ ...tinyGolden, probabilities: tinyGolden.probabilities.map((p) => 1 - p) }) } }, code: 'GoldenMismatch' },
])('$name: $code', async ({ change, prepare, digest, code }) => {
  const { root, url } = await tinyRepository({ v1: change });
  const expected = digest ?? (await digestOf(root, 'v1'));
  await prepare?.(root);
  await expect(run(await temporaryFolder(), { CHURNOPS_REPOSITORY: url, CHURNOPS_PACKAGE_DIGEST: expected })).rejects.toMatchObject({ code });
});

async function fromS3(scripts: Parameters<typeof scriptedS3>[0]) {
  s3 = await scriptedS3(scripts);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  return run(await temporaryFolder(), { CHURNOPS_REPOSITORY: 's3://churn/models/tiny-churn', CHURNOPS_STORE_ENDPOINT: s3.endpoint });
}

test('a store that is down is asked again for a while; what is permanent is not', async () => {
  await expect(fromS3([s3Failure(503, 'SlowDown')])).rejects.toMatchObject({ code: 'StoreUnreachable' });
  expect(s3?.requests.length).toBeGreaterThan(1);
  await s3?.close();
  await expect(fromS3([s3Failure(503, 'SlowDown'), s3Failure(403, 'InvalidAccessKeyId')])).rejects.toMatchObject({ code: 'AccessDenied' });
  expect(s3?.requests).toHaveLength(2);
});

test('a stop ends the waiting', async () => {
  const { url } = await tinyRepository({ v1: {} });
  await expect(run(await temporaryFolder(), { CHURNOPS_REPOSITORY: url }, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
});
