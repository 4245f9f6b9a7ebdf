/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { request as httpRequest } from 'undici';
import { EvaluationEvidence } from '../../../../contracts/evaluation-evidence.ts';
import { EvaluationRequest } from '../../../../contracts/evaluation-request.ts';
import { EvaluateEnvironment, ServeEnvironment } from '../../../../contracts/pod-environment.ts';
import { EvaluationReport } from '../../../../contracts/reports.ts';
import { evaluateCandidate } from '../../../../server/evaluation/evaluate.ts';
import { ObjectUrls } from '../../../../server/evaluation/evidence/object-urls.ts';
import { verifyEvidence } from '../../../../server/evaluation/evidence/verify-evidence.ts';
import { startServing } from '../../../../server/serving/serving.ts';
import type { Serving } from '../../../../server/serving/serving.ts';
import { keptLogger, temporaryFolder, tinyEnvironment, tinyGolden } from '../tiny-package.ts';
import { seeded, storeWithVersions } from './feedback-world.ts';
import type { VersionedStore } from './feedback-world.ts';
import { naivePair } from './naive.ts';

const signal = new AbortController().signal;
const patience = { totalMs: 0, baseMs: 1, maxMs: 1 };
const ROWS = 150;
const pods: Serving[] = [];
afterEach(async () => {
  await Promise.all(pods.splice(0).map(async (pod) => pod.drain(AbortSignal.abort())));
});

/** A serving process of a version, as its Deployment has it. */
async function pod(world: VersionedStore, side: 'stable' | 'candidate'): Promise<Serving> {
  const { version, digest, hash } = world[side];
  const folder = await temporaryFolder();
  const packageFolder = join(folder, 'package');
  await cp(join(world.root, 'models/tiny-churn', version), packageFolder, { recursive: true });
  const journal = join(folder, 'journal');
  await mkdir(journal);
  const environment = ServeEnvironment.parse({ ...tinyEnvironment, CHURNOPS_VERSION: version, CHURNOPS_PACKAGE_DIGEST: digest, CHURNOPS_CANDIDATE_HASH: hash, CHURNOPS_REPOSITORY: world.url });
  const serving = await startServing(
    { environment, packageFolder, host: '127.0.0.1', dataPort: 0, controlPort: 0, policyFile: join(folder, 'no-policy'), logger: keptLogger().logger, folders: { journal, feedback: folder, predictionKeys: folder }, drain: { lingerMs: 0, graceMs: 10_000, copiesMs: 0, journalUntilMs: 10_000 } },
    signal,
  );
  pods.push(serving);
  return serving;
}

/** Golden rows as somebody keeps them: a column that the model does not know, blank cells, the outcome in words. */
function labelledCsv(change: (row: string[], at: number) => readonly string[] = (row) => row, header = ['customerID', ...tinyGolden.columns, 'region', 'Churn']): string {
  const random = seeded(5);
  const rows = tinyGolden.rows.slice(0, ROWS).map((values, at) => {
    const outcome = random() < (tinyGolden.probabilities[at] ?? 0) ? 'Yes' : 'No';
    return change([`c${at}`, ...values.map((value) => (value === null ? ' ' : String(value))), 'north', outcome], at).join(',');
  });
  return `${[header.join(','), ...rows].join('\n')}\n`;
}

async function evaluated(world: VersionedStore, given: Readonly<{ csv: string; candidate?: Serving; stable?: Serving | undefined; request?: Partial<EvaluationRequest> }>) {
  const dataset = join(world.root, 'holdouts', 'tiny-churn', 'labelled.csv');
  await mkdir(join(dataset, '..'), { recursive: true });
  await writeFile(dataset, given.csv);
  const gate = { labels: 'Replay', mode: 'LowerBound', minAUC: 0.5, confidence: 0.95, maxRegression: 0.2, minPositives: 10, minNegatives: 10 } as const;
  const { candidate, stable } = world;
  const request = EvaluationRequest.parse({
    schemaVersion: 1,
    kind: 'Candidate',
    candidate,
    ...(given.stable === undefined ? {} : { stable }),
    gate,
    horizonMs: 1000,
    population: 'All',
    replay: { dataset: `file://${dataset}`, candidateAddress: `127.0.0.1:${given.candidate?.dataPort ?? 1}`, ...(given.stable === undefined ? {} : { stableAddress: `127.0.0.1:${given.stable.dataPort}` }) },
    ...given.request,
  });
  const environment = EvaluateEnvironment.parse({ ...tinyEnvironment, CHURNOPS_REPOSITORY: world.url, CHURNOPS_EVALUATION: JSON.stringify(request) });
  return EvaluationReport.parse(await evaluateCandidate({ environment, scratch: await temporaryFolder(), predictionKeys: '/nowhere', memoryMiB: 128, logger: keptLogger().logger, signal, patience, replayPatience: { totalMs: 2000, baseMs: 10, maxMs: 100 } }));
}

async function requestsOf({ controlPort }: Serving): Promise<string> {
  return (await httpRequest(`http://127.0.0.1:${controlPort}/metrics`)).body.text();
}

