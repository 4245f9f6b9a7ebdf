import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { GeneratorReport, type GeneratorCommand } from './protocol.ts';
import { onCore, prefer, type Preference } from './program.ts';

const Failure = z.object({ error: z.string() });
const PROGRAM = join(import.meta.dirname, 'generator.ts');

/** The callers, from outside: a process of their own beside stable's core. */
export class GeneratorProcess {
  /** Whether it goes before the candidate on their core. */
  readonly preferred: Preference;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  private constructor(child: ChildProcess, preferred: Preference, signal: AbortSignal) {
    this.#child = child;
    this.preferred = preferred;
    this.#signal = signal;
  }

  static async start(bodies: readonly string[], signal: AbortSignal): Promise<GeneratorProcess> {
    const [execPath, ...execArgv] = onCore(1, []);
    const child = fork(PROGRAM, { execPath, execArgv, serialization: 'json', signal, killSignal: 'SIGKILL' });
    child.on('error', () => {});
    await once(child, 'message', { signal });
    const generator = new GeneratorProcess(child, child.pid === undefined ? 'Not' : await prefer(child.pid), signal);
    await generator.#tell({ command: 'Bodies', bodies: [...bodies] });
    return generator;
  }

  /** Runs calls to their end. @throws Error where the generator fails or ends */
  async run(command: Exclude<GeneratorCommand, { command: 'Bodies' }>): Promise<GeneratorReport> {
    return GeneratorReport.parse(await this.#tell(command));
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #tell(command: GeneratorCommand): Promise<unknown> {
    const gone = new AbortController();
    const onExit = (): void => gone.abort(new Error('the generator has ended'));
    this.#child.once('exit', onExit);
    try {
      const answered = once(this.#child, 'message', { signal: AbortSignal.any([this.#signal, gone.signal]) });
      this.#child.send(command);
      const [answer]: unknown[] = await answered;
      const failure = Failure.safeParse(answer).data;
      if (failure !== undefined) throw new Error(`the generator: ${failure.error}`);
      return answer;
    } finally {
      this.#child.off('exit', onExit);
    }
  }
}
