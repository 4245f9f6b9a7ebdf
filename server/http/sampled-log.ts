import type { Logger } from '../../platform/logging/logger.ts';
import type { ChurnOpsError } from '../../contracts/error-catalogue.ts';

const FAILURES_PER_SECOND = 10;
const ACCESS_EVERY = 1000;

/** Fields of an answered request; never a value of a row. */
export type AnsweredRequest = Readonly<{ requestId: string; rows: number; seconds: number }>;

/**
 * Request lines that cannot flood: at most 10 failures a second (what was left out is counted in the next line), and every
 * thousandth success.
 */
export class SampledLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #windowMs = 0;
  #inWindow = 0;
  #suppressed = 0;
  #successes = 0;

  constructor(logger: Logger, nowMs: () => number = Date.now) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  /** A failed request: `warn` for the caller's mistakes, `error` with the cause for ours. */
  failed(error: ChurnOpsError, requestId: string): void {
    const windowMs = Math.floor(this.#nowMs() / 1000) * 1000;
    if (windowMs !== this.#windowMs) [this.#windowMs, this.#inWindow] = [windowMs, 0];
    this.#inWindow += 1;
    if (this.#inWindow > FAILURES_PER_SECOND) {
      this.#suppressed += 1;
      return;
    }
    const fields = { code: error.code, status: error.status, requestId, suppressed: this.#suppressed };
    this.#suppressed = 0;
    if (error.status >= 500 && error.code !== 'Overloaded') this.#logger.error({ ...fields, error: error.cause ?? error }, 'request failed');
    else this.#logger.warn(fields, 'request refused');
  }

  succeeded(request: AnsweredRequest): void {
    this.#successes += 1;
    if (this.#successes % ACCESS_EVERY === 1) this.#logger.info({ ...request, sampledEvery: ACCESS_EVERY }, 'request answered');
  }
}
