import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
/** The project's own Node.js, as in the images. */
export const NODE = join(ROOT, 'node_modules/node/bin/node');
const TASKSET = '/usr/bin/taskset';
const STARTED_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 10_000;

/** Which core a program has. Stable has one for itself; all others share the second one. */
export type Core = 0 | 1;

/** Whether programs are held to their cores here. */
export const PINNED: boolean = existsSync(TASKSET) && availableParallelism() >= 2;

/** The command line of a Node.js program on a core. */
export function onCore(core: Core, args: readonly string[]): readonly [string, ...string[]] {
  return PINNED ? [TASKSET, '--cpu-list', String(core), NODE, ...args] : [NODE, ...args];
}

const Ready = z.looseObject({ dataPort: z.int(), controlPort: z.int().optional() });
export type Ports = Readonly<{ dataPort: number; controlPort: number | undefined }>;

/** A server of the bench: a process that prints a line of JSON with its ports once it answers. */
export class Program {
  readonly ports: Ports;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: Ports) {
    this.#child = child;
    this.ports = ports;
  }

  /** @throws Error with what it said, where it ends or says nothing of ports within a minute */
  static async start(input: Readonly<{ core: Core; args: readonly string[]; env: Readonly<Record<string, string>>; signal: AbortSignal }>): Promise<Program> {
    const [program, ...args] = onCore(input.core, input.args);
    const child = spawn(program, args, { cwd: ROOT, env: { PATH: process.env['PATH'], ...input.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
    const deadline = AbortSignal.any([input.signal, AbortSignal.timeout(STARTED_WITHIN_MS)]);
    try {
      const ports = await new Promise<Ports>((resolve, reject) => {
        // Later lines are read too: a full pipe would stop the process.
        createInterface({ input: child.stdout }).on('line', (line) => {
          const found = portsIn(line);
          if (found === undefined) said = `${said}${line}\n`.slice(-4000);
          else resolve(found);
        });
        child.once('error', reject);
        child.once('exit', (code) => reject(new Error(`${input.args.join(' ')} ended with ${String(code)}: ${said}`)));
        deadline.addEventListener('abort', () => reject(new Error(`${input.args.join(' ')} does not answer: ${said}`, { cause: deadline.reason })), { once: true });
      });
      return new Program(child, ports);
    } catch (thrown) {
      child.kill('SIGKILL');
      throw thrown;
    }
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.dataPort}`;
  }

  /** Ends it as a node that dies would. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Ends it, gently at first. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    // The second one says: do not linger.
    this.#child.kill('SIGINT');
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), ENDS_WITHIN_MS);
    await ended;
    clearTimeout(hard);
  }
}

function portsIn(line: string): Ports | undefined {
  try {
    const found = Ready.safeParse(JSON.parse(line)).data;
    return found === undefined ? undefined : { dataPort: found.dataPort, controlPort: found.controlPort };
  } catch {
    return undefined;
  }
}

/** Whether a process goes before all others on its core, or only before most of them. */
export type Preference = 'Always' | 'Mostly' | 'Not';

/**
 * Who reads the clock must run when the answer is there: else it measures how long the candidate has had their core. Real-time scheduling where that is
 * allowed, else a better priority.
 */
export async function prefer(pid: number): Promise<Preference> {
  try {
    await promisify(execFile)('chrt', ['--fifo', '--pid', '1', String(pid)]);
    return 'Always';
  } catch {
    return renice(pid);
  }
}

function renice(pid: number): Preference {
  try {
    setPriority(pid, -10);
    return 'Mostly';
  } catch {
    return 'Not';
  }
}
