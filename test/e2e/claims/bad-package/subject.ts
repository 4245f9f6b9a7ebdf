import { LABELS, PACKAGE_FILES } from '../../../../contracts/names.ts';
import type { ChurnModel } from '../../../../contracts/churn-model/churn-model.ts';
import type { ClaimContext } from '../../context.ts';
import { MODELS, SECRETS, SERVICES } from '../../kinds.ts';
import { Load } from '../../load/load.ts';
import { CALL_TIMEOUT_MS, type LoadReport, type SampleCall } from '../../load/protocol.ts';
import { TOLERANCE } from '../../load/samples.ts';
import { churnModel, STORAGE, VERSIONS } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';
import { packageCopy, type PackageCopy } from './package-copy.ts';

const RATE_PER_SECOND = 10;
const STARTED_WITHIN_MS = 240_000;
/** Several models share a small node. */
export const SMALL_CPU = '20m';
const SERVES_DECENT = { [VERSIONS.decent]: 'decent' } as const;

/** One ChurnModel with its own folder of the store and its own Secret, called all the time; what is done to one does not touch the others. */
export class Subject {
  readonly context: ClaimContext;
  readonly name: string;
  /** The version that is bad. */
  readonly version: string;
  /** Its files as they should be. */
  readonly files: PackageCopy;
  readonly #load: Load;

  private constructor(input: Readonly<{ context: ClaimContext; name: string; version: string; files: PackageCopy; load: Load }>) {
    this.context = input.context;
    this.name = input.name;
    this.version = input.version;
    this.files = input.files;
    this.#load = input.load;
  }

  /** A model that serves the decent version under calls. */
  static async start(context: ClaimContext, name: string, samples: readonly SampleCall[]): Promise<Subject> {
    const { kube, store, prefix, signal } = context;
    const version = `${name}-v2`;
    for (const [file, body] of cardLast(await packageCopy(VERSIONS.decent, VERSIONS.decent))) await store.put(`${prefix}/${name}/${VERSIONS.decent}/${file}`, body);
    const { data } = await kube.get(SECRETS, STORAGE.secret);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: context.namespace, name: secretOf(name) }, data };
    await kube.client.create(SECRETS, secret, signal);
    await kube.apply(
      churnModel({
        name,
        repository: repositoryOf(context, name),
        spec: {
          storage: { endpoint: STORAGE.endpoint, credentials: { serving: { secretRef: { name: secretOf(name) } } } },
          serving: { replicas: 1, resources: { requests: { cpu: SMALL_CPU, memory: '200Mi' }, limits: { memory: '1Gi' } } },
          rollout: { offline: { minAUC: 0.8 } },
        },
      }),
    );
    await untilServing(kube, name, { version: VERSIONS.decent, deadlineMs: STARTED_WITHIN_MS });
    const url = `${await context.serviceUrl(name)}/v1/models/${name}:predict`;
    const load = Load.start({ url, ratePerSecond: RATE_PER_SECOND, keptConnections: 4, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: SERVES_DECENT, samples: [...samples], phase: 'before' });
    return new Subject({ context, name, version, files: await packageCopy(VERSIONS.better, version), load });
  }

  get secret(): string {
    return secretOf(this.name);
  }

  /** Key of a file of the bad version. */
  key(file: string): string {
    return `${this.context.prefix}/${this.name}/${this.version}/${file}`;
  }

  /** Puts files of the bad version into the store, the card last: all, or the named ones. */
  async put(files: PackageCopy, only?: string): Promise<void> {
    for (const [file, body] of cardLast(files)) if (only === undefined || file === only) await this.context.store.put(this.key(file), body);
  }

  /** Asks for the bad version. */
  async want(spec: Readonly<Record<string, unknown>> = {}, repository = repositoryOf(this.context, this.name)): Promise<void> {
    this.#load.phase('bad', SERVES_DECENT);
    await this.context.kube.patch(MODELS, this.name, { spec: { model: { repository, version: this.version }, ...spec } });
  }

  /** From now on the bad version, being good, may answer. */
  mayTakeOver(): void {
    this.#load.phase('recovering', { ...SERVES_DECENT, [this.version]: 'better' });
  }

  async model(): Promise<ChurnModel> {
    return this.context.kube.get(MODELS, this.name);
  }

  /** First digits of the hash that the Service selects. */
  async selected(): Promise<string | undefined> {
    const service = await this.context.kube.get(SERVICES, this.name);
    return service.spec.selector?.[LABELS.hash];
  }

  async stopLoad(): Promise<LoadReport> {
    return this.#load.stop();
  }
}

function secretOf(name: string): string {
  return `${name}-store`;
}

function repositoryOf(context: ClaimContext, name: string): string {
  return `s3://${STORAGE.bucket}/${context.prefix}/${name}`;
}

function cardLast(files: PackageCopy): readonly (readonly [string, Buffer])[] {
  return [...files].toSorted(([a], [b]) => Number(a === PACKAGE_FILES.card) - Number(b === PACKAGE_FILES.card));
}
