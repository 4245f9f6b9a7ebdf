import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EvaluationRequest } from '../../../../contracts/evaluation-request.ts';
import { jsonOrUndefined } from '../../../../contracts/json.ts';
import { EvaluationReport } from '../../../../contracts/reports.ts';
import { MODEL } from '../../../../hack/bench.d/serving-program.ts';
import { command } from '../../command.ts';

const SERVER = 'dist/server.mjs';

/** What `server evaluate --verify` prints. */
const Verification = z.object({ outcome: z.enum(['Verified', 'Changed', 'Incomplete']), findings: z.array(z.object({ state: z.enum(['Changed', 'Missing']), what: z.string(), message: z.string() })), inputs: z.int(), pairs: z.int(), verdict: z.string().optional() });
export type Verification = z.infer<typeof Verification>;

/** `server evaluate` as its Job runs it, on a store in a folder. */
export class EvaluateProcess {
  readonly #repository: string;
  readonly #folder: string;
  readonly #signal: AbortSignal;

  /** @param input.folder of its own */
  constructor(input: Readonly<{ repository: string; folder: string; signal: AbortSignal }>) {
    this.#repository = input.repository;
    this.#folder = input.folder;
    this.#signal = input.signal;
  }

  /** One look: its report, as the kubelet would have it. @throws Error with what it said where it ends badly */
  async evaluate(request: EvaluationRequest, predictionKeys: string): Promise<EvaluationReport> {
    const scratch = join(this.#folder, 'scratch');
    const message = join(this.#folder, 'termination-message');
    await mkdir(scratch, { recursive: true });
    const env = { CHURNOPS_NAMESPACE: 'evidence', CHURNOPS_MODEL: MODEL, CHURNOPS_REPOSITORY: this.#repository, CHURNOPS_EVALUATION: JSON.stringify(request) };
    const { exitCode, stdout, stderr } = await command('hack/node', [SERVER, 'evaluate', '--scratch', scratch, '--prediction-keys', predictionKeys, '--termination-message', message], { signal: this.#signal, env });
    if (exitCode !== 0) throw new Error(`server evaluate: exit ${exitCode}: ${stderr}${stdout.slice(-2000)}`);
    return EvaluationReport.parse(JSON.parse(await readFile(message, 'utf8')));
  }

  /** What people run: `server evaluate --verify URL --sha256 HEX`. */
  async verify(url: string, sha256: string): Promise<Readonly<{ exitCode: number; verification: Verification }>> {
    const { exitCode, stdout, stderr } = await command('hack/node', [SERVER, 'evaluate', '--verify', url, '--sha256', sha256], { signal: this.#signal, env: { CHURNOPS_REPOSITORY: this.#repository } });
    const parsed = Verification.safeParse(jsonOrUndefined(stdout));
    if (!parsed.success) throw new Error(`server evaluate --verify: exit ${exitCode}: ${stderr}${stdout}`);
    return { exitCode, verification: parsed.data };
  }
}
