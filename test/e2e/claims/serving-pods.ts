import { LABELS } from '../../../contracts/names.ts';
import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import { PODS } from '../kinds.ts';
import type { Kube } from '../kube.ts';

const LOOK_EVERY_MS = 300;

/** Serving pods of a model as they were seen over time. */
export type SeenPods = Readonly<{ pods: number; restarts: number; restarted: readonly string[] }>;

/** Follows the serving pods of a model until it is stopped: pods that are gone by then count too. */
export class PodWatcher {
  readonly #kube: Kube;
  readonly #model: string;
  readonly #stop = new AbortController();
  /** Pod name -> most restarts of its containers. */
  readonly #restarts = new Map<string, number>();
  readonly #following: Promise<void>;

  constructor(kube: Kube, model: string) {
    this.#kube = kube;
    this.#model = model;
    this.#following = this.#follow();
    // `stop` tells; until then it must not bring the runner down.
    this.#following.catch(() => {});
  }

  async stop(): Promise<SeenPods> {
    this.#stop.abort();
    await this.#following;
    const restarted = [...this.#restarts].filter(([, restarts]) => restarts > 0);
    return { pods: this.#restarts.size, restarts: restarted.reduce((sum, [, restarts]) => sum + restarts, 0), restarted: restarted.map(([name]) => name) };
  }

  async #follow(): Promise<void> {
    do {
      for (const pod of await this.#kube.list(PODS, { labelSelector: `${LABELS.model}=${this.#model},${LABELS.component}=serving` })) {
        const statuses = [...pod.status.initContainerStatuses, ...pod.status.containerStatuses];
        const restarts = statuses.reduce((sum, status) => sum + status.restartCount, 0);
        this.#restarts.set(pod.metadata.name, Math.max(restarts, this.#restarts.get(pod.metadata.name) ?? 0));
      }
      await sleep(systemClock, LOOK_EVERY_MS, this.#stop.signal).catch(() => {});
    } while (!this.#stop.signal.aborted);
  }
}
