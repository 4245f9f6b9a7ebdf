import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The top of this checkout. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** What a finished command left behind. */
export type Finished = Readonly<{ exitCode: number; stdout: string; stderr: string; tookMs: number }>;

export type CommandOptions = Readonly<{
  signal: AbortSignal;
  cwd?: string;
  env?: Readonly<Record<string, string | undefined>>;
  stdin?: string;
  /** Called with each line of standard error, where our commands report progress. */
  onLine?: (line: string) => void;
}>;

/** Runs a command to its end, whatever its exit code. A relative program is one of this checkout. */
export async function command(program: string, args: readonly string[], options: CommandOptions): Promise<Finished> {
  const startedMs = Date.now();
  const cwd = options.cwd ?? ROOT;
  const path = program.includes('/') ? join(cwd, program) : program;
  const child = spawn(path, args, { cwd, env: { ...process.env, ...options.env }, signal: options.signal, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    if (options.onLine !== undefined) for (const line of chunk.split('\n')) if (line !== '') options.onLine(line);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { exitCode, stdout, stderr, tookMs: Date.now() - startedMs };
}

/**
 * Standard output of a command that must succeed, without white space around it.
 * @throws Error with the end of what it said
 */
export async function output(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await command(program, args, options);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${exitCode}: ${(stderr || stdout).trim().slice(-2000)}`);
  return stdout.trim();
}
