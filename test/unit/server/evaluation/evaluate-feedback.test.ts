import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EvaluationEvidence } from '../../../../contracts/evaluation-evidence.ts';
import type { EvaluationRequest } from '../../../../contracts/evaluation-request.ts';
import { EvaluateEnvironment } from '../../../../contracts/pod-environment.ts';
import { EvaluationReport, TERMINATION_MESSAGE_MAX_BYTES } from '../../../../contracts/reports.ts';
import { evaluateCandidate } from '../../../../server/evaluation/evaluate.ts';
import { ObjectUrls } from '../../../../server/evaluation/evidence/object-urls.ts';
import { verifyEvidence } from '../../../../server/evaluation/evidence/verify-evidence.ts';
import type { ObservedPrediction } from '../../../../server/prediction/observed-prediction.ts';
import { keptLogger, temporaryFolder, tinyEnvironment } from '../tiny-package.ts';
import { HORIZON_MS, journal, label, labelOf, observed, requestOf, seeded, storeWithVersions } from './feedback-world.ts';
import type { VersionedStore } from './feedback-world.ts';
import { naivePair } from './naive.ts';

const CUSTOMERS = 200;
const NOW_MS = Date.now();
const SINCE_MS = NOW_MS - 6 * HORIZON_MS;
const since = new Date(SINCE_MS).toISOString();
const patience = { totalMs: 0, baseMs: 1, maxMs: 1 };
const signal = new AbortController().signal;

function environmentOf(world: VersionedStore, request: EvaluationRequest): EvaluateEnvironment {
  return EvaluateEnvironment.parse({ ...tinyEnvironment, CHURNOPS_REPOSITORY: world.url, CHURNOPS_EVALUATION: JSON.stringify(request) });
}

async function evaluated(world: VersionedStore, given: Partial<EvaluationRequest> = {}, nowMs = NOW_MS) {
  const scratch = await temporaryFolder();
  const environment = environmentOf(world, requestOf(world, { since, ...given }));
  const report = EvaluationReport.parse(await evaluateCandidate({ environment, scratch, predictionKeys: '/nowhere', memoryMiB: 128, logger: keptLogger().logger, signal, patience, now: () => nowMs }));
  expect(await readdir(scratch)).toEqual([]);
  return report;
}

/** Customers with one to three matured predictions; what happened is told by id, by customer, twice, corrected, or by silence. */
async function makeBusyWorld() {
  const world = await storeWithVersions();
  const random = seeded(20261121);
  const rows: ObservedPrediction[] = [];
  const labels = [];
  const truth: { positive: boolean; stable: number; candidate: number; predictionId: string; isSilent: boolean }[] = [];
  for (let at = 0; at < CUSTOMERS; at += 1) {
    const entity = `customer-${at}`;
    const positive = random() < 0.3;
    const noise = (): number => Math.round(1000 * Math.min(1, Math.max(0, (positive ? 0.6 : 0.4) + 0.5 * (random() - 0.5)))) / 1000;
    const made = Array.from({ length: 1 + (at % 3) }, (_, nth) => observed(world, entity, SINCE_MS + nth * HORIZON_MS + at, { stable: noise(), candidate: noise() }));
    rows.push(...made, observed(world, entity, NOW_MS - 60_000, { stable: noise(), candidate: noise() }));
    const last = made.at(-1);
    if (last === undefined) continue;
    truth.push({ positive, stable: last.own.probability, candidate: last.candidate.scored ? last.candidate.score.probability : Number.NaN, predictionId: last.predictionId, isSilent: at % 5 === 4 && !positive });
    const observedMs = last.atMs + 60_000;
    const how = at % 5;
    if (how === 0) labels.push(labelOf({ id: last.predictionId }, positive, observedMs));
    if (how === 1) labels.push(labelOf({ entity }, positive, observedMs), labelOf({ entity }, positive, observedMs));
    if (how === 2) labels.push(labelOf({ id: last.predictionId }, positive, observedMs + 2), labelOf({ id: last.predictionId }, !positive, observedMs + 1));
    if (how === 3) labels.push(labelOf({ id: last.predictionId }, positive, observedMs));
    if (how === 4 && positive) labels.push(labelOf({ entity }, true, observedMs));
  }
  for (const entity of ['seen-by-v1', 'seen-by-v2']) rows.push(observed(world, entity, SINCE_MS, { stable: 0, candidate: 1 }));
  rows.push(observed(world, 'not-mirrored', SINCE_MS, { stable: 0.5, candidate: undefined }), observed(world, 'too-early', SINCE_MS - 1, { stable: 0.5, candidate: 0.5 }));
  labels.push(labelOf({ entity: 'nobody' }, true, NOW_MS - 1000));
  await journal(world.root, rows.filter((_, at) => at % 2 === 0));
  await journal(world.root, rows.filter((_, at) => at % 2 === 1));
  // Delivered twice.
  await journal(world.root, rows.slice(0, 50));
  await label(world.root, labels.toReversed());
  truth.sort((a, b) => (a.predictionId < b.predictionId ? -1 : 1));
  return { world, truth, rows: rows.length };
}

