/** How long a lease lasts and how often it is renewed, milliseconds. */
export type LeaseTiming = Readonly<{
  /** Others wait this long without a sign of life, by their own clock, before they take over. */
  leaseDurationMs: number;
  /** A leader that could not renew for this long stops. */
  renewDeadlineMs: number;
  /** Between two tries; candidates add up to 1.2 times as much by chance. */
  retryPeriodMs: number;
}>;

/** client-go's defaults. */
export const DEFAULT_TIMING: LeaseTiming = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

/** client-go's JitterFactor. */
export const RETRY_JITTER = 1.2;

/** What a write may take on its way to the API server and back, beside the time that the API server itself is given for it. */
export const WAY_MS = 1_000;

/** Between the last write that may leave and the moment from which another may lead. */
const SHORTEST_MARGIN_MS = 2_000;

/**
 * What is wrong with a timing, in words that name the setting; empty when nothing is.
 * Retries must fit into the deadline, and writes under way at the deadline must be over before the lease is.
 */
export function timingProblems(timing: LeaseTiming): readonly Readonly<{ setting: keyof LeaseTiming; problem: string }>[] {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timing;
  const longestRetryMs = retryPeriodMs * (1 + RETRY_JITTER);
  const problems: { setting: keyof LeaseTiming; problem: string }[] = [];
  if (leaseDurationMs - renewDeadlineMs < SHORTEST_MARGIN_MS) {
    problems.push({
      setting: 'leaseDurationMs',
      problem: `must be at least ${SHORTEST_MARGIN_MS / 1000} s longer than the renew deadline (${renewDeadlineMs / 1000} s): writes under way must be over before another leads`,
    });
  }
  if (renewDeadlineMs <= longestRetryMs) {
    problems.push({
      setting: 'renewDeadlineMs',
      problem: `must be longer than ${longestRetryMs / 1000} s, which is the retry period (${retryPeriodMs / 1000} s) with its jitter: else one slow answer loses the lease`,
    });
  }
  return problems;
}

/** The time that the API server is given for one write of a leader: one that left at the deadline is over before the lease is. */
export function writeTimeoutMs({ leaseDurationMs, renewDeadlineMs }: LeaseTiming): number {
  return leaseDurationMs - renewDeadlineMs - WAY_MS;
}
