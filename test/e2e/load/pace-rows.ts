import { performance } from 'node:perf_hooks';
import { Caller } from './caller.ts';
import type { Customer } from './customers.ts';
import { predictionsOf, type Scored } from './predict-rows.ts';
import { CALL_TIMEOUT_MS, CONNECTIONS } from './protocol.ts';

const TICK_MS = 4;

/** A call that failed, and when. */
export type FailedRow = Readonly<{ atMs: number; error: string }>;

/** Rows of customers at fixed instants, one a call, half over kept connections, half over one each. Begins when it is made. */
export class RowPacer {
  readonly scored: Scored[] = [];
  readonly failures: FailedRow[] = [];
  readonly #caller: Caller;
  readonly #customers: readonly Customer[];
  readonly #ratePerSecond: number;
  readonly #startMs = performance.now();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ticking: NodeJS.Timeout;
  readonly #atEnd: () => void;
  /** Settles once every customer was sent, where there is an end to them. */
  readonly allSent: Promise<void>;
  #due = 0;

  /** @param input.endless begin anew after the last customer */
  constructor(input: Readonly<{ url: string; customers: readonly Customer[]; ratePerSecond: number; keptConnections: number; endless?: boolean }>) {
    this.#customers = input.customers;
    this.#ratePerSecond = input.ratePerSecond;
    this.#caller = new Caller({ url: input.url, keptConnections: input.keptConnections, timeoutMs: CALL_TIMEOUT_MS });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.allSent = promise;
    this.#atEnd = resolve;
    this.#ticking = setInterval(() => this.#tick(input.endless === true), TICK_MS);
  }

  /** Sends no more, and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    this.#atEnd();
    await Promise.all(this.#underWay);
    this.#caller.close();
  }

  #tick(endless: boolean): void {
    const wanted = Math.floor(((performance.now() - this.#startMs) * this.#ratePerSecond) / 1000);
    for (; this.#due < wanted; this.#due += 1) {
      if (!endless && this.#due >= this.#customers.length) return this.#atEnd();
      const call = this.#callOnce(this.#due);
      this.#underWay.add(call);
      void call.finally(() => this.#underWay.delete(call));
    }
  }

  async #callOnce(index: number): Promise<void> {
    const customer = this.#customers[index % this.#customers.length];
    if (customer === undefined) return;
    const outcome = await this.#caller.call(CONNECTIONS[index % CONNECTIONS.length] ?? 'Kept', JSON.stringify({ instances: [customer.instance] }));
    const atMs = Date.now();
    const read = 'error' in outcome ? outcome.error : predictionsOf(outcome, 1);
    const prediction = typeof read === 'string' ? undefined : read[0];
    if (prediction === undefined) this.failures.push({ atMs, error: typeof read === 'string' ? read : 'no prediction' });
    else this.scored.push({ customer, prediction, atMs });
  }
}