let made: ReturnType<typeof makeBusyWorld> | undefined;

/** The same world for every test, in a store of its own. */
async function busyWorld() {
  made ??= makeBusyWorld();
  const { world, ...rest } = await made;
  const root = await temporaryFolder();
  await cp(world.root, root, { recursive: true });
  const url = world.url.replace(world.root, root);
  const moved = { ...world, root, url, stable: { ...world.stable, repository: url }, candidate: { ...world.candidate, repository: url } };
  return { world: moved, ...rest };
}

async function lookOnce() {
  const busy = await busyWorld();
  return { ...busy, report: await evaluated(busy.world) };
}

let looked: ReturnType<typeof lookOnce> | undefined;

/** One look at the busy world, for tests that leave its store as it was. */
async function lookedWorld() {
  looked ??= lookOnce();
  return looked;
}

test('numbers, verdict and counts are those of an independent computation; the evidence is verified by them', async () => {
  const { world, truth, rows, report } = await lookedWorld();
  const naive = naivePair(truth.map(({ positive }) => positive), truth.map(({ stable }) => stable), truth.map(({ candidate }) => candidate));
  const positives = truth.filter(({ positive }) => positive).length;
  expect(report).toMatchObject({ verdict: 'Pass', reason: 'Proven', labels: 'Feedback', mode: 'Anytime', candidate: { rows: CUSTOMERS, positives, negatives: CUSTOMERS - positives }, candidateHash: world.candidate.hash, stableHash: world.stable.hash });
  for (const [found, expected] of [[report.candidate?.auc, naive.candidate], [report.stable?.auc, naive.stable], [report.difference, naive.difference]] as const) {
    expect(found?.value).toBeCloseTo(expected.value, 12);
    expect(found?.variance).toBeCloseTo(expected.variance, 12);
  }
  const superseded = Array.from({ length: CUSTOMERS }, (_, at) => at % 3).reduce((sum, more) => sum + more, 0);
  expect(report.feedback).toMatchObject({ predictions: rows - 1, notMatured: CUSTOMERS, otherVersion: 0, noCandidateScore: 1, outsidePopulation: 0, superseded, trainedOn: 2, silent: truth.filter(({ isSilent }) => isSilent).length, unmatchedLabels: 1, unreadable: 0 });
  expect(report.message).toContain('2 customers that a trainer saw are left out. 1 labels match no prediction.');

  const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
  const { path = '', sha256 = '' } = report.report ?? {};
  expect(await verifyEvidence(path, { urls, sha256 })).toEqual({ outcome: 'Verified', findings: [], inputs: expect.any(Number), pairs: CUSTOMERS, verdict: 'Pass (Proven)' });
  const evidence = EvaluationEvidence.parse(JSON.parse(await readFile(new URL(path), 'utf8')));
  expect(evidence.cards).toMatchObject({ candidate: { version: 'v2', trainingEntities: 1 }, stable: { version: 'v1', trainingEntities: 1 } });
  const kinds = new Set((await inputsOf(path, evidence)).map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(['predictions', 'labels']));
});

