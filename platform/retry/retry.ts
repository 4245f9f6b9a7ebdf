import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often a task is tried again. Clock and randomness come in, so that tests need no waiting. */
export type RetryPolicy = Readonly<{
  /** No new attempt starts later than this after the first one. */
  totalMs: number;
  /** Largest wait before the second attempt; doubles with each further one. */
  baseMs: number;
  /** Cap of the doubling. */
  maxMs: number;
  isTransient: (thrown: unknown) => boolean;
  signal: AbortSignal;
  onRetry?: (thrown: unknown, attempt: number, waitMs: number) => void;
  now?: () => number;
  random?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}>;

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/**
 * Runs a task until it succeeds, fails for good, or the time is up; waits between attempts grow with equal jitter
 * (half fixed, half random: never zero, so that a store that is down is not hammered).
 * @throws what the last attempt threw; AbortError when the signal fires while waiting
 */
export async function retry<Result>(task: (attempt: number) => Promise<Result>, policy: RetryPolicy): Promise<Result> {
  const { now = Date.now, random = Math.random, wait = waitFor } = policy;
  const startedMs = now();
  for (let attempt = 1; ; attempt += 1) {
    policy.signal.throwIfAborted();
    try {
      return await task(attempt);
    } catch (thrown) {
      const capMs = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
      const waitMs = capMs / 2 + (random() * capMs) / 2;
      if (policy.signal.aborted || !policy.isTransient(thrown) || now() - startedMs + waitMs > policy.totalMs) throw thrown;
      policy.onRetry?.(thrown, attempt, waitMs);
      await wait(waitMs, policy.signal);
    }
  }
}
