import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import type { ExpectedPair } from './expected-pairs.ts';

/** Evidence with the text of its pairs. */
export type ReadEvidence = Readonly<{ evidence: EvaluationEvidence; pairs: readonly string[] }>;

/** Reads evidence and the pairs beside it. @param get bytes of a file by its name in the folder of the evidence */
export async function readEvidence(name: string, get: (file: string) => Promise<Uint8Array>): Promise<ReadEvidence> {
  const evidence = EvaluationEvidence.parse(JSON.parse(Buffer.from(await get(name)).toString('utf8')));
  const [, ...pairs] = gunzipSync(await get(evidence.pairs.file)).toString('utf8').trimEnd().split('\n');
  return { evidence, pairs };
}

/** Lines of the pairs file that these pairs must make, in any order. */
export function expectedLines(pairs: readonly ExpectedPair[], entitySalt: string): readonly string[] {
  return pairs.map(({ customer, positive, stable, candidate }) => {
    const entity = createHash('sha256').update(Buffer.from(entitySalt, 'hex')).update(customer, 'utf8').digest('hex').slice(0, 16);
    return `${entity},${positive ? 1 : 0},${stable},${candidate}`;
  });
}

/** Lines of one list that the other has not, as often. */
export function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return all.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
