import { LABELS } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import { MODELS, PODS, type Pod } from '../../kinds.ts';
import { VERSIONS } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';

/** Inspection, pods, Service; with a restart of whoever does it in between. */
const SETTLED_WITHIN_MS = 180_000;

/** The model that is called, and what disturbances need of it. */
export class Scene {
  readonly context: ClaimContext;
  readonly model: string;
  #version: string = VERSIONS.decent;

  constructor(context: ClaimContext, model: string) {
    this.context = context;
    this.model = model;
  }

  /** Asks for the other version, and gives its name. */
  async changeVersion(): Promise<string> {
    this.#version = this.#version === VERSIONS.decent ? VERSIONS.better : VERSIONS.decent;
    const patch = { spec: { model: { version: this.#version } } };
    await this.context.kube.untilAny({ what: 'the API server takes the version', deadlineMs: 60_000 }, async () => this.context.kube.patch(MODELS, this.model, patch), () => true);
    return this.#version;
  }

  /** Waits until the version asked for last serves, with all its pods. */
  async settled(): Promise<void> {
    await untilServing(this.context.kube, this.model, { deadlineMs: SETTLED_WITHIN_MS, version: this.#version });
  }

  /** Pods that answer now: of the version that serves, ready, not on their way out. */
  async servingPods(): Promise<readonly Pod[]> {
    const pods = await this.context.kube.list(PODS, { labelSelector: `${LABELS.model}=${this.model},${LABELS.component}=serving` });
    const hash = (await this.context.kube.get(MODELS, this.model)).status?.stable?.hash ?? '';
    return pods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && hash.startsWith(metadata.labels?.[LABELS.hash] ?? '-') && status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
  }
}
