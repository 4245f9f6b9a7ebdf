import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { command, output, ROOT } from './command.ts';
import { SYSTEM_NAMESPACE } from './context.ts';

/** The chart of this tree. */
export const CHART = join(ROOT, 'charts', 'churnops');
const NAME = 'churnops';

const Image = z.looseObject({ repository: z.string(), tag: z.string() });
const Values = z.looseObject({ images: z.looseObject({ operator: Image, server: Image, s3: Image }) });
/** Values of the release, as hack/demo sets them. */
export type ReleaseValues = z.infer<typeof Values>;

const Secrets = z.looseObject({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }), data: z.looseObject({ release: z.string() }) })) });

/** The Helm release that hack/demo made, to be changed and put back. */
export class Release {
  readonly #signal: AbortSignal;
  readonly #inputs: string;
  /** What hack/demo gave. */
  readonly values: ReleaseValues;
  /** Of the Secret that Helm keeps it in, base64 and all: the API server takes 1 MiB. */
  readonly secretBytes: number;

  private constructor(input: Readonly<{ values: ReleaseValues; inputs: string; secretBytes: number; signal: AbortSignal }>) {
    this.values = input.values;
    this.secretBytes = input.secretBytes;
    this.#inputs = input.inputs;
    this.#signal = input.signal;
  }

  /** Reads what is installed. */
  static async read(signal: AbortSignal): Promise<Release> {
    const values = Values.parse(JSON.parse(await output('hack/cluster', ['helm', 'get', 'values', NAME, '-n', SYSTEM_NAMESPACE, '-o', 'json'], { signal })));
    const secrets = Secrets.parse(JSON.parse(await output('hack/cluster', ['kubectl', '-n', SYSTEM_NAMESPACE, 'get', 'secrets', '-l', `owner=helm,name=${NAME},status=deployed`, '-o', 'json'], { signal })));
    const [secret] = secrets.items;
    if (secret === undefined) throw new Error('hack/demo has installed nothing');
    return new Release({ values, inputs: secret.metadata.labels['churnops.dev/inputs'] ?? '', secretBytes: Buffer.byteLength(JSON.stringify(secret.data.release)), signal });
  }

  /** `helm upgrade --install`; other labels than hack/demo's, so that a demo that comes after an interrupted claim puts its own back. */
  async upgrade(chart: string, values: ReleaseValues, ...args: readonly string[]): Promise<void> {
    await this.#upgrade(chart, values, 'claim', args);
  }

  /** What hack/demo installed, under its label: hack/demo will find nothing to do. */
  async restore(signal: AbortSignal = this.#signal): Promise<void> {
    await this.#upgrade(CHART, this.values, this.#inputs, ['--wait', '--timeout', '8m'], signal);
  }

  async uninstall(): Promise<void> {
    await output('hack/cluster', ['helm', 'uninstall', NAME, '-n', SYSTEM_NAMESPACE, '--wait', '--timeout', '2m'], { signal: this.#signal });
  }

  /** `helm test`: what it prints, and whether it passed. */
  async test(): Promise<Readonly<{ passed: boolean; said: string }>> {
    const { exitCode, stdout, stderr } = await command('hack/cluster', ['helm', 'test', NAME, '-n', SYSTEM_NAMESPACE, '--timeout', '2m'], { signal: this.#signal });
    return { passed: exitCode === 0, said: `${stdout}${stderr}`.trim() };
  }

  async #upgrade(chart: string, values: ReleaseValues, inputs: string, args: readonly string[], signal = this.#signal): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'churnops-release-'));
    try {
      const file = join(folder, 'values.json');
      await writeFile(file, JSON.stringify(values));
      const labels = `churnops.dev/inputs=${inputs}`;
      await output('hack/cluster', ['helm', 'upgrade', '--install', NAME, chart, '-n', SYSTEM_NAMESPACE, '--values', file, '--labels', labels, '--take-ownership', '--force-conflicts', '--hide-notes', ...args], { signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