async function inputsOf(path: string, { inputs }: EvaluationEvidence) {
  const { readInputs } = await import('../../../../server/evaluation/evidence/inputs-file.ts');
  return readInputs(await readFile(new URL(inputs.file, path)));
}

describe('a byte that changed is found and named', () => {
  test('in the evidence, in what lies beside it, in a card and in every kind of input', async () => {
    const { world, report } = await lookedWorld();
    const { path = '', sha256 = '' } = report.report ?? {};
    const evidence = EvaluationEvidence.parse(JSON.parse(await readFile(new URL(path), 'utf8')));
    const inputs = await inputsOf(path, evidence);
    const firstOf = (kind: string): string => inputs.find((input) => input.kind === kind)?.url ?? '';
    const places = [path, new URL(evidence.pairs.file, path).href, new URL(evidence.inputs.file, path).href, evidence.cards.candidate.url, evidence.cards.stable?.url ?? '', firstOf('predictions'), firstOf('labels')];
    const random = seeded(7);
    for (const url of places) {
      const file = new URL(url);
      const kept = `${file.pathname}.kept`;
      await copyFile(file, kept);
      for (let nth = 0; nth < 2; nth += 1) {
        const bytes = await readFile(kept);
        const at = nth === 0 ? bytes.length - 1 : Math.floor(random() * bytes.length);
        bytes.writeUInt8((bytes.readUInt8(at) + 1 + Math.floor(random() * 255)) % 256, at);
        await writeFile(file, bytes);
        const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
        const found = await verifyEvidence(path, { urls });
        expect({ url, at, found }).toMatchObject({ found: { outcome: 'Changed', findings: expect.arrayContaining([expect.objectContaining({ state: 'Changed', what: url })]) } });
      }
      await copyFile(kept, file);
      await rm(kept);
    }
    const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
    expect(await verifyEvidence(path, { urls, sha256 })).toMatchObject({ outcome: 'Verified' });
    const gone = new URL(firstOf('labels'));
    await rename(gone, `${gone.pathname}.kept`);
    expect(await verifyEvidence(path, { urls, sha256 })).toMatchObject({ outcome: 'Incomplete', findings: [{ state: 'Missing', what: firstOf('labels') }] });
    await rename(`${gone.pathname}.kept`, gone);
  });

  test('another form of the same document is another document', async () => {
    const { world, report } = await lookedWorld();
    const { path = '' } = report.report ?? {};
    const kept = await readFile(new URL(path), 'utf8');
    const { kind, ...rest } = JSON.parse(kept);
    for (const text of [`${kept}\n`, JSON.stringify(JSON.parse(kept)), `${JSON.stringify({ ...rest, kind }, undefined, 2)}\n`]) {
      await writeFile(new URL(path), text);
      const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
      expect(await verifyEvidence(path, { urls })).toMatchObject({ outcome: 'Changed', findings: [{ what: path, message: expect.stringContaining('was written in another form') }] });
    }
    await writeFile(new URL(path), kept);
  });

  test('a verdict that was rewritten, digest and all, does not follow from its pairs, nor has it the sha256 of status', async () => {
    const { digested, evidenceText } = await import('../../../../server/evaluation/evidence/evidence-text.ts');
    const { world, report } = await lookedWorld();
    const { path = '', sha256 = '' } = report.report ?? {};
    const kept = await readFile(new URL(path));
    const { digest: _digest, ...evidence } = EvaluationEvidence.parse(JSON.parse(await readFile(new URL(path), 'utf8')));
    const auc = evidence.report.candidate?.auc;
    const better = { ...evidence.report, candidate: { rows: CUSTOMERS, positives: 1, negatives: 1, ...evidence.report.candidate, auc: auc === undefined || auc === null ? null : { ...auc, lower: auc.lower + 1e-9 } } };
    await writeFile(new URL(path), evidenceText(digested({ ...evidence, report: better })));
    const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: world.url }, { ...patience, signal });
    expect((await verifyEvidence(path, { urls })).findings).toEqual([{ state: 'Changed', what: 'report.candidate.auc.lower', message: 'does not follow from the pairs' }]);
    expect((await verifyEvidence(path, { urls, sha256 })).findings).toContainEqual(expect.objectContaining({ what: path }));
    await writeFile(new URL(path), kept);
  });
});