test('a labelled set goes through both versions; numbers are those of the golden probabilities; nothing of it is journaled', async () => {
  const world = await storeWithVersions();
  const [stable, candidate] = [await pod(world, 'stable'), await pod(world, 'candidate')];
  const seen = new Map([[3, 'seen-by-v1'], [4, 'seen-by-v2'], [6, 'c5'], [8, '']]);
  const csv = labelledCsv((row, at) => [seen.get(at) ?? row[0] ?? '', ...row.slice(1)]);
  const report = await evaluated(world, { csv, stable, candidate });
  const used = csv.trimEnd().split('\n').slice(1).map((line) => line.split(',')).flatMap((cells, at) => ([3, 4, 5, 8].includes(at) ? [] : [{ positive: cells.at(-1) === 'Yes', probability: tinyGolden.probabilities[at] ?? 0 }]));
  const probabilities = used.map(({ probability }) => probability);
  const naive = naivePair(used.map(({ positive }) => positive), probabilities, probabilities);
  expect(report).toMatchObject({
    verdict: 'Pass',
    reason: 'Proven',
    labels: 'Replay',
    candidate: { rows: ROWS - 4 },
    difference: { value: 0 },
    replay: { rows: ROWS, trainedOn: 2, repeated: 1, unusable: 1, problems: [{ row: 10, message: 'customerID is empty or too long' }] },
  });
  expect(report.candidate?.auc?.value).toBeCloseTo(naive.candidate.value, 6);
  expect(report.candidate?.auc?.variance).toBeCloseTo(naive.candidate.variance, 6);
  const { path = '', sha256 } = report.report ?? {};
  const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
  expect(await verifyEvidence(path, { urls, sha256 })).toMatchObject({ outcome: 'Verified', inputs: 3 });
  const evidence = EvaluationEvidence.parse(JSON.parse(readFileSync(new URL(path), 'utf8')));
  expect(evidence.request.replay?.dataset).toMatch(/labelled\.csv$/);
  for (const side of [stable, candidate]) {
    expect(await requestsOf(side)).toMatch(/churnops_rows_total\{role="candidate",[^}]*\} 146/);
    await side.drain(AbortSignal.abort());
  }
  await expect(readFile(join(world.root, 'predictions'))).rejects.toThrow('ENOENT');
});

test('a first version is measured by itself', async () => {
  const world = await storeWithVersions();
  const report = await evaluated(world, { csv: labelledCsv(), candidate: await pod(world, 'candidate') });
  expect(report).toMatchObject({ verdict: 'Pass', candidate: { rows: ROWS } });
  expect(report.stable).toBeUndefined();
  const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
  expect(await verifyEvidence(report.report?.path ?? '', { urls })).toMatchObject({ outcome: 'Verified', inputs: 2 });
});

describe('a row that a version refuses', () => {
  test('is told by its number and left out; the others of its request are scored', async () => {
    const world = await storeWithVersions();
    const csv = labelledCsv((row, at) => (at === 20 ? [row[0] ?? '', 'many', ...row.slice(2)] : row));
    const report = await evaluated(world, { csv, candidate: await pod(world, 'candidate') });
    expect(report).toMatchObject({ verdict: 'Pass', candidate: { rows: ROWS - 1 }, replay: { unusable: 1, problems: [{ row: 22, message: expect.stringMatching(/^version v2 refused it: /) }] } });
  });

  test('too often: the set is not the one that was meant', async () => {
    const world = await storeWithVersions();
    const csv = labelledCsv((row, at) => (at % 10 === 0 ? [...row.slice(0, -1), 'Perhaps'] : row));
    const report = await evaluated(world, { csv, candidate: await pod(world, 'candidate') });
    expect(report).toMatchObject({ verdict: 'Error', code: 'DatasetInvalid', message: expect.stringContaining('15 of 150 rows of the labelled set cannot be used, more than 1 %; the first is row 2: Churn is neither "Yes" nor "No"') });
  });
});

describe('pods that give no scores', () => {
  test('nobody is there', async () => {
    const world = await storeWithVersions();
    expect(await evaluated(world, { csv: labelledCsv() })).toMatchObject({ verdict: 'Error', code: 'ReplayFailed', message: expect.stringContaining('Version v2 gave no scores (Unreachable)') });
  });

  test('a pod of another version refuses', async () => {
    const world = await storeWithVersions();
    expect(await evaluated(world, { csv: labelledCsv(), candidate: await pod(world, 'stable') })).toMatchObject({ verdict: 'Error', code: 'ReplayFailed', message: expect.stringContaining('VersionNotServed') });
  });
});

test('a gate that replays has looked once it had enough labels', async () => {
  const world = await storeWithVersions();
  const lastLook = { at: '2026-11-21T07:00:00Z', rows: ROWS, verdict: 'Pass', reason: 'Proven' } as const;
  expect(await evaluated(world, { csv: '', request: { lastLook } })).toMatchObject({ verdict: 'NotDue', reason: 'AlreadyLooked', report: null });
});
