import { gunzipSync } from 'node:zlib';
import { sha256Hex } from '../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import type { EvidenceInput } from '../../../contracts/evaluation-evidence.ts';
import { jsonOrUndefined } from '../../../contracts/json.ts';
import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import { gateRule, judge, thresholdsOf } from '../gate-look.ts';
import { evidenceDigest, evidenceText } from './evidence-text.ts';
import { readInputs } from './inputs-file.ts';
import { FindingList } from './finding-list.ts';
import type { Finding } from './finding-list.ts';
import type { ObjectUrls } from './object-urls.ts';
import { readPairs, UnreadablePairs } from './pairs-file.ts';
import { differences } from './same-numbers.ts';

/** What verification found. */
export type Verification = Readonly<{ outcome: ReturnType<FindingList['outcome']>; findings: readonly Finding[]; inputs: number; pairs: number; verdict: string | undefined }>;

/** Largest files that are read whole. */
const MAX_EVIDENCE_BYTES = 4 << 20;
const MAX_COMPANION_BYTES = 1 << 30;
const MAX_INPUT_BYTES = 1 << 30;
const CONCURRENT = 8;

/** How evidence is verified. */
export type VerifyOptions = Readonly<{
  urls: ObjectUrls;
  /** As status or whoever gave the evidence tells it; without it a file that was rewritten as a whole, digest and all, is not noticed. */
  sha256?: string | undefined;
}>;

/**
 * Verifies a verdict by its evidence: the file is byte by byte what was written, so are the files beside it, the cards and every input; and
 * the numbers follow from the pairs, to 1e-12.
 * @param url of the evidence file
 * @throws ChurnOpsError where the evidence itself cannot be read; store errors
 */
export async function verifyEvidence(url: string, { urls, sha256 }: VerifyOptions): Promise<Verification> {
  const bytes = await urls.bytes(url, MAX_EVIDENCE_BYTES);
  const evidence = readEvidence(bytes);
  const findings = new FindingList();
  if (typeof evidence === 'string') return { outcome: 'Changed', findings: [{ state: 'Changed', what: url, message: evidence }], inputs: 0, pairs: 0, verdict: undefined };
  if (sha256 !== undefined && sha256Hex(bytes) !== sha256) findings.add({ state: 'Changed', what: url, message: `has sha256 ${sha256Hex(bytes)}, ${sha256} was expected` });
  const folder = url.slice(0, url.lastIndexOf('/'));
  const companion = async ({ file, sha256: expected }: Readonly<{ file: string; sha256: string }>): Promise<Uint8Array | undefined> => {
    const found = await lookedAt(`${folder}/${file}`, findings, async () => urls.bytes(`${folder}/${file}`, MAX_COMPANION_BYTES));
    if (found === undefined || sha256Hex(found) === expected) return found;
    findings.add({ state: 'Changed', what: `${folder}/${file}`, message: 'is not the file that the evidence names: its sha256 differs' });
    return undefined;
  };
  const pairs = await companion(evidence.pairs);
  if (pairs !== undefined) findings.add(...recomputed(evidence, pairs, `${folder}/${evidence.pairs.file}`));
  const listed = await companion(evidence.inputs);
  const inputs = listed === undefined ? [] : readInputs(listed);
  const cards = [evidence.cards.candidate, evidence.cards.stable].filter((card) => card !== undefined);
  await verifyInputs([...cards, ...inputs], urls, findings);
  return { outcome: findings.outcome(), findings: findings.list(), inputs: inputs.length + cards.length, pairs: evidence.pairs.rows, verdict: `${evidence.report.verdict} (${evidence.report.reason})` };
}

/** The evidence, or why it is not what was written. */
function readEvidence(bytes: Uint8Array): EvaluationEvidence | string {
  const text = Buffer.from(bytes).toString('utf8');
  const json = jsonOrUndefined(text);
  if (json === undefined) return 'is no JSON';
  const parsed = EvaluationEvidence.safeParse(json);
  if (!parsed.success || typeof json !== 'object' || json === null) return `does not follow its schema: ${parsed.error?.issues[0]?.path.join('.') ?? ''} ${parsed.error?.issues[0]?.message ?? ''}`;
  const whole: Readonly<Record<string, unknown>> = { ...json };
  if (evidenceDigest(whole) !== parsed.data.digest) return 'does not have the digest that it says of itself: something in it was changed';
  return evidenceText(whole) === text ? parsed.data : 'was written in another form: spaces or the order of its fields were changed';
}

/** What of the report does not follow from the pairs. */
function recomputed(evidence: EvaluationEvidence, bytes: Uint8Array, what: string): readonly Finding[] {
  try {
    const { pairs, hasStable } = readPairs(gunzipSync(bytes).toString('utf8'));
    if (pairs.positive.length !== evidence.pairs.rows) return [{ state: 'Changed', what, message: `has ${pairs.positive.length} pairs, the evidence says ${evidence.pairs.rows}` }];
    // Through JSON: what is undefined is not written.
    const { message: _message, ...found } = judge(pairs, hasStable || evidence.cards.stable !== undefined, gateRule(evidence.request), thresholdsOf(evidence.cards));
    const stated: Readonly<Record<string, unknown>> = evidence.report;
    const differing = Object.entries(found).flatMap(([field, value]) => differences(stated[field], JSON.parse(JSON.stringify(value ?? null)), field));
    return differing.map((field) => ({ state: 'Changed', what: `report.${field}`, message: 'does not follow from the pairs' }));
  } catch (thrown) {
    if (thrown instanceof UnreadablePairs) return [{ state: 'Changed', what, message: thrown.message }];
    throw thrown;
  }
}

async function verifyInputs(inputs: readonly Pick<EvidenceInput, 'url' | 'sha256'>[], urls: ObjectUrls, findings: FindingList): Promise<void> {
  await inParallel(inputs, CONCURRENT, async ({ url, sha256 }) => {
    const found = await lookedAt(url, findings, async () => urls.sha256(url, MAX_INPUT_BYTES));
    if (found !== undefined && found !== sha256) findings.add({ state: 'Changed', what: url, message: `has sha256 ${found}, the evidence names ${sha256}` });
  });
}

/** Undefined where it is gone, which is noted. */
async function lookedAt<Result>(what: string, findings: FindingList, read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof ChurnOpsError) || thrown.code !== 'FileMissing') throw thrown;
    findings.add({ state: 'Missing', what, message: 'is not there any more: its digest cannot be compared' });
    return undefined;
  }
}
