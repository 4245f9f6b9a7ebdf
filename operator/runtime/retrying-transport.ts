import { isApiError, retryAfterMsOf, type ApiError } from './api-error.ts';
import { sleep, type Clock, type Random } from './clock.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { ApiRequest, ApiResponse, Transport } from './transport.ts';

const defaultRetries = 4;
const firstWaitMs = 200;
/** A server that asks for more than this gets its answer from the work queue's backoff: a worker is too dear to sleep. */
const longestWaitMs = 10_000;

/** Settings of {@link retryingTransport}. */
export type RetryOptions = Readonly<{
  clock: Clock;
  random: Random;
  metrics: RuntimeMetrics;
  /** Repetitions after the first try; default 4. */
  maxRetries?: number;
  /** Longest single wait; default 10 s. */
  maxWaitMs?: number;
}>;

/**
 * Repeats what may be repeated: 429 for every call (it was never run), 5xx and lost connections for all but POST
 * (a lost answer to a create is told by AlreadyExists). Waits `Retry-After`, else 200 ms doubling, both with jitter.
 * Watches pass through: their owner backs off.
 */
export function retryingTransport(inner: Transport, options: RetryOptions): Transport {
  const { clock, random, metrics, maxRetries = defaultRetries, maxWaitMs = longestWaitMs } = options;
  return {
    stream: (request, signal) => inner.stream(request, signal),
    async send(request, signal) {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await attemptOnce(inner, request, signal);
        const refusal = refusalOf(answer);
        if (refusal === undefined || attempt >= maxRetries || !mayRepeat(request, refusal)) return valueOf(answer);
        const waitMs = (refusal.retryAfterMs ?? firstWaitMs * 2 ** attempt) * (1 + 0.1 * random());
        if (waitMs > maxWaitMs) return valueOf(answer);
        metrics.requestRetries.inc({ code: refusal.label, verb: request.verb });
        await sleep(clock, waitMs, signal);
      }
    },
  };
}

type Answer = Readonly<{ response: ApiResponse } | { error: ApiError }>;
type Refusal = Readonly<{ label: string; status: number | undefined; retryAfterMs: number | undefined }>;

async function attemptOnce(inner: Transport, request: ApiRequest, signal: AbortSignal): Promise<Answer> {
  try {
    return { response: await inner.send(request, signal) };
  } catch (error) {
    if (isApiError(error) && error.retryable) return { error };
    throw error;
  }
}

function refusalOf(answer: Answer): Refusal | undefined {
  if ('error' in answer) return { label: '<error>', status: undefined, retryAfterMs: undefined };
  const { status, retryAfter } = answer.response;
  if (status !== 429 && status < 500) return undefined;
  return { label: String(status), status, retryAfterMs: retryAfterMsOf(retryAfter) };
}

function mayRepeat(request: ApiRequest, refusal: Refusal): boolean {
  return refusal.status === 429 || request.method !== 'POST';
}

function valueOf(answer: Answer): ApiResponse {
  if ('error' in answer) throw answer.error;
  return answer.response;
}
