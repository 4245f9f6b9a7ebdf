import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Thresholds } from '../../../../statistics/agreement.ts';
import { PairCollector } from '../../../../statistics/pair-collector.ts';
import type { ReferenceMeasures } from '../../../oracles/reference.ts';
import { output } from '../../command.ts';
import type { RandomStream } from '../../random-stream.ts';
import { writeColumns } from './python.ts';
import { drawOne, type SampleKind } from './samples.ts';
import { StreamEvaluated } from './stream-protocol.ts';

/** As large as a gate gets: scores of four decimals, as a forest has. */
function kindOf(rows: number): SampleKind {
  return { name: 'large', rows, prevalence: 0.265, decimals: 4, noise: 0.5 };
}

/** Draws so many pairs into a folder: as columns for Python, as lines for a process of ours. */
export async function writeMany(folder: string, rows: number, random: RandomStream, signal: AbortSignal): Promise<void> {
  await mkdir(folder);
  const collector = new PairCollector();
  await pipeline(Readable.from(drawLines(kindOf(rows), random, collector)), createWriteStream(join(folder, 'pairs.ndjson')), { signal });
  await writeColumns(folder, collector.pairs());
}

/** Has a process of ours evaluate the pairs of a folder from a stream, and compare with the reference. Its heap may not grow beyond 64 MiB. */
export async function evaluateMany(folder: string, reference: ReferenceMeasures, thresholds: Thresholds, signal: AbortSignal): Promise<StreamEvaluated> {
  const file = join(folder, 'reference.json');
  await writeFile(file, JSON.stringify(reference));
  const args = ['--max-old-space-size=64', 'test/e2e/claims/oracles/evaluate-stream.ts', join(folder, 'pairs.ndjson'), file, String(thresholds.stable), String(thresholds.candidate)];
  return StreamEvaluated.parse(JSON.parse(await output('hack/node', args, { signal })));
}

const LINES_AT_A_TIME = 4096;

function* drawLines(kind: SampleKind, random: RandomStream, collector: PairCollector): Generator<string> {
  let lines = '';
  for (let row = 1; row <= kind.rows; row += 1) {
    const { positive, stable, candidate } = drawOne(kind, random);
    collector.add(positive === 1, stable, candidate);
    lines += `${JSON.stringify({ y: positive, s: stable, c: candidate })}\n`;
    if (row % LINES_AT_A_TIME !== 0 && row !== kind.rows) continue;
    yield lines;
    lines = '';
  }
}
