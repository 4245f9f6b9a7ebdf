import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TaskEndings, type Task } from './protocol.ts';
import type { Scenario } from './scenario.ts';

/** Rollouts a thread takes at a time: some seconds of work at most. */
const AT_A_TIME = 10;

/** A scenario, how often, and what came of it: endings by manner of looking. */
export type Simulated = Readonly<{ scenario: Scenario; rollouts: number; endings: TaskEndings }>;

/** Threads, one a processor, that simulate rollouts. Which thread takes which does not matter: a rollout's numbers depend on seed and index alone. */
export class RolloutPool {
  readonly #workers: readonly Worker[] = Array.from({ length: availableParallelism() }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /**
   * Simulates a scenario so many times.
   * @throws the signal's reason, or what a thread threw
   */
  async simulate(scenario: Scenario, rollouts: number, options: Readonly<{ signal: AbortSignal; scoresBelow?: number }>): Promise<Simulated> {
    const waiting = Array.from({ length: Math.ceil(rollouts / AT_A_TIME) }, (_, index): Task => {
      const from = index * AT_A_TIME;
      return { scenario, seed: this.#seed, from, count: Math.min(AT_A_TIME, rollouts - from), scoresBelow: options.scoresBelow ?? 0 };
    });
    const endings: TaskEndings = {};
    const lane = async (worker: Worker): Promise<void> => {
      for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
        const answer = once(worker, 'message', { signal: options.signal });
        worker.postMessage(task, []);
        const [message]: unknown[] = await answer;
        for (const [manner, some] of Object.entries(TaskEndings.parse(message))) (endings[manner] ??= []).push(...some);
      }
    };
    await Promise.all(this.#workers.map(async (worker) => lane(worker)));
    return { scenario, rollouts, endings };
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map(async (worker) => worker.terminate()));
  }
}