describe('looks', () => {
  test('before anything is matured the gate is Inconclusive, with a date', async () => {
    const world = await storeWithVersions();
    await journal(world.root, Array.from({ length: 40 }, (_, at) => observed(world, `customer-${at}`, SINCE_MS + at * 60_000, { stable: 0.4, candidate: 0.6 })));
    const nowMs = SINCE_MS + HORIZON_MS / 2;
    const report = await evaluated(world, {}, nowMs);
    expect(report).toMatchObject({ verdict: 'Inconclusive', reason: 'TooFewLabels', candidate: { rows: 0, auc: null }, missing: { positives: 20, negatives: 20 } });
    expect(Date.parse(report.expectedDecisionAt ?? '')).toBeGreaterThan(SINCE_MS + HORIZON_MS);
    const lastLook = { at: report.finishedAt, rows: 0, verdict: 'Inconclusive', reason: 'TooFewLabels' } as const;
    // Nothing can have matured since: the journal is not even listed.
    await rm(join(world.root, 'predictions'), { recursive: true });
    expect(await evaluated(world, { lastLook }, nowMs + 1)).toMatchObject({ verdict: 'NotDue', reason: 'TooFewNewLabels', report: null });
  });

  test('the next look comes with 2 % more customers; a gate that looks once has looked', async () => {
    const { world } = await busyWorld();
    const looked = (rows: number, reason: 'AUCNotProven' | 'TooFewLabels' = 'AUCNotProven') => ({ lastLook: { at: since, rows, verdict: 'Inconclusive', reason } as const });
    expect(await evaluated(world, looked(197))).toMatchObject({ verdict: 'NotDue', reason: 'TooFewNewLabels', report: null, feedback: { labels: expect.any(Number) } });
    expect(await evaluated(world, looked(196))).toMatchObject({ verdict: 'Pass' });
    const once = { ...requestOf(world, { since }).gate, mode: 'LowerBound' } as const;
    expect(await evaluated(world, { gate: once, ...looked(10) })).toMatchObject({ verdict: 'NotDue', reason: 'AlreadyLooked' });
    expect(await evaluated(world, { gate: once, ...looked(10, 'TooFewLabels') }, NOW_MS + 1)).toMatchObject({ verdict: 'Pass' });
  });

  test('a journal of other versions gives no pair', async () => {
    const { world } = await busyWorld();
    const { candidate } = world;
    const report = await evaluated({ ...world, candidate: world.stable, stable: candidate });
    expect(report).toMatchObject({ verdict: 'Inconclusive', candidate: { rows: 0 }, feedback: { noCandidateScore: 0 } });
  });
});

