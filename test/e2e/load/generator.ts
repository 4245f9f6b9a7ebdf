import { performance } from 'node:perf_hooks';
import { judgeAnswer } from './answer-check.ts';
import { Caller, type Outcome } from './caller.ts';
import { CONNECTIONS, type Connection, type LoadCommand, type LoadPlan, type LoadReport, type SampleCall } from './protocol.ts';
import { Tally } from './tally.ts';

const TICK_MS = 2;

/** An open-loop generator: calls are due at fixed instants, whatever became of those before. It begins when it is made. */
export class Generator {
  readonly #plan: LoadPlan;
  readonly #caller: Caller;
  readonly #tally = new Tally();
  readonly #startMs = performance.now();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ticking: NodeJS.Timeout;
  #phase: Extract<LoadCommand, { command: 'Phase' }>;
  #due = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#caller = new Caller(plan);
    this.#phase = { command: 'Phase', phase: plan.phase, versions: plan.versions, retryAfterMs: plan.retryAfterMs };
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** From now on calls belong to this phase. */
  phase(phase: Extract<LoadCommand, { command: 'Phase' }>): void {
    this.#phase = phase;
  }

  /** Sends no more, waits for what is under way, and gives the report. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.#ticking);
    await Promise.all(this.#underWay);
    this.#caller.close();
    return this.#tally.report(performance.now() - this.#startMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (;;) {
      const dueMs = this.#startMs + (this.#due * 1000) / this.#plan.ratePerSecond;
      if (dueMs > nowMs) return;
      this.#tally.sent(nowMs - dueMs);
      const call = this.#callOnce(this.#due, dueMs);
      this.#underWay.add(call);
      void call.finally(() => this.#underWay.delete(call));
      this.#due += 1;
    }
  }

  async #callOnce(index: number, dueMs: number): Promise<void> {
    const { samples, tolerance } = this.#plan;
    const sample = samples[Math.floor(index / CONNECTIONS.length) % samples.length];
    const connection: Connection = CONNECTIONS[index % CONNECTIONS.length] ?? 'Kept';
    if (sample === undefined) return;
    // Of the phase in which it was sent; what may answer is judged by the phase in which the answer came.
    const { phase: sentIn, retryAfterMs } = this.#phase;
    const at = new Date().toISOString();
    const outcome = await this.#withRetry(connection, sample, sentIn, retryAfterMs);
    const tookMs = performance.now() - dueMs;
    const judged = 'error' in outcome ? { right: false as const, error: outcome.error } : judgeAnswer(outcome.status, outcome.text, sample, { versions: this.#phase.versions, tolerance });
    if (judged.right) this.#tally.answered({ phase: sentIn, version: judged.version, connection, tookMs });
    else this.#tally.failed({ at, phase: sentIn, connection, tookMs, error: judged.error });
  }

  /** A second try only where the connection broke or was refused: what was answered, or was not answered in time, stays as it is. */
  async #withRetry(connection: Connection, { body }: SampleCall, phase: string, retryAfterMs: number | undefined): Promise<Outcome> {
    const first = await this.#caller.call(connection, body);
    if (retryAfterMs === undefined || !('error' in first) || !first.connectionBroke) return first;
    this.#tally.retried({ phase, connection, error: first.error });
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    return this.#caller.call(connection, body);
  }
}
