import { ApiError } from '../api-error.ts';

/** Two clocks of this machine. Neither is trusted alone: the monotonic one may stand still while a machine sleeps, the wall clock may be set back. */
export type LocalClocks = Readonly<{ monotonicMs: () => number; wallMs: () => number }>;

/** The machine's clocks. */
export const systemClocks: LocalClocks = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** A moment on both clocks. */
export type LocalInstant = Readonly<{ monotonicMs: number; wallMs: number }>;

/** Now, on both clocks. */
export function localInstant(clocks: LocalClocks): LocalInstant {
  return { monotonicMs: clocks.monotonicMs(), wallMs: clocks.wallMs() };
}

/**
 * Whether this process may still write as leader. Open from the moment at which the last successful renewal was *sent* (others count
 * from later), for the renew deadline. It needs nobody to close it: a process that was stopped finds it shut when it wakes up.
 */
export class Fence {
  readonly #clocks: LocalClocks;
  readonly #openForMs: number;
  #since: LocalInstant | undefined;
  #uncertainUntilMs = 0;

  constructor(input: Readonly<{ clocks: LocalClocks; openForMs: number }>) {
    this.#clocks = input.clocks;
    this.#openForMs = input.openForMs;
  }

  /** The lease is ours by a call that was sent at `sentAt`. */
  open(sentAt: LocalInstant): void {
    this.#since = sentAt;
  }

  close(): void {
    this.#since = undefined;
  }

  /** A write that left may take effect for so long yet: no answer says that it did, or did not. */
  leaveUncertain(forMs: number): void {
    this.#uncertainUntilMs = Math.max(this.#uncertainUntilMs, this.#clocks.monotonicMs() + forMs);
  }

  /** How long writes without an answer may still take effect: before that the lease must not be given away. */
  get uncertainForMs(): number {
    return Math.max(this.#uncertainUntilMs - this.#clocks.monotonicMs(), 0);
  }

  /** How long it stays open, by the clock that says less; 0 when it is shut. */
  get leftMs(): number {
    if (this.#since === undefined) return 0;
    const { monotonicMs, wallMs } = localInstant(this.#clocks);
    const elapsedMs = Math.max(monotonicMs - this.#since.monotonicMs, wallMs - this.#since.wallMs);
    return Math.max(this.#openForMs - elapsedMs, 0);
  }

  /** @throws ApiError Fenced when it is shut */
  check(what: string): void {
    if (this.leftMs > 0) return;
    throw new ApiError({ code: 'Fenced', message: `${what}: not sent, this process does not lead (any more)` });
  }
}
