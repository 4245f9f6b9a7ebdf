/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { sha256Hex } from '../../../../contracts/digest.ts';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { InspectEnvironment } from '../../../../contracts/pod-environment.ts';
import { InspectionReport, InspectionReportFile, TERMINATION_MESSAGE_MAX_BYTES } from '../../../../contracts/reports.ts';
import { inspectPackage } from '../../../../server/inspection/inspect.ts';
import { terminationText } from '../../../../server/report/termination-message.ts';
import { keptLogger, tinyCard, tinyGolden, tinyRepository } from '../tiny-package.ts';
import type { VersionChange } from '../tiny-package.ts';

type Given = Readonly<{ versions?: Readonly<Record<string, VersionChange>>; environment?: Readonly<Record<string, string>>; prepare?: (root: string) => Promise<unknown> }>;

const noPatience = { totalMs: 0, baseMs: 1, maxMs: 1 };

async function inspect({ versions = { v1: {} }, environment = {}, prepare }: Given) {
  const { root, url } = await tinyRepository(versions);
  await prepare?.(root);
  const parsed = InspectEnvironment.parse({ CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'tiny-churn', CHURNOPS_REPOSITORY: url, CHURNOPS_VERSION: 'v1', ...environment });
  const report = await inspectPackage({ environment: parsed, logger: keptLogger().logger, signal: new AbortController().signal, patience: noPatience });
  expect(Buffer.byteLength(terminationText(report))).toBeLessThanOrEqual(TERMINATION_MESSAGE_MAX_BYTES);
  return { root, report: InspectionReport.parse(JSON.parse(terminationText(report))) };
}

test('a good package passes, and the whole report is in the store under its digest', async () => {
  const { root, report } = await inspect({ environment: { CHURNOPS_OFFLINE_MIN_AUC: '0.8' } });
  expect(report).toMatchObject({ verdict: 'Pass', reason: 'Inspected', version: 'v1', entityColumn: 'customerID', threshold: 0.42, testAUC: { value: 0.84 } });
  const path = fileURLToPath(report.report?.path ?? '');
  expect(path.startsWith(`${root}/evaluations/tiny-churn/${report.candidateHash}/`)).toBe(true);
  const bytes = await readFile(path);
  expect(sha256Hex(bytes)).toBe(report.report?.sha256);
  expect(InspectionReportFile.parse(JSON.parse(bytes.toString())).checks.map(({ name, passed }) => `${name} ${passed}`)).toEqual([
    'version true', 'card true', 'files true', 'parity true', 'offline true', 'schema true',
  ]);
});

function required(card: ModelCard): unknown {
  return { ...card, inputs: card.inputs.map((input) => ({ ...input, missing: { policy: 'Refuse', meaning: 'must be known' } })) };
}

const wrongGolden = JSON.stringify({ ...tinyGolden, probabilities: tinyGolden.probabilities.map((p) => 1 - p) });

