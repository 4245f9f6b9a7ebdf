import type { CandidateAbsence } from '../../contracts/traffic.ts';
import type { Breaker, Leave } from './breaker.ts';
import { isItsFault } from './candidate-answer.ts';
import type { CandidateClient, RowOutcome } from './candidate-client.ts';
import { rowBodies } from './row-bodies.ts';
import type { RowAt, RowsBody } from './row-bodies.ts';

/** How long a caller waits for the candidate at most; then this pod's own score is the answer (DESIGN section 3). */
export const FORWARD_TIMEOUT_MS = 100;

/** Rows of a request that the candidate is to answer: indices, in order. */
export type ForwardRequest = Readonly<{ requestId: string; rowAt: RowAt; rows: readonly number[] }>;

/** What a forwarder is made of. */
export type ForwarderOptions = Readonly<{
  client: Pick<CandidateClient, 'score'>;
  breaker: Breaker;
  maxErrorPercent: number;
  timeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  nowMs?: () => number;
}>;

/** Sends rows to the candidate while their caller waits, unless it mostly fails. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #nowMs: () => number;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /**
   * Asks the candidate for these rows. Never rejects.
   * @returns an outcome for each row, in their order; at once, for all of them, where nobody is asked
   */
  forward({ requestId, rowAt, rows }: ForwardRequest): CandidateAbsence | Promise<readonly RowOutcome[]> {
    const leave = this.#options.breaker.admit(this.#nowMs());
    if (leave === undefined) return 'BreakerOpen';
    const { bodies, tooLarge } = rowBodies(rows, rowAt);
    const [first, ...others] = bodies;
    if (first === undefined) {
      this.#options.breaker.release(leave);
      return 'TooLarge';
    }
    if (others.length === 0 && tooLarge.length === 0) return this.#send(first, requestId, leave);
    return this.#sendAll(rows, requestId, [{ body: first, leave }, ...others.map((body) => ({ body, leave: this.#options.breaker.admit(this.#nowMs()) }))]);
  }

  async #sendAll(rows: readonly number[], requestId: string, parts: readonly Readonly<{ body: RowsBody; leave: Leave | undefined }>[]): Promise<readonly RowOutcome[]> {
    const ofRow = new Map<number, RowOutcome>();
    await Promise.all(
      parts.map(async ({ body, leave }) => {
        const outcomes = leave === undefined ? undefined : await this.#send(body, requestId, leave);
        for (const [index, row] of body.rows.entries()) ofRow.set(row, outcomes?.[index] ?? 'BreakerOpen');
      }),
    );
    return rows.map((row) => ofRow.get(row) ?? 'TooLarge');
  }

  async #send(rows: RowsBody, requestId: string, leave: Leave): Promise<readonly RowOutcome[]> {
    const { client, breaker, maxErrorPercent, timeoutMs } = this.#options;
    const outcome = await client.score({ rows, requestId, timeoutMs });
    if (typeof outcome !== 'string') {
      breaker.record(leave, true, this.#nowMs(), maxErrorPercent);
      return outcome;
    }
    if (isItsFault(outcome)) breaker.record(leave, false, this.#nowMs(), maxErrorPercent);
    else breaker.release(leave);
    return rows.rows.map(() => outcome);
  }
}
