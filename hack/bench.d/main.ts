/** `hack/bench`: measures, prints the table, and in full writes docs/evidence/bench.md. */
import { parseArgs } from 'node:util';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, ROOT } from '../../test/e2e/command.ts';
import { conditions } from '../../test/e2e/evidence.ts';
import { runBench } from './bench.ts';
import { compareVariants } from './comparison.ts';
import { FULL, SHORT } from './plans.ts';
import { benchTable } from './table.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, rounds: { type: 'string' }, 'slice-ms': { type: 'string' }, 'load-percent': { type: 'string' } } });
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
const startedMs = Date.now();
const progress = (text: string): void => console.error(`[${Math.round((Date.now() - startedMs) / 1000)} s] ${text}`);

/** @throws RangeError for what is no number over 0 */
function positive(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new RangeError(`${text}: write a number over 0`);
  return value;
}

const usual = values.short ? SHORT : FULL;
const plan = { ...usual, rounds: Math.round(positive(values.rounds, usual.rounds)), sliceMs: positive(values['slice-ms'], usual.sliceMs), loadPercent: positive(values['load-percent'], usual.loadPercent) };

progress('bundling the server');
const bundled = await command('hack/node', ['hack/bundle.ts'], { signal: interrupted.signal });
if (bundled.exitCode !== 0) throw new Error(bundled.stderr);
const result = await runBench(plan, progress, interrupted.signal);
const all = compareVariants(result);
const table = benchTable(result, all);
console.log(table);
for (const { problems } of all) for (const problem of problems) progress(`not as meant: ${problem}`);
if (!values.short) {
  const path = join(ROOT, 'docs', 'evidence', 'bench.md');
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `# bench\n\nWhat a rollout costs those who are served.\n\n${await conditions(new Date(startedMs), AbortSignal.timeout(30_000))}\n\n${table}\n`);
  progress(`evidence: ${path}`);
}
