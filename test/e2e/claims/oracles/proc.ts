import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countsOf, estimatePair } from '../../../../statistics/delong.ts';
import { differenceInterval, oneLook } from '../../../../statistics/interval.ts';
import { pairedTest } from '../../../../statistics/paired-test.ts';
import type { PairedScores } from '../../../../statistics/sample.ts';
import { output } from '../../command.ts';

/** One measure: ours, pROC's, and how far apart, relative to pROC's. */
export type Deviation = Readonly<{ sample: string; measure: string; ours: number; theirs: number; error: number }>;

/** Measures of a pair as pROC reports them: first minus second, 95 % two-sided. */
export function pairMeasures(first: readonly number[], second: readonly number[], positive: readonly number[]): Readonly<Record<string, number>> {
  const pairs: PairedScores = { positive: Uint8Array.from(positive), stable: Float64Array.from(second), candidate: Float64Array.from(first) };
  const found = estimatePair(pairs);
  if (found.state !== 'Estimated') throw new Error(`no estimate: ${found.reason}`);
  const test = pairedTest(found.difference);
  if (test === undefined) throw new Error('no test: the variance is 0');
  const { lower, upper } = differenceInterval(found.difference, countsOf(pairs), oneLook(0.975));
  return {
    aucFirst: found.candidate.value,
    aucSecond: found.stable.value,
    varianceFirst: found.candidate.variance,
    varianceSecond: found.stable.variance,
    covariance: found.covariance,
    z: test.z,
    p: test.p,
    lower,
    upper,
  };
}

/** Distance relative to theirs; covariances and differences near 0 relative to `floor`. */
export function deviation(sample: string, measure: string, ours: number | undefined, theirs: number, floor = 1e-3): Deviation {
  return { sample, measure, ours: ours ?? Number.NaN, theirs, error: ours === undefined ? Number.POSITIVE_INFINITY : Math.abs(ours - theirs) / Math.max(floor, Math.abs(theirs)) };
}

/** Rows of a sample as proc.R reads and writes them. */
export type ProcRows = Readonly<{ positive: readonly number[]; first: readonly number[]; second: readonly number[] }>;

export async function writeRows(folder: string, name: string, rows: ProcRows): Promise<void> {
  const lines = rows.positive.map((label, row) => `${label},${rows.first[row]},${rows.second[row]}`);
  await writeFile(join(folder, `${name}.csv`), ['y,first,second', ...lines, ''].join('\n'));
}

/** Runs the installed pROC over the samples of a folder and its own aSAH. Rows and measures, by sample; the version of pROC. */
export async function runProc(folder: string, signal: AbortSignal) {
  const rscript = await output('hack/rscript', [], { signal });
  const text = await output('env', [rscript, 'test/e2e/claims/oracles/proc.R', folder], { signal });
  const measures = new Map<string, Map<string, number>>();
  let version = '';
  for (const line of text.split('\n')) {
    const [sample = '', measure = '', value = ''] = line.split(' ');
    if (sample === 'versions') version = value;
    else measures.set(sample, (measures.get(sample) ?? new Map<string, number>()).set(measure, Number(value)));
  }
  const rows = new Map<string, ProcRows>();
  for (const file of await readdir(folder)) {
    if (file.endsWith('.csv')) rows.set(file.slice(0, -'.csv'.length), await readRows(join(folder, file)));
  }
  return { version, measures, rows };
}

async function readRows(path: string): Promise<ProcRows> {
  const [, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const cells = lines.map((line) => line.split(',').map(Number));
  const column = (index: number): readonly number[] => cells.map((row) => row[index] ?? Number.NaN);
  return { positive: column(0), first: column(1), second: column(2) };
}
