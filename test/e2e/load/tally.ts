import type { Answered, Connection, FailedCall, LoadReport, PhaseTimes, Retried } from './protocol.ts';

/** Of each phase: one that fails a lot must not hide what fails in the next. */
const SHOWN_FAILURES = 100;

/** Counts calls. */
export class Tally {
  #failed = 0;
  readonly #failures: FailedCall[] = [];
  readonly #failedByPhase = new Map<string, number>();
  readonly #answered = new Map<string, Answered>();
  readonly #retried = new Map<string, Retried>();
  readonly #tookMs = new Map<string, number[]>();
  #latestSendMs = 0;

  /** A call that was sent so long after it was due. */
  sent(lateMs: number): void {
    this.#latestSendMs = Math.max(this.#latestSendMs, lateMs);
  }

  answered(call: Readonly<{ phase: string; version: string; connection: Connection; tookMs: number }>): void {
    const { phase, version, connection, tookMs } = call;
    this.#took(phase, tookMs);
    const key = JSON.stringify([phase, version, connection]);
    this.#answered.set(key, { phase, version, connection, calls: (this.#answered.get(key)?.calls ?? 0) + 1 });
  }

  /** A first try that failed, and is not the last. */
  retried(call: Omit<Retried, 'calls'>): void {
    const key = JSON.stringify([call.phase, call.connection, call.error]);
    this.#retried.set(key, { ...call, calls: (this.#retried.get(key)?.calls ?? 0) + 1 });
  }

  failed(call: FailedCall): void {
    this.#failed += 1;
    this.#took(call.phase, call.tookMs);
    const before = this.#failedByPhase.get(call.phase) ?? 0;
    this.#failedByPhase.set(call.phase, before + 1);
    if (before < SHOWN_FAILURES) this.#failures.push(call);
  }

  report(tookMs: number): LoadReport {
    const all = timesOf([...this.#tookMs.values()].flat());
    return {
      calls: all.calls,
      failed: this.#failed,
      failures: this.#failures,
      failedByPhase: Object.fromEntries(this.#failedByPhase),
      answered: [...this.#answered.values()],
      retried: [...this.#retried.values()],
      timesByPhase: Object.fromEntries([...this.#tookMs].map(([phase, took]) => [phase, timesOf(took)])),
      p50Ms: all.p50Ms,
      p99Ms: all.p99Ms,
      maxMs: all.maxMs,
      latestSendMs: this.#latestSendMs,
      tookMs,
    };
  }

  #took(phase: string, tookMs: number): void {
    const times = this.#tookMs.get(phase);
    if (times === undefined) this.#tookMs.set(phase, [tookMs]);
    else times.push(tookMs);
  }
}

function timesOf(tookMs: readonly number[]): PhaseTimes {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return { calls: sorted.length, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99), maxMs: sorted.at(-1) ?? 0 };
}

/** Nearest-rank quantile of sorted values; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
}
