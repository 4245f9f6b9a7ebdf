import type { Clock } from './clock.ts';
import type { Priority } from './work-queue.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** controller-runtime's numbers, as labels. */
const priorityLabels = { Normal: '0', Low: '-100' } as const satisfies Record<Priority, string>;

/** The seven workqueue metrics of one queue. */
export class QueueMetrics {
  readonly #metrics: RuntimeMetrics;
  readonly #clock: Clock;
  readonly #labels: Readonly<{ name: string; controller: string }>;
  readonly #addedAtMs = new Map<string, number>();
  readonly #startedAtMs = new Map<string, number>();

  constructor(name: string, clock: Clock, metrics: RuntimeMetrics) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#labels = { name, controller: name };
    metrics.queueAdds.inc(this.#labels, 0);
    metrics.queueRetries.inc(this.#labels, 0);
    this.depth('Normal', 0);
    this.depth('Low', 0);
  }

  depth(priority: Priority, keys: number): void {
    this.#metrics.queueDepth.set({ ...this.#labels, priority: priorityLabels[priority] }, keys);
  }

  added(key: string): void {
    this.#metrics.queueAdds.inc(this.#labels);
    if (!this.#addedAtMs.has(key)) this.#addedAtMs.set(key, this.#clock.nowMs());
  }

  retried(): void {
    this.#metrics.queueRetries.inc(this.#labels);
  }

  started(key: string): void {
    const nowMs = this.#clock.nowMs();
    this.#metrics.queueSeconds.observe(this.#labels, (nowMs - (this.#addedAtMs.get(key) ?? nowMs)) / 1000);
    this.#addedAtMs.delete(key);
    this.#startedAtMs.set(key, nowMs);
  }

  finished(key: string): void {
    const nowMs = this.#clock.nowMs();
    this.#metrics.workSeconds.observe(this.#labels, (nowMs - (this.#startedAtMs.get(key) ?? nowMs)) / 1000);
    this.#startedAtMs.delete(key);
  }

  /** Brings the ages of the keys in process up to date; called at every scrape. */
  refresh(): void {
    const nowMs = this.#clock.nowMs();
    const ages = [...this.#startedAtMs.values()].map((startedMs) => (nowMs - startedMs) / 1000);
    this.#metrics.unfinishedSeconds.set(this.#labels, ages.reduce((sum, age) => sum + age, 0));
    this.#metrics.longestRunningSeconds.set(this.#labels, Math.max(0, ...ages));
  }
}
