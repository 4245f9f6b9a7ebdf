import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import type { Kube } from '../../kube.ts';
import { DEPLOYMENTS, MODELS } from '../../kinds.ts';
import { LABELS } from '../../../../contracts/names.ts';

/** Changes under way at once: a slow answer must not hold the others up, or there would be fewer changes the busier the API server is. */
const AT_ONCE = 4;

/** Patches models in turn, so many a second, until it is stopped: each change rolls a Deployment. */
export class Churn {
  readonly #kube: Kube;
  readonly #names: readonly string[];
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  readonly #changed = new Set<string>();
  #begun = 0;
  #changes = 0;

  constructor(kube: Kube, names: readonly string[], ratePerSecond: number) {
    this.#kube = kube;
    this.#names = names;
    const startedMs = Date.now();
    this.#ended = Promise.all(Array.from({ length: AT_ONCE }, async () => this.#run(startedMs, ratePerSecond)));
    this.#ended.catch(() => {});
  }

  get changes(): number {
    return this.#changes;
  }

  /** Models that were changed at least once. */
  get models(): number {
    return this.#changed.size;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(startedMs: number, ratePerSecond: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const turn = this.#begun;
      this.#begun += 1;
      const name = this.#names[turn % this.#names.length];
      if (name === undefined) return;
      const dueMs = startedMs + (turn * 1000) / ratePerSecond;
      if (dueMs > Date.now()) await sleep(systemClock, dueMs - Date.now(), this.#stop.signal).catch(() => {});
      if (this.#stop.signal.aborted) return;
      const round = Math.floor(turn / this.#names.length);
      await this.#kube.patch(MODELS, name, thresholdOf(0.2 + (round % 50) / 100));
      this.#changes += 1;
      this.#changed.add(name);
    }
  }
}

/** Changes one model, and waits until the change is in its Deployment. */
export async function changeOne(kube: Kube, name: string, threshold: number): Promise<void> {
  const [deployment] = await kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${name}` });
  if (deployment === undefined) throw new Error(`${name} has no Deployment`);
  await kube.patch(MODELS, name, thresholdOf(threshold));
  await kube.until(DEPLOYMENTS, deployment.metadata.name, { what: `the change of ${name} is in its Deployment`, deadlineMs: 60_000 }, ({ spec }) => JSON.stringify(spec).includes(`"${threshold}"`));
}

function thresholdOf(decisionThreshold: number) {
  return { spec: { serving: { decisionThreshold } } };
}