test('outcome files are imported and joined; a bad row is told by file and row', async () => {
  const { world } = await busyWorld();
  const prefix = `file://${world.root}/outcomes/`;
  await mkdir(join(world.root, 'outcomes'), { recursive: true });
  const day = new Date(SINCE_MS).toISOString();
  await writeFile(join(world.root, 'outcomes', 'november.csv'), `customerID,Churn,when\ncustomer-4,Yes,${day}\ncustomer-9,Perhaps,${day}\n`);
  const report = await evaluated(world, { import: { prefix, idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'when' } });
  expect(report).toMatchObject({ verdict: 'Pass', import: { files: 1, imported: 1, labels: 1, badRows: 1, problems: [{ row: 3, column: 'Churn' }] } });
  expect(report.message).toContain('1 rows of outcome files are no labels, the first in');
  const evidence = EvaluationEvidence.parse(JSON.parse(await readFile(new URL(report.report?.path ?? ''), 'utf8')));
  expect((await inputsOf(report.report?.path ?? '', evidence)).map(({ kind, url }) => [kind, url])).toContainEqual(['outcomes', `${prefix}november.csv`]);
});

/** Runs the program as the image does. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const termination = join(await temporaryFolder(), 'termination-log');
  const child = spawn(process.execPath, ['server/main.ts', ...args, '--termination-message', termination], { env: { PATH: process.env['PATH'], ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code]: unknown[] = await once(child, 'close');
  return { code, output, termination: await readFile(termination, 'utf8').catch(() => '') };
}

test('the process: a Job that writes its report for the kubelet, and who verifies it', async () => {
  const { world, truth } = await busyWorld();
  const store = { CHURNOPS_REPOSITORY: world.url };
  const evaluate = { ...tinyEnvironment, ...store, CHURNOPS_EVALUATION: JSON.stringify(requestOf(world, { since })) };
  const { code, termination } = await run(['evaluate', '--scratch', await temporaryFolder()], evaluate);
  expect(code).toBe(0);
  expect(Buffer.byteLength(termination)).toBeLessThanOrEqual(TERMINATION_MESSAGE_MAX_BYTES);
  const report = EvaluationReport.parse(JSON.parse(termination));
  expect(report).toMatchObject({ verdict: 'Pass', candidate: { rows: truth.length } });
  const { path = '', sha256 = '' } = report.report ?? {};
  const urls = new ObjectUrls(store, { ...patience, signal });
  expect(await verifyEvidence(path, { urls, sha256 })).toMatchObject({ outcome: 'Verified' });
  expect(await run(['evaluate', '--verify', path, '--sha256', 'f'.repeat(64)], store)).toMatchObject({ code: 1, output: expect.stringContaining('"outcome": "Changed"') });
});

describe('what cannot be found out is an Error', () => {
  test.each<{ name: string; code: string; given: (world: VersionedStore) => Partial<EvaluationRequest> }>([
    { name: 'a card that is another one by now', code: 'CardChanged', given: ({ candidate }) => ({ candidate: { ...candidate, digest: 'f'.repeat(64) } }) },
    { name: 'a version that is gone', code: 'VersionNotFound', given: ({ stable }) => ({ stable: { ...stable, version: 'v9' } }) },
  ])('$name', async ({ code, given }) => {
    const world = await storeWithVersions();
    const report = await evaluated(world, given(world));
    expect(report).toMatchObject({ verdict: 'Error', reason: 'EvaluationFailed', code, report: null });
    expect(report.candidate).toBeUndefined();
  });

  test('a verdict that could not be written is none', async () => {
    const { world } = await busyWorld();
    await writeFile(join(world.root, 'evaluations'), 'a file where a folder must be');
    expect(await evaluated(world)).toMatchObject({ verdict: 'Error', report: null });
  });

  test('what was cut off between two writes is harmless', async () => {
    const { world } = await busyWorld();
    const path = (await evaluated(world)).report?.path ?? '';
    const folder = dirname(new URL(path).pathname);
    await rm(new URL(path));
    expect((await readdir(folder)).length).toBe(2);
    expect(await evaluated(world, {}, NOW_MS + 1)).toMatchObject({ verdict: 'Pass' });
    expect((await readdir(folder)).filter((name) => name.endsWith('-gate.json'))).toHaveLength(1);
  });
});
