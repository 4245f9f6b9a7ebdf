import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { EvidenceInput, type EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import { storeLayout } from '../../../contracts/store-layout.ts';
import { MODEL } from '../../../hack/bench.d/serving-program.ts';
import type { Verification } from '../../../server/evaluation/evidence/verify-evidence.ts';
import { output } from '../command.ts';
import type { ClaimBasics, RunnableClaim } from '../context.ts';
import { readEvidence } from '../feedback/evidence-reader.ts';
import { expectedPairs } from '../feedback/expected-pairs.ts';
import { readPredictions } from '../feedback/journal-reader.ts';
import { judgeLook } from '../feedback/judge-look.ts';
import { offline } from '../feedback/offline.ts';
import { referenceProbabilities } from '../load/customers.ts';
import { TOLERANCE } from '../load/samples.ts';
import { folderObjects } from './evidence/folder-objects.ts';
import { shadowOnDisk, type LookedAt } from './evidence/shadow-on-disk.ts';
import { Verifier, type Tampered } from './evidence/tamper.ts';

const PACES = { full: { customers: 3000, places: 40 }, short: { customers: 400, places: 3 } } as const;

/** A verdict follows from its evidence, and nobody changes one of the two unseen. Needs no cluster: real server processes, a store in a folder. */
export const evidence: RunnableClaim = {
  name: 'evidence',
  title: 'A verdict recomputed from its evidence is equal to 1e-12, and what numpy, scipy and scikit-learn make of what was sent to 1e-9; one byte changed in the evidence or in any input is noticed and named.',
  needs: 'processor',
  run: async (basics) => {
    const { form, signal, progress } = basics;
    await output('hack/node', ['hack/bundle.ts'], { signal });
    const folder = await mkdtemp(join(tmpdir(), 'churnops-evidence-'));
    try {
      const looked = await shadowOnDisk(basics, folder, PACES[form].customers);
      const { report } = looked.report;
      if (report === null) throw new Error(`there is no evidence: ${looked.report.verdict}: ${looked.report.message}`);
      const path = fileURLToPath(report.path);
      const read = await readEvidence(path.slice(path.lastIndexOf('/') + 1), async (file) => folderObjects(join(path, '..')).get(file));
      const judged = await beside(basics, looked, read.evidence, read.pairs);
      progress('changing a byte here and there');
      const { tampered, files } = await tamperWithAll(basics, looked, read.evidence, report);
      return {
        checks: [],
        figure: `${read.evidence.pairs.rows} pairs recomputed to 1e-12, and to ${judged.worst.toExponential(0)} of numpy, scipy and scikit-learn; ${tampered.filter(({ noticed, named }) => noticed && named).length} of ${tampered.length} changes in ${files} files noticed and named`,
        evidence: judged.evidence,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The look beside what was sent. */
async function beside(basics: ClaimBasics, looked: LookedAt, found: EvaluationEvidence, lines: readonly string[]) {
  const { signal } = basics;
  const { scored, plan, request, store, versions: [decent, better] } = looked;
  const { records } = await readPredictions(folderObjects(store), storeLayout(`models/${MODEL}`, MODEL).predictions);
  const expected = expectedPairs({ scored, plan, journal: records, candidateReference: await referenceProbabilities(better.version, signal), tolerance: TOLERANCE });
  const theirs = await offline(expected.pairs, request.gate, [decent.version, better.version], signal);
  return judgeLook(basics, { evidence: found, lines, expected, plan, theirs, sent: scored.length });
}

type Told = Readonly<{ path: string; sha256: string }>;

/** Verifies as it is, then with one change after the other. */
async function tamperWithAll(basics: ClaimBasics, { evaluating, request }: LookedAt, found: EvaluationEvidence, told: Told): Promise<Readonly<{ tampered: readonly Tampered[]; files: number }>> {
  const { check, form, signal } = basics;
  const { exitCode, verification } = await evaluating.verify(told.path, told.sha256);
  check('server evaluate --verify: the verdict follows from its evidence, to 1e-12', exitCode === 0 && verification.outcome === 'Verified', `${verification.outcome}: ${verification.verdict}, ${verification.pairs} pairs, ${verification.inputs} inputs; ${verification.findings.map(({ message }) => message).join('; ')}`);
  const verifier = new Verifier(request.candidate.repository, signal);
  const folder = told.path.slice(0, told.path.lastIndexOf('/'));
  const inputs = await inputsOf(folder, found);
  const files = [told.path, `${folder}/${found.pairs.file}`, `${folder}/${found.inputs.file}`, found.cards.candidate.url, ...(found.cards.stable === undefined ? [] : [found.cards.stable.url]), ...inputs.map(({ url }) => url)];
  check('predictions, labels, outcome files and both cards are among the inputs', ['predictions', 'labels', 'outcomes'].every((kind) => inputs.some((input) => input.kind === kind)), [...new Set(inputs.map(({ kind }) => kind))].map((kind) => `${inputs.filter((input) => input.kind === kind).length} ${kind}`).join(', '));
  const tampered: Tampered[] = [];
  for (const url of files) {
    const { size } = await sizeOf(url);
    // With the digest that status tells, and without: then only what the files say of each other speaks against it.
    for (const at of places(size, PACES[form].places)) for (const sha256 of [told.sha256, undefined]) tampered.push(await verifier.changeByte(told.path, url, at, sha256));
  }
  const forged = [
    await verifier.forge(told.path, 'verdict', (report) => Object.assign(report, { verdict: report['verdict'] === 'Pass' ? 'Fail' : 'Pass' })),
    await verifier.forge(told.path, 'candidate', (report) => Object.assign(report, { candidate: raised(report['candidate']) })),
  ];
  const all = [...tampered, ...forged];
  const bad = all.filter(({ noticed, named }) => !noticed || !named);
  check('one byte changed in any file is noticed and named; so is a verdict that was forged with a digest that fits', bad.length === 0, bad.length === 0 ? `${all.length} changes in ${files.length} files` : `${bad.length} of ${all.length}: ${bad.slice(0, 3).map(({ file, change, said }) => `${file}, ${change}: ${said}`).join(' | ')}`);
  await gone(basics, verifier, told, inputs);
  const again = await verifier.verify(told.path, told.sha256);
  check('and put back it holds again', again.outcome === 'Verified', again.outcome);
  return { tampered: all, files: files.length };
}

/** An input that is not there any more is no forgery. */
async function gone({ check }: ClaimBasics, verifier: Verifier, told: Told, inputs: readonly EvidenceInput[]): Promise<void> {
  const [input] = inputs;
  if (input === undefined) return;
  const path = fileURLToPath(input.url);
  await rename(path, `${path}.gone`);
  let found: Verification;
  try {
    found = await verifier.verify(told.path, told.sha256);
  } finally {
    await rename(`${path}.gone`, path);
  }
  const { outcome, findings } = found;
  check('an input that is gone is told as missing, not as changed', outcome === 'Incomplete' && findings.length === 1 && findings[0]?.what === input.url, `${outcome}: ${findings.map(({ what, message }) => `${what} ${message}`).join('; ')}`);
}

async function inputsOf(folder: string, { inputs }: EvaluationEvidence): Promise<readonly EvidenceInput[]> {
  const path = fileURLToPath(folder);
  const bytes = await folderObjects(path).get(inputs.file);
  return gunzipSync(bytes).toString('utf8').trimEnd().split('\n').map((line) => EvidenceInput.parse(JSON.parse(line)));
}

async function sizeOf(url: string): Promise<Readonly<{ size: number }>> {
  const path = fileURLToPath(url);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!(await readdir(join(path, '..'))).includes(name)) throw new Error(`${url} is not there`);
  return { size: (await folderObjects(join(path, '..')).get(name)).length };
}

/** So many places over a file, its first and its last byte among them. */
function places(size: number, count: number): readonly number[] {
  return [...new Set(Array.from({ length: count }, (_, index) => Math.round((index * (size - 1)) / Math.max(1, count - 1))))];
}

/** The side with a better AUC. */
function raised(side: unknown): unknown {
  const read: Readonly<{ auc?: Readonly<{ value?: number }> }> = { ...Object(side) };
  return { ...read, auc: { ...read.auc, value: (read.auc?.value ?? 0) + 1e-9 } };
}
