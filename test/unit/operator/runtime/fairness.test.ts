import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { WorkQueue } from '../../../../operator/runtime/work-queue.ts';
import { ManualClock } from './manual-clock.ts';

const never = new AbortController().signal;
const workMs = 50;

/** Models that never rest, beside others: what the others wait. */
class Simulation {
  readonly clock = new ManualClock();
  readonly queue = new WorkQueue({ name: 'q', clock: this.clock, metrics: new RuntimeMetrics(new Registry()) });
  readonly #addedMs = new Map<string, number>();
  readonly waitedMs = new Map<string, number>();
  readonly rounds = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #outcome: (key: string) => 'well' | 'failed';

  constructor(workers: number, outcome: (key: string) => 'well' | 'failed' = () => 'well') {
    this.#outcome = outcome;
    for (let count = 0; count < workers; count += 1) void this.#work();
  }

  add(key: string, priority: 'Normal' | 'Low' = 'Normal'): void {
    if (!this.#addedMs.has(key)) this.#addedMs.set(key, this.clock.nowMs());
    this.queue.add(key, priority);
  }

  /** A model that is changed so often that it always waits, or runs with a change behind it. */
  noisy(key: string, everyMs: number): void {
    this.add(key);
    this.clock.schedule(everyMs, () => this.noisy(key, everyMs));
  }

  async run(forMs: number): Promise<void> {
    for (let passed = 0; passed < forMs; passed += 10) {
      this.clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#ending.abort();
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.queue.get(AbortSignal.any([never, this.#ending.signal]));
      if (key === undefined) return;
      this.waitedMs.set(key, Math.max(this.waitedMs.get(key) ?? 0, this.clock.nowMs() - (this.#addedMs.get(key) ?? 0)));
      this.#addedMs.delete(key);
      this.rounds.set(key, (this.rounds.get(key) ?? 0) + 1);
      await new Promise<void>((resolve) => this.clock.schedule(workMs, resolve));
      if (this.#outcome(key) === 'failed') this.queue.addRateLimited(key);
      else this.queue.forget(key);
      this.queue.done(key);
    }
  }
}

test('a change of one model reaches a worker within a round, however noisy four others are', async () => {
  const simulation = new Simulation(2);
  for (const key of ['n1', 'n2', 'n3', 'n4']) simulation.noisy(key, 5);
  simulation.clock.schedule(1_000, () => simulation.add('quiet'));
  await simulation.run(2_000);
  expect(simulation.rounds.get('quiet')).toBe(1);
  expect(simulation.waitedMs.get('quiet')).toBeLessThanOrEqual(4 * workMs);
});

test('the first look at 100 models ends, though more models than workers never rest', async () => {
  const simulation = new Simulation(4);
  for (let index = 0; index < 100; index += 1) simulation.add(`first-${index}`, 'Low');
  for (let index = 0; index < 8; index += 1) simulation.noisy(`noisy-${index}`, 5);
  // One in eight of 4 workers at 20 a second each: 100 of them take 10 s.
  await simulation.run(11_000);
  expect([...simulation.rounds].filter(([key]) => key.startsWith('first-'))).toHaveLength(100);
});

test('a model that changes and fails all the time does not use up the others\' retries', async () => {
  const simulation = new Simulation(4, (key) => (key === 'noisy' ? 'failed' : 'well'));
  simulation.noisy('noisy', 10);
  await simulation.run(60_000);
  expect(simulation.rounds.get('noisy')).toBeGreaterThan(900);
  const before = simulation.clock.nowMs();
  simulation.queue.addRateLimited('other');
  simulation.clock.advance(simulation.clock.nextInMs ?? 0);
  expect(simulation.clock.nowMs() - before).toBeLessThanOrEqual(10);
});
