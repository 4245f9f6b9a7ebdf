/** Takes a scheduled call back; harmless after it ran. */
export type Cancel = () => void;

/** Time as an argument: what waits in the runtime waits through this, so that tests move time by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Runs `run` once, `delayMs` from now (0 or less: as soon as possible, never at once). */
  schedule(delayMs: number, run: () => void): Cancel;
}

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number;

/** setTimeout counts in 32 bits: a longer delay would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  schedule(delayMs, run) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), longestTimerMs);
      timer = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : run()), stepMs);
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Waits.
 * @throws the signal's reason as soon as it aborts
 */
export async function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
