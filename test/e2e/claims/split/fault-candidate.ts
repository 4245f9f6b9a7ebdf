import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { NODE } from '../../../../hack/bench.d/program.ts';
import type { Target } from '../../../../hack/bench.d/serving-program.ts';
import { FAULTS, type Fault } from './faults.ts';

const Ports = z.record(z.enum(FAULTS), z.int());

/** A real candidate behind a server that spoils its answers: a place for each fault, so that the breaker knows nothing of the one before. */
export class FaultCandidate {
  readonly #child: ChildProcess;
  readonly #ports: Readonly<Record<Fault, number>>;
  readonly #candidate: Target;

  private constructor(child: ChildProcess, ports: Readonly<Record<Fault, number>>, candidate: Target) {
    this.#child = child;
    this.#ports = ports;
    this.#candidate = candidate;
  }

  static async start(candidate: Target, signal: AbortSignal): Promise<FaultCandidate> {
    const port = candidate.address.slice(candidate.address.lastIndexOf(':') + 1);
    const child = fork(join(import.meta.dirname, 'fault-server.ts'), [port], { execPath: NODE, execArgv: [], signal, killSignal: 'SIGKILL' });
    child.on('error', () => {});
    const [ports]: unknown[] = await once(child, 'message', { signal });
    return new FaultCandidate(child, Ports.parse(ports), candidate);
  }

  /** Where the candidate has this fault. */
  target(fault: Fault): Target {
    return { ...this.#candidate, address: `127.0.0.1:${this.#ports[fault]}` };
  }

  /** The candidate at the place of this fault is well from now on. */
  heal(fault: Fault): void {
    this.#child.send({ port: this.#ports[fault], fault: 'Healthy' });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
