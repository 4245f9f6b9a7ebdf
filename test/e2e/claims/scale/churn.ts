import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import type { Kube } from '../../kube.ts';
import { DEPLOYMENTS, MODELS } from '../../kinds.ts';
import { LABELS } from '../../../../contracts/names.ts';

/** Patches models in turn, so many a second, until it is stopped: each change rolls a Deployment. */
export class Churn {
  readonly #kube: Kube;
  readonly #names: readonly string[];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #changes = 0;

  constructor(kube: Kube, names: readonly string[], ratePerSecond: number) {
    this.#kube = kube;
    this.#names = names;
    this.#ended = this.#run(ratePerSecond);
    this.#ended.catch(() => {});
  }

  get changes(): number {
    return this.#changes;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(ratePerSecond: number): Promise<void> {
    const startedMs = Date.now();
    while (!this.#stop.signal.aborted) {
      const name = this.#names[this.#changes % this.#names.length];
      if (name === undefined) return;
      const round = Math.floor(this.#changes / this.#names.length);
      await this.#kube.patch(MODELS, name, thresholdOf(0.2 + (round % 50) / 100));
      this.#changes += 1;
      const dueMs = startedMs + (this.#changes * 1000) / ratePerSecond;
      if (dueMs > Date.now()) await sleep(systemClock, dueMs - Date.now(), this.#stop.signal).catch(() => {});
    }
  }
}

/** How long a change of one model takes to reach its Deployment, milliseconds. */
export async function reachesDeployment(kube: Kube, name: string, threshold: number): Promise<number> {
  const [deployment] = await kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${name}` });
  if (deployment === undefined) throw new Error(`${name} has no Deployment`);
  const startedMs = performance.now();
  await kube.patch(MODELS, name, thresholdOf(threshold));
  await kube.until(DEPLOYMENTS, deployment.metadata.name, { what: `the change of ${name} is in its Deployment`, deadlineMs: 60_000, everyMs: 10 }, ({ spec }) => JSON.stringify(spec).includes(`"${threshold}"`));
  return performance.now() - startedMs;
}

function thresholdOf(decisionThreshold: number) {
  return { spec: { serving: { decisionThreshold } } };
}
