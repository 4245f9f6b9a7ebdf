import type { Cancel, Clock } from '../../../../operator/runtime/clock.ts';

type Timer = { readonly atMs: number; readonly run: () => void };

/** Time that moves when a test says so. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer = { atMs: this.#nowMs + Math.max(delayMs, 0), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** How long until the next timer; undefined when none waits. */
  get nextInMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.atMs - this.#nowMs;
  }

  /** Moves time and runs what is due on the way, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#next(); next !== undefined && next.atMs <= untilMs; next = this.#next()) {
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }

  #next(): Timer | undefined {
    return [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Waits for a state of real sockets and promises; fails after 5 s with what was seen last. */
export async function eventually<V>(read: () => V, holds: (value: V) => boolean): Promise<V> {
  const deadlineMs = performance.now() + 5_000;
  for (;;) {
    const value = read();
    if (holds(value)) return value;
    if (performance.now() > deadlineMs) throw new Error(`the state did not come; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets promises that are ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
