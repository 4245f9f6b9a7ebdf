import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { ClaimContext } from '../../context.ts';
import { expectedLines, without, type ReadEvidence } from '../../feedback/evidence-reader.ts';
import type { ExpectedPair } from '../../feedback/expected-pairs.ts';
import { deviations, LIMIT, offline } from '../../feedback/offline.ts';
import { telcoTruth } from '../../feedback/truth.ts';
import { TELCO_DATA } from '../../load/customers.ts';
import { STORAGE, VERSIONS } from '../../manifest.ts';

/** Puts these customers into the store as a labelled set: their lines of the data file as they are. Gives its URL. */
export async function putLabelledSet({ store, prefix }: Pick<ClaimContext, 'store' | 'prefix'>, customers: readonly string[]): Promise<string> {
  const wanted = new Set(customers);
  const [header = '', ...lines] = gunzipSync(await readFile(TELCO_DATA)).toString('utf8').trimEnd().split(/\r?\n/);
  const key = `${prefix}/holdouts/labelled.csv`;
  await store.put(key, [header, ...lines.filter((line) => wanted.has(line.slice(0, line.indexOf(','))))].join('\n'));
  return `s3://${STORAGE.bucket}/${key}`;
}

/**
 * What the gate found of customers whom callers had scored before: the pods of both versions score them again, to the same bit, and the rest follows.
 * @param told both versions' scores of each customer, as journaled when callers asked
 */
export async function judgeReplay({ check, signal }: Pick<ClaimContext, 'check' | 'signal'>, { evidence, pairs: lines }: ReadEvidence, told: readonly ExpectedPair[]): Promise<void> {
  const truth = await telcoTruth();
  const expected = told.map((pair) => ({ ...pair, positive: truth.get(pair.customer) === true }));
  const theirs = await offline(expected, evidence.request.gate, [VERSIONS.decent, VERSIONS.better], signal);
  const kept = new Set(theirs.customers);
  const wanted = expectedLines(expected.filter(({ customer }) => kept.has(customer)), evidence.pairs.entitySalt);
  const [missing, beyond] = [without(wanted, lines), without(lines, wanted)];
  check('Replay: the pods of both versions score the set as they scored callers', missing.length === 0 && beyond.length === 0 && lines.length > 0, `${lines.length} pairs, ${missing.length} missing, ${beyond.length} beyond${beyond[0] === undefined ? '' : `, such as ${beyond[0]}`}`);
  const { report, request } = evidence;
  check('Replay: customers that a trainer saw are left out and counted', report.replay?.trainedOn === theirs.trainedOn, `${report.replay?.trainedOn} customers, ${theirs.trainedOn} by the cards themselves`);
  const [worst] = deviations(report, theirs).toSorted((a, b) => b.error - a.error);
  check('Replay: AUCs, variances, bounds and verdict are those of an offline computation, to 1e-9', worst !== undefined && worst.error <= LIMIT && report.verdict === theirs.verdict, `${request.gate.mode}: ${report.verdict} (${report.reason}), within ${worst?.error.toExponential(1)} (${worst?.measure}): ${report.message}`);
}
