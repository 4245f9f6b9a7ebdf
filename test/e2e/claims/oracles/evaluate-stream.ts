/**
 * Evaluates pairs from a file of NDJSON lines as they come, in a process of its own so that its memory can be told, and compares with a reference:
 * `evaluate-stream.ts PAIRS.ndjson REFERENCE.json STABLE_THRESHOLD CANDIDATE_THRESHOLD`.
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { evaluatePairs } from '../../../../statistics/evaluation.ts';
import { PairCollector } from '../../../../statistics/pair-collector.ts';
import { compareWithReference, ReferenceMeasures } from '../../../oracles/reference.ts';
import { GATE } from '../gate-error/scenario.ts';
import { StreamedPair, type StreamEvaluated } from './stream-protocol.ts';

const [pairsFile = '', referenceFile = '', stable = '', candidate = ''] = process.argv.slice(2);
const reference = ReferenceMeasures.parse(JSON.parse(await readFile(referenceFile, 'utf8')));
const startBytes = peakBytes();

const beganMs = performance.now();
const collector = new PairCollector();
for await (const line of createInterface({ input: createReadStream(pairsFile), crlfDelay: Number.POSITIVE_INFINITY })) {
  const { y, s, c } = StreamedPair.parse(JSON.parse(line));
  collector.add(y === 1, s, c);
}
const readMs = performance.now() - beganMs;
const evaluation = evaluatePairs(collector.pairs(), { ...GATE, mode: 'Anytime' }, { stable: Number(stable), candidate: Number(candidate) });
const evaluateMs = performance.now() - beganMs - readMs;

const compared = compareWithReference(evaluation, reference).toSorted((a, b) => b.error - a.error);
const [worst] = compared;
if (worst === undefined) throw new Error('nothing was compared');
const answer: StreamEvaluated = {
  rows: collector.size,
  readMs,
  evaluateMs,
  startBytes,
  peakBytes: peakBytes(),
  verdict: evaluation.decision.verdict,
  // JSON has no infinity.
  worst: { name: worst.name, ours: worst.ours, theirs: worst.theirs, error: Number.isFinite(worst.error) ? worst.error : null },
  compared: compared.length,
};
console.log(JSON.stringify(answer));

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
