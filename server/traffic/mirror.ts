import type { CandidateAbsence } from '../../contracts/traffic.ts';
import type { CandidateClient, RowOutcome } from './candidate-client.ts';
import { MirrorQueue } from './mirror-queue.ts';
import type { Copy, MirrorLimits } from './mirror-queue.ts';
import type { RowsBody } from './row-bodies.ts';

/** Bounds of mirroring. */
export const MIRROR = {
  maxRequests: 1024,
  maxRows: 8192,
  /** Of bodies; a row that is kept for its record takes about twice as much again. */
  maxBytes: 8 * 1024 * 1024,
  /** Copies on their way at a time. */
  maxInFlight: 32,
  /** Rows on their way: a copy is to load the candidate as its callers would, not at once with all that has piled up here. */
  maxRowsInFlight: 2048,
  /** Copies sent in one turn of the event loop: a quarter of a millisecond that answers wait for. */
  maxPerTurn: 8,
  /** Nobody waits for a copy's score but its record: a candidate that is slow now and then still makes pairs. */
  timeoutMs: 2000,
} as const;

/** A copy of a request that was answered. */
export type MirrorCopy = Copy &
  Readonly<{
    requestId: string;
    /** What is sent, made when its turn comes: rows of no body are too large for one. */
    bodies: () => readonly RowsBody[];
    /** Told once: an outcome for each row. */
    settled: (outcomes: readonly RowOutcome[]) => void;
  }>;

/** What a mirror is made of. */
export type MirrorOptions = Readonly<{ client: CandidateClient; limits?: MirrorLimits & Readonly<{ maxInFlight: number; maxRowsInFlight: number; maxPerTurn: number; timeoutMs: number }> }>;

/** Sends copies of requests to the candidate once their callers have their answers: some at a time, the rest waits in a bounded queue. */
export class Mirror {
  readonly #client: CandidateClient;
  readonly #limits: NonNullable<MirrorOptions['limits']>;
  readonly #queue: MirrorQueue<MirrorCopy>;
  #inFlight = 0;
  #rowsInFlight = 0;
  #scheduled = false;
  #closed = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor({ client, limits = MIRROR }: MirrorOptions) {
    this.#client = client;
    this.#limits = limits;
    this.#queue = new MirrorQueue(limits);
  }

  /** Copies that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Takes a copy, which is sent in one of the next turns of the event loop; false where there is no room for it. */
  offer(copy: MirrorCopy): boolean {
    if (this.#closed || !this.#queue.offer(copy)) return false;
    this.#schedule();
    return true;
  }

  /** Waits until nothing waits to be sent, and nothing is on its way. */
  async idle(): Promise<void> {
    if (this.#inFlight === 0 && this.waiting === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** Lets go what waits; what is on its way ends by itself. */
  close(): void {
    this.#closed = true;
    for (const copy of this.#queue.clear()) copy.settled(absent(copy.rows, 'Stopped'));
    this.#tellIdle();
  }

  get #isFull(): boolean {
    return this.#inFlight >= this.#limits.maxInFlight || this.#rowsInFlight >= this.#limits.maxRowsInFlight;
  }

  #schedule(): void {
    if (this.#scheduled || this.#isFull) return;
    this.#scheduled = true;
    // Not now: answers of this turn are still being written.
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let sent = 0; sent < this.#limits.maxPerTurn && !this.#isFull; sent += 1) {
      const copy = this.#queue.take();
      if (copy === undefined) return;
      this.#inFlight += 1;
      this.#rowsInFlight += copy.rows;
      this.#send(copy).then(
        (outcomes) => this.#ended(copy, outcomes),
        // Only a defect of ours comes here, such as a row that JSON cannot hold; the copy must be accounted for all the same.
        () => this.#ended(copy, absent(copy.rows, 'TooLarge')),
      );
    }
    if (this.waiting > 0) this.#schedule();
  }

  #ended(copy: MirrorCopy, outcomes: readonly RowOutcome[]): void {
    this.#inFlight -= 1;
    this.#rowsInFlight -= copy.rows;
    copy.settled(outcomes);
    if (this.waiting > 0) this.#schedule();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#inFlight > 0 || this.waiting > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  async #send(copy: MirrorCopy): Promise<readonly RowOutcome[]> {
    const bodies = copy.bodies();
    const outcomes: RowOutcome[] = absent(copy.rows, 'TooLarge');
    for (const rows of bodies) {
      const outcome = await this.#client.score({ rows, requestId: copy.requestId, timeoutMs: this.#limits.timeoutMs });
      for (const [index, row] of rows.rows.entries()) outcomes[row] = typeof outcome === 'string' ? outcome : (outcome[index] ?? 'InvalidAnswer');
    }
    return outcomes;
  }
}

function absent(rows: number, absence: CandidateAbsence): RowOutcome[] {
  return Array.from({ length: rows }, () => absence);
}
