import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../command.ts';

const PROGRAM = join(ROOT, 'dist', 'operator.mjs');
/** What is kept of its log, for the report of a run that fails. */
const LOG_CHARACTERS = 4000;

/** The operator's bundle as a process of this machine that sees the API server through a proxy. Killed, it is started again, as a kubelet would do. */
export class OperatorProcess {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #killed: ChildProcess | undefined;
  /** The one that runs has said something. */
  #begun: Promise<unknown> | undefined;
  #ending = false;
  /** Ends that nobody asked for. */
  readonly crashes: string[] = [];
  kills = 0;
  log = '';

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** @param operatorClass looks after models of this class in the namespace, and after no others */
  static async start(input: Readonly<{ port: number; namespace: string; operatorClass: string }>): Promise<OperatorProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'churnops-crash-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, JSON.stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'proxy',
      clusters: [{ name: 'proxy', cluster: { server: `http://127.0.0.1:${input.port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'proxy', user: {} }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
    }));
    const operator = new OperatorProcess(folder, {
      PATH: process.env['PATH'],
      POD_NAME: input.operatorClass,
      CHURNOPS_KUBECONFIG: kubeconfig,
      CHURNOPS_SERVER_IMAGE: 'churnops/server:crash',
      CHURNOPS_LEADER_ELECTION: 'false',
      CHURNOPS_WATCH_NAMESPACES: input.namespace,
      CHURNOPS_OPERATOR_CLASS: input.operatorClass,
      CHURNOPS_CONTROL_PORT: '0',
    });
    operator.#spawn();
    return operator;
  }

  /** SIGKILL, and at once another one. */
  kill(): void {
    this.kills += 1;
    this.#killed = this.#child;
    this.#child?.kill('SIGKILL');
  }

  /** SIGTERM; gives its exit code. One that was killed at the same moment has none, and owes none. */
  async stop(): Promise<number | null> {
    this.#ending = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    // One that took the place of a killed one a moment ago may not listen to signals yet.
    await Promise.race([this.#begun, ended]);
    if (child !== this.#killed) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
    await rm(this.#folder, { recursive: true });
    return child === this.#killed ? 0 : child.exitCode;
  }

  #spawn(): void {
    const child = spawn(process.execPath, ['--enable-source-maps', PROGRAM], { env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const keep = (chunk: string): void => {
      this.log = (this.log + chunk).slice(-LOG_CHARACTERS);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    this.#begun = once(child.stdout, 'data');
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('exit', (code, signal) => {
      if (this.#ending) return;
      if (signal !== 'SIGKILL') this.crashes.push(`exit ${code ?? signal}`);
      this.#spawn();
    });
  }
}