test.each<{ name: string; given: Given; expected: object; message: string }>([
  { name: 'latest is the greatest version with a card', given: { versions: { v9: {}, v10: {} }, environment: { CHURNOPS_VERSION: 'latest' }, prepare: async (root) => mkdir(join(root, 'models/tiny-churn/v11')) }, expected: { verdict: 'Pass', version: 'v10' }, message: 'Version v10' },
  { name: 'offline gate', given: { environment: { CHURNOPS_OFFLINE_MIN_AUC: '0.9' } }, expected: { verdict: 'Fail', reason: 'OfflineGateFailed' }, message: 'test AUC 0.8400 (95 % interval 0.8100 to 0.8700, 500 rows) is below spec.rollout.offline.minAUC 0.9' },
  { name: 'callers would be refused', given: { versions: { v0: {}, v1: { card: required } }, environment: { CHURNOPS_STABLE_VERSION: 'v0' } }, expected: { verdict: 'Fail', reason: 'SchemaIncompatible' }, message: 'tenure may no longer be missing; MonthlyCharges may no longer be missing; Contract may no longer be missing. If callers are ready, run: kubectl annotate -n retention churnmodel tiny-churn churnops.dev/allow-schema-change=' },
  { name: 'stable changed under our feet', given: { versions: { v0: {}, v1: {} }, environment: { CHURNOPS_STABLE_VERSION: 'v0', CHURNOPS_STABLE_DIGEST: '0'.repeat(64) } }, expected: { verdict: 'Error', code: 'CardChanged' }, message: 'stable version v0' },
  { name: 'missing version', given: { versions: { v2: {}, v3: {} } }, expected: { verdict: 'Error', code: 'VersionNotFound' }, message: 'v1 has no model.json; there are v3, v2.' },
  { name: 'a version that is a path', given: { environment: { CHURNOPS_VERSION: '../v1' } }, expected: { verdict: 'Error', code: 'VersionNotFound' }, message: 'cannot be a version' },
  { name: 'nothing for latest', given: { versions: {}, environment: { CHURNOPS_VERSION: 'latest' } }, expected: { verdict: 'Error', code: 'VersionNotFound' }, message: 'no folders' },
  { name: 'missing file', given: { prepare: async (root) => rm(join(root, 'models/tiny-churn/v1/best_model.pkl')) }, expected: { verdict: 'Error', code: 'FileMissing' }, message: 'best_model.pkl does not exist' },
  { name: 'a file of other bytes', given: { prepare: async (root) => writeFile(join(root, 'models/tiny-churn/v1/report.html'), 'x') }, expected: { verdict: 'Error', code: 'DigestMismatch' }, message: 'report.html has sha256' },
  { name: 'broken card', given: { versions: { v1: { card: (card) => ({ ...card, inputs: [] }) } } }, expected: { verdict: 'Error', code: 'CardInvalid' }, message: 'inputs' },
  { name: 'card of another version', given: { versions: { v1: { card: (card) => ({ ...card, version: 'v7' }) } } }, expected: { verdict: 'Error', code: 'CardInvalid' }, message: 'says it is version v7' },
  { name: 'broken golden rows', given: { versions: { v1: { files: { 'golden.json': '{}' } } } }, expected: { verdict: 'Error', code: 'GoldenInvalid' }, message: 'golden.json' },
  { name: 'golden rows for another threshold', given: { versions: { v1: { files: { 'golden.json': JSON.stringify({ ...tinyGolden, threshold: 0.5 }) } } } }, expected: { verdict: 'Error', code: 'GoldenInvalid' }, message: 'golden.json is for threshold 0.5, the card has 0.42.' },
  { name: 'golden mismatch', given: { versions: { v1: { files: { 'golden.json': wrongGolden } } } }, expected: { verdict: 'Error', code: 'GoldenMismatch' }, message: 'Of 500 golden rows' },
  { name: 'broken graph', given: { versions: { v1: { files: { 'model.onnx': 'no graph' } } } }, expected: { verdict: 'Error', code: 'GraphInvalid' }, message: 'onnxruntime cannot load' },
  { name: 'no such store', given: { environment: { CHURNOPS_REPOSITORY: 'ftp://x/y' } }, expected: { verdict: 'Error', code: 'ConfigurationInvalid', report: null }, message: 's3://bucket/folder' },
  { name: 'no such volume', given: { environment: { CHURNOPS_REPOSITORY: 'file:///nowhere/at/all' } }, expected: { verdict: 'Error', code: 'BucketNotFound', report: null }, message: 'does not exist' },
  { name: 'evidence that cannot be written leaves the verdict', given: { prepare: async (root) => writeFile(join(root, 'evaluations'), 'in the way') }, expected: { verdict: 'Pass', report: null, reportProblem: expect.stringContaining('evaluations') }, message: 'may be deployed' },
])('$name', async ({ given, expected, message }) => {
  const { report } = await inspect(given);
  expect(report).toMatchObject({ ...expected, message: expect.stringContaining(message) });
});

