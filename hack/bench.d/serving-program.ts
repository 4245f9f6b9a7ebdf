import { mkdir, rename, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { SECRETS } from '../../contracts/names.ts';
import { TrafficState, type TrafficPolicy } from '../../contracts/traffic.ts';
import type { ImageCommand } from './image-command.ts';
import { Program, type Core } from './program.ts';
import type { ServedPackage } from './served-package.ts';

/** Name of the ChurnModel that these processes serve. */
export const MODEL = 'telco-churn';
const SERVER = 'dist/server.mjs';
const FOLLOWS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;

/** A version as stable pods are sent to it. `address`: host:port. */
export type Target = Readonly<{ hash: string; version: string; address: string }>;

/** What a policy says beyond whom it is for. */
export type State = Readonly<Pick<TrafficPolicy, 'mode' | 'percent'> & Partial<Pick<TrafficPolicy, 'maxErrorPercent'>>>;

/** `server serve` as a pod runs it: the bundle, the image's options, a journal on a folder, keys of ids, a policy in a file. */
export class ServingProgram {
  readonly program: Program;
  readonly #package: ServedPackage;
  readonly #policyFile: string;
  readonly #signal: AbortSignal;
  #revision = 0;

  private constructor(program: Program, served: ServedPackage, policyFile: string, signal: AbortSignal) {
    this.program = program;
    this.#package = served;
    this.#policyFile = policyFile;
    this.#signal = signal;
  }

  /**
   * @param input.folder of its own, which is there
   * @param input.repository where the journal goes, as spec.model.repository; default: a store of its own in its folder
   * @param input.token of `:feedback`; default: none, and labels are refused
   * @param input.env more of the environment, such as keys of the store
   */
  static async start(input: Readonly<{ core: Core; served: ServedPackage; folder: string; image: ImageCommand; repository?: string; token?: string; env?: Readonly<Record<string, string>>; signal: AbortSignal }>): Promise<ServingProgram> {
    const { core, served, folder, image, token, signal } = input;
    const of = (name: string): string => join(folder, name);
    for (const name of ['traffic', 'journal', 'prediction-keys', 'feedback', 'store/models']) await mkdir(of(name), { recursive: true });
    await writeFile(of('traffic/policy'), '');
    if (token !== undefined) await writeFile(join(of('feedback'), SECRETS.feedback.token), token);
    const keys = { schemaVersion: 1, keys: [{ secret: randomBytes(32).toString('base64'), signFrom: '2026-01-01T00:00:00Z' }] };
    await writeFile(join(of('prediction-keys'), SECRETS.predictionKeys.keys), JSON.stringify(keys));
    const args = [
      ...image.options, SERVER, 'serve',
      '--package', served.folder, '--host', '127.0.0.1', '--port', '0', '--control-port', '0',
      '--traffic-policy', of('traffic/policy'), '--journal', of('journal'), '--feedback', of('feedback'), '--prediction-keys', of('prediction-keys'),
      '--termination-message', of('termination-message'),
    ];
    const env = {
      ...image.env,
      CHURNOPS_NAMESPACE: 'bench',
      CHURNOPS_MODEL: MODEL,
      CHURNOPS_POD: `bench-${core}`,
      CHURNOPS_VERSION: served.version,
      CHURNOPS_PACKAGE_DIGEST: served.digest,
      CHURNOPS_CANDIDATE_HASH: served.hash,
      CHURNOPS_REPOSITORY: input.repository ?? `file://${of('store')}/models/${MODEL}`,
      ...input.env,
    };
    const program = await Program.start({ core, args, env, signal });
    return new ServingProgram(program, served, of('traffic/policy'), signal);
  }

  get predictUrl(): string {
    return `${this.program.url}/v1/models/${MODEL}:predict`;
  }

  get feedbackUrl(): string {
    return `${this.program.url}/v1/models/${MODEL}:feedback`;
  }

  /** This server as a candidate. */
  get target(): Target {
    const { hash, version } = this.#package;
    return { hash, version, address: `127.0.0.1:${this.program.ports.dataPort}` };
  }

  /** Gives it a policy towards a candidate, or none, and waits until it follows. Counters begin anew. */
  async follow(state: State | undefined, { hash, version, address }: Target): Promise<void> {
    this.#revision += 1;
    const policy: TrafficPolicy | undefined = state && {
      schemaVersion: 1,
      revision: this.#revision,
      maxErrorPercent: 1,
      ...state,
      stableHash: this.#package.hash,
      candidateHash: hash,
      candidateVersion: version,
      candidateAddress: address,
    };
    // As the kubelet does it: whoever reads sees the old text or the new one.
    await writeFile(`${this.#policyFile}.part`, policy === undefined ? '' : JSON.stringify(policy));
    await rename(`${this.#policyFile}.part`, this.#policyFile);
    const wanted = policy?.revision ?? 0;
    const endMs = Date.now() + FOLLOWS_WITHIN_MS;
    for (;;) {
      const seen = await this.traffic();
      if (seen.revision === wanted) return;
      if (Date.now() > endMs) throw new Error(`the server follows revision ${seen.revision}, not ${wanted}: ${seen.refused ?? 'it says nothing of it'}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Its metrics, in the text format of Prometheus. */
  async metrics(): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.program.ports.controlPort}/metrics`, { signal: this.#signal });
    return answer.text();
  }

  /** What it says of its traffic. */
  async traffic(): Promise<TrafficState> {
    const answer = await fetch(`http://127.0.0.1:${this.program.ports.controlPort}/control/traffic`, { signal: this.#signal });
    return TrafficState.parse(await answer.json());
  }
}
