import { orAborted } from './or-aborted.ts';

/** Who waits for a list that began after they asked. */
export class Refreshes {
  /** Counts the asking: a list that began before the newest one is not enough. */
  #asked = 0;
  #waiting: readonly Readonly<{ asked: number; resolve: () => void }>[] = [];
  #interrupt = new AbortController();

  /** Resolves when a list that begins from now on was taken over; rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<void> {
    this.#asked += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = [...this.#waiting, { asked: this.#asked, resolve }];
    this.#interrupt.abort(new Error('a newer list is wanted'));
    await orAborted(promise, signal);
  }

  /** Whether a list is wanted before anything else. */
  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** How often it was asked so far: hand it to {@link listed}. */
  get asked(): number {
    return this.#asked;
  }

  /** Ends when somebody asks from now on; for the list or watch that begins. */
  interrupt(): AbortSignal {
    if (this.#interrupt.signal.aborted) this.#interrupt = new AbortController();
    return this.#interrupt.signal;
  }

  /** A list that began when `asked` was the count was taken over. */
  listed(asked: number): void {
    for (const waiter of this.#waiting) if (waiter.asked <= asked) waiter.resolve();
    this.#waiting = this.#waiting.filter((waiter) => waiter.asked > asked);
  }
}
