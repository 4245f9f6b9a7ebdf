import { isApiError } from './api-error.ts';
import type { Logger } from './logger.ts';

/** Whether the API server refuses a list or watch for want of rights; told once, in words that say what to do. */
export class Refusal {
  readonly #what: string;
  readonly #namespace: string | undefined;
  readonly #logger: Logger;
  #refused = false;

  /** @param what plural and group of the kind */
  constructor(what: string, namespace: string | undefined, logger: Logger) {
    this.#what = what;
    this.#namespace = namespace;
    this.#logger = logger;
  }

  get isRefused(): boolean {
    return this.#refused;
  }

  /** Takes note of a failure. @returns whether it says what the one before said already */
  failed(error: unknown): boolean {
    const before = this.#refused;
    this.#refused = isApiError(error, 'Forbidden');
    if (!isApiError(error, 'Forbidden') || before) return before && this.#refused;
    const where = this.#namespace === undefined ? 'in the whole cluster' : `in namespace ${this.#namespace}`;
    const hint = `no right to list and watch ${this.#what} ${where}: its models are not looked after until the operator's account is granted it`;
    this.#logger.error({ namespace: this.#namespace, problem: error.message, hint }, 'rights are missing');
    return false;
  }

  succeeded(): void {
    this.#refused = false;
  }
}