test("stable's card is read where stable came from; where it cannot be, that is an error", async () => {
  const before = await tinyRepository({ v1: {} });
  const moved = { CHURNOPS_STABLE_VERSION: 'v1', CHURNOPS_STABLE_REPOSITORY: before.url };
  const versions = { v1: { card: required } };
  expect((await inspect({ versions, environment: moved })).report).toMatchObject({ verdict: 'Fail', reason: 'SchemaIncompatible' });
  await rm(before.root, { recursive: true });
  expect((await inspect({ versions, environment: moved })).report).toMatchObject({ verdict: 'Error', code: 'BucketNotFound', message: expect.stringMatching(/^The card of the stable version v1 cannot be read: Folder .* does not exist/) });
  const gone = { ...moved, CHURNOPS_STABLE_VERSION: 'v0', CHURNOPS_STABLE_REPOSITORY: (await tinyRepository({ v1: {} })).url };
  expect((await inspect({ versions, environment: gone })).report).toMatchObject({ verdict: 'Error', code: 'VersionNotFound' });
});

/** Nothing of the package is read: a broken one makes no difference. */
async function broken(root: string): Promise<void> {
  await writeFile(join(root, 'models/tiny-churn/v10/model.json'), '{');
}

async function askedForLatest(environment: Readonly<Record<string, string>>) {
  return inspect({ versions: { v9: {}, v10: {} }, environment: { CHURNOPS_VERSION: 'latest', ...environment }, prepare: broken });
}

describe('latest that is decided about', () => {
  test.each<{ name: string; environment: Readonly<Record<string, string>>; message: string }>([
    { name: 'serves', environment: { CHURNOPS_KNOWN_VERSIONS: 'v10' }, message: 'latest is v10, as before.' },
    { name: 'was rejected', environment: { CHURNOPS_KNOWN_VERSIONS: 'v9,v10' }, message: 'latest is v10, as before.' },
    { name: 'is older than what serves', environment: { CHURNOPS_KNOWN_VERSIONS: 'v11', CHURNOPS_STABLE_VERSION: 'v11' }, message: 'latest is v10, which is older than v11, which serves: to go back, name it in spec.model.version.' },
  ])('$name: nothing is read, nothing is left', async ({ environment, message }) => {
    const { root, report } = await askedForLatest(environment);
    expect(report).toMatchObject({ verdict: 'Unchanged', reason: 'NothingNewer', version: 'v10', message, report: null });
    expect(report).not.toHaveProperty('reportProblem');
    expect(await readdir(root)).toEqual(['models']);
  });

  test.each<{ name: string; environment: Readonly<Record<string, string>> }>([
    { name: 'nobody knows it', environment: { CHURNOPS_KNOWN_VERSIONS: 'v9', CHURNOPS_STABLE_VERSION: 'v9' } },
    { name: 'what serves came from elsewhere', environment: { CHURNOPS_STABLE_VERSION: 'v11', CHURNOPS_STABLE_REPOSITORY: 's3://other/models' } },
    { name: 'it is named', environment: { CHURNOPS_VERSION: 'v10', CHURNOPS_KNOWN_VERSIONS: 'v10' } },
  ])('but looked at where $name', async ({ environment }) => {
    expect((await askedForLatest(environment)).report).toMatchObject({ verdict: 'Error', code: 'CardInvalid', version: 'v10' });
  });
});

test('on a volume, a path begins at its root, and so does the report', async () => {
  const { root } = await tinyRepository({ v1: {} });
  const volume = { CHURNOPS_REPOSITORY: 'file:///models/tiny-churn', CHURNOPS_VOLUME: root };
  const parsed = InspectEnvironment.parse({ CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'tiny-churn', CHURNOPS_VERSION: 'v1', ...volume });
  const report = await inspectPackage({ environment: parsed, logger: keptLogger().logger, signal: new AbortController().signal, patience: noPatience });
  expect(report).toMatchObject({ verdict: 'Pass', report: { path: expect.stringMatching(/^file:\/\/\/evaluations\/tiny-churn\/[0-9a-f]{64}\/.*-inspection\.json$/) } });
  expect(await readdir(join(root, 'evaluations/tiny-churn'))).toEqual([report.candidateHash]);
});

