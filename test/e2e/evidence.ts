import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Check, Form } from './claim.ts';
import { output, ROOT } from './command.ts';

/** One claim after its run. */
export type Proof = Readonly<{ name: string; title: string; form: Form; checks: readonly Check[]; figure: string; evidence: string; startedAt: Date; tookMs: number }>;

/** Writes docs/evidence/NAME.md and gives its path. */
export async function writeEvidence(proof: Proof, signal: AbortSignal): Promise<string> {
  const folder = join(ROOT, 'docs', 'evidence');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${proof.name}.md`);
  await writeFile(path, evidencePage(proof, await commitOf(signal), machine()));
  return path;
}

/** The page: figure first, then conditions, then every check. */
export function evidencePage(proof: Proof, commit: string, machineLine: string): string {
  const passed = proof.checks.filter((check) => check.passed).length;
  return [
    `# ${proof.name}`,
    '',
    proof.title,
    '',
    `**${proof.figure}**`,
    '',
    '| | |',
    '| --- | --- |',
    `| result | ${passed} of ${proof.checks.length} checks passed |`,
    `| date | ${proof.startedAt.toISOString()} |`,
    `| commit | ${commit} |`,
    `| machine | ${machineLine} |`,
    `| form | ${proof.form}, ${minutes(proof.tookMs)} |`,
    `| again | \`hack/prove ${proof.name}\` |`,
    '',
    ...(proof.evidence === '' ? [] : [proof.evidence.trim(), '']),
    '## Checks',
    '',
    '| check | result | seen |',
    '| --- | --- | --- |',
    ...proof.checks.map((check) => `| ${cell(check.name)} | ${check.passed ? 'passed' : '**FAILED**'} | ${cell(check.detail)} |`),
    '',
  ].join('\n');
}

/** When, which tree and on which machine: for figures that stand outside a claim. Markdown. */
export async function conditions(startedAt: Date, signal: AbortSignal): Promise<string> {
  return ['| | |', '| --- | --- |', `| date | ${startedAt.toISOString()} |`, `| commit | ${await commitOf(signal)} |`, `| machine | ${machine()} |`].join('\n');
}

/** `m:ss`. */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

async function commitOf(signal: AbortSignal): Promise<string> {
  const hash = await output('git', ['rev-parse', 'HEAD'], { signal });
  // Evidence itself is written by these runs.
  const changes = await output('git', ['status', '--porcelain', '--', '.', ':!docs/evidence'], { signal });
  return changes === '' ? hash : `${hash}, with ${changes.split('\n').length} uncommitted files`;
}

function machine(): string {
  const processors = cpus();
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${memoryGiB} GiB, Linux ${release()}, Node.js ${process.version}`;
}
