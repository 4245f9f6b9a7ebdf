import { ApiError, isApiError } from './api-error.ts';
import type { ApiRequest } from './transport.ts';

const defaultTimeoutMs = 30_000;

/** One call's ends: the caller's signal, our time limit, and the error that each of them makes. */
export class CallLimits {
  readonly #request: ApiRequest;
  readonly #caller: AbortSignal;
  readonly #own = new AbortController();
  readonly #onAbort = (): void => this.#own.abort(this.#caller.reason);
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  #timedOut = false;

  constructor(request: ApiRequest, caller: AbortSignal) {
    this.#request = request;
    this.#caller = caller;
    this.#timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    if (caller.aborted) this.#onAbort();
    else caller.addEventListener('abort', this.#onAbort, { once: true });
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.#own.abort();
    }, this.#timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  headArrived(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onAbort);
  }

  failure(cause: unknown): ApiError {
    if (isApiError(cause, 'Fenced')) return cause;
    const what = `${this.#request.method} ${this.#request.path}`;
    if (this.#caller.aborted) return new ApiError({ code: 'Aborted', message: `${what}: aborted`, cause });
    if (this.#timedOut) return new ApiError({ code: 'Timeout', message: `${what}: no answer within ${this.#timeoutMs} ms`, cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ApiError({ code: 'Unavailable', message: `${what}: ${why}`, cause });
  }
}