test('a package that is still being copied is no verdict, and passes once it is whole', async () => {
  const { root } = await tinyRepository({ v1: {} });
  const folder = join(root, 'models/tiny-churn/v1');
  const whole = await readFile(join(folder, 'model.onnx'));
  const card = await readFile(join(folder, 'model.json'));
  const look = async () => inspectPackage({ environment: InspectEnvironment.parse({ CHURNOPS_NAMESPACE: 'n', CHURNOPS_MODEL: 'm', CHURNOPS_VERSION: 'v1', CHURNOPS_REPOSITORY: 'file:///models/tiny-churn', CHURNOPS_VOLUME: root }), logger: keptLogger().logger, signal: new AbortController().signal, patience: noPatience });
  await writeFile(join(folder, 'model.onnx'), whole.subarray(0, whole.length / 2));
  expect(await look()).toMatchObject({ verdict: 'Error', code: 'DigestMismatch' });
  await rm(join(folder, 'model.onnx'));
  expect(await look()).toMatchObject({ verdict: 'Error', code: 'FileMissing' });
  await writeFile(join(folder, 'model.json'), card.subarray(0, card.length / 2));
  expect(await look()).toMatchObject({ verdict: 'Error', code: 'CardInvalid' });
  await rm(join(folder, 'model.json'));
  expect(await look()).toMatchObject({ verdict: 'Error', code: 'VersionNotFound' });
  await writeFile(join(folder, 'model.onnx'), whole);
  await writeFile(join(folder, 'model.json'), card);
  expect(await look()).toMatchObject({ verdict: 'Pass' });
});

async function oddFolders(root: string): Promise<void> {
  for (const name of ['v9 (backup)', '_old']) await mkdir(join(root, 'models/tiny-churn', name));
  await writeFile(join(root, 'models/tiny-churn/v9 (backup)/model.json'), '{}');
}

test('latest never is a folder that no version can be called; the check names it', async () => {
  const { report } = await inspect({ environment: { CHURNOPS_VERSION: 'latest' }, prepare: oddFolders });
  expect(report).toMatchObject({ verdict: 'Pass', version: 'v1' });
  const file = InspectionReportFile.parse(JSON.parse(await readFile(fileURLToPath(report.report?.path ?? ''), 'utf8')));
  expect(file.checks[0]).toEqual({ name: 'version', passed: true, message: 'latest is v1. Passed over, as no version can be called so: "_old", "v9 (backup)".' });
  expect((await inspect({ versions: {}, environment: { CHURNOPS_VERSION: 'latest' }, prepare: oddFolders })).report).toMatchObject({ code: 'VersionNotFound', message: expect.stringContaining('"v9 (backup)"') });
});

test('a schema change is allowed by the hash of this very candidate', async () => {
  const versions = { v0: {}, v1: { card: required } };
  const { report } = await inspect({ versions, environment: { CHURNOPS_STABLE_VERSION: 'v0' } });
  const hash = report.candidateHash ?? '';
  for (const allowed of [hash, hash.slice(0, 8)]) {
    expect((await inspect({ versions, environment: { CHURNOPS_STABLE_VERSION: 'v0', CHURNOPS_ALLOW_SCHEMA_CHANGE: allowed } })).report.verdict).toBe('Pass');
  }
  expect((await inspect({ versions, environment: { CHURNOPS_STABLE_VERSION: 'v0', CHURNOPS_ALLOW_SCHEMA_CHANGE: '00000000' } })).report.verdict).toBe('Fail');
  expect(tinyCard.version).toBe('v1');
});
