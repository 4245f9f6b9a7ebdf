import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Counting } from './counting.ts';
import type { Result } from './suite.ts';

/** One command of hack/test. */
export type Stage = Readonly<{
  name: string;
  /** Program and arguments; `REPORT` stands for the path of the report file. */
  command: readonly [string, ...string[]];
  env?: Readonly<Record<string, string>>;
  count: Counting;
  /** Show its output as it comes, not only when it fails. */
  live?: boolean;
}>;

/** Where stages run and write. */
export type Place = Readonly<{ root: string; logs: string; say: (text: string) => void; signal: AbortSignal }>;

/** Lines of a failed stage that are shown; the rest is in its log. */
const shownLines = 120;

/** Runs a stage to its end. Never throws for what the stage does: a stage that cannot start has failed. */
export async function runStage(stage: Stage, place: Place): Promise<Result> {
  const startedMs = Date.now();
  const log = join(place.logs, `${stage.name}.log`);
  const report = join(place.logs, `${stage.name}.report`);
  await mkdir(dirname(log), { recursive: true });
  await rm(report, { force: true });
  place.say(`${stage.name} ...`);
  const { exitCode, text } = await run(stage, { log, report }, place);
  const counted = await stage.count({ exitCode, stdout: text, report });
  // Tests passed and the command failed all the same (a linter before them, a crash after them): that is a failure to count, too.
  const unexplained = exitCode !== 0 && (counted === undefined || counted.failed === 0) ? 1 : 0;
  const base = counted ?? { passed: 0, failed: exitCode === 0 ? 1 : 0, skipped: 0 };
  const counts = { ...base, failed: base.failed + unexplained };
  const tookMs = Date.now() - startedMs;
  if (counts.failed > 0 && stage.live !== true) console.log(lastLines(text, shownLines));
  place.say(`${stage.name}: ${counts.failed > 0 ? 'FAILED' : 'ok'} after ${(tookMs / 1000).toFixed(0)} s${counts.failed > 0 ? `; log: ${log}` : ''}`);
  return { name: stage.name, counts, tookMs, note: counted === undefined ? `exit ${exitCode}, nothing to count` : exitCode !== 0 && unexplained > 0 ? `exit ${exitCode}` : '' };
}

async function run(stage: Stage, files: Readonly<{ log: string; report: string }>, place: Place): Promise<{ exitCode: number; text: string }> {
  const [program, ...args] = stage.command.map((word) => word.replaceAll('REPORT', files.report));
  const log = createWriteStream(files.log);
  let text = '';
  const exitCode = await new Promise<number>((resolve) => {
    const child = spawn(program ?? '', args, { cwd: place.root, env: { ...process.env, ...stage.env }, stdio: ['ignore', 'pipe', 'pipe'], signal: place.signal });
    const take = (chunk: Buffer): void => {
      log.write(chunk);
      text += chunk.toString('utf8');
      if (stage.live === true) process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => {
      text += `${error.message}\n`;
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
  log.end();
  return { exitCode, text };
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).map((line) => `    ${line}`).join('\n');
}
