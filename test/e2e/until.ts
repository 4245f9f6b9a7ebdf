import { isApiError } from '../../operator/runtime/api-error.ts';
import { sleep, systemClock } from '../../operator/runtime/clock.ts';

/** The state did not come in time; the message shows the last one seen. */
export class NotInTime extends Error {
  override readonly name = 'NotInTime';
}

/** What is waited for, for how long, and how often it is looked at. */
export type Wait = Readonly<{ what: string; deadlineMs: number; signal: AbortSignal; everyMs?: number }>;

const longestShown = 1500;

/**
 * Looks again and again until the state holds, and gives that state.
 * While the API server is away (a claim may have stopped it) the answer is "not yet".
 * @throws NotInTime after the deadline, with the last state; the signal's reason when it aborts
 */
export async function until<Value>(wait: Wait, read: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  const endMs = Date.now() + wait.deadlineMs;
  let last = 'nothing yet';
  for (;;) {
    try {
      const value = await read();
      if (holds(value)) return value;
      last = JSON.stringify(value) ?? 'undefined';
    } catch (thrown) {
      if (!isApiError(thrown) || !thrown.retryable) throw thrown;
      last = thrown.message;
    }
    if (Date.now() > endMs) throw new NotInTime(`${wait.what}: not within ${wait.deadlineMs / 1000} s; last seen: ${last.slice(0, longestShown)}`);
    await sleep(systemClock, wait.everyMs ?? 100, wait.signal);
  }
}
