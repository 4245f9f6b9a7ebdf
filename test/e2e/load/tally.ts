import type { Answered, Connection, FailedCall, LoadReport } from './protocol.ts';

const SHOWN_FAILURES = 200;

/** Counts calls. */
export class Tally {
  #failed = 0;
  readonly #failures: FailedCall[] = [];
  readonly #answered = new Map<string, Answered>();
  readonly #tookMs: number[] = [];
  #latestSendMs = 0;

  /** A call that was sent so long after it was due. */
  sent(lateMs: number): void {
    this.#latestSendMs = Math.max(this.#latestSendMs, lateMs);
  }

  answered(call: Readonly<{ phase: string; version: string; connection: Connection; tookMs: number }>): void {
    const { phase, version, connection, tookMs } = call;
    this.#tookMs.push(tookMs);
    const key = JSON.stringify([phase, version, connection]);
    this.#answered.set(key, { phase, version, connection, calls: (this.#answered.get(key)?.calls ?? 0) + 1 });
  }

  failed(call: FailedCall): void {
    this.#failed += 1;
    this.#tookMs.push(call.tookMs);
    if (this.#failures.length < SHOWN_FAILURES) this.#failures.push(call);
  }

  report(tookMs: number): LoadReport {
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    return {
      calls: sorted.length,
      failed: this.#failed,
      failures: this.#failures,
      answered: [...this.#answered.values()],
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? 0,
      latestSendMs: this.#latestSendMs,
      tookMs,
    };
  }
}

/** Nearest-rank quantile of sorted values; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0;
}
