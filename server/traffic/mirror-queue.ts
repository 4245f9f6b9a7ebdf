/** How much may wait to be mirrored. */
export type MirrorLimits = Readonly<{ maxRequests: number; maxRows: number; maxBytes: number }>;

/** A copy of a request that waits: how many rows it has, and how many bytes are sent. */
export type Copy = Readonly<{ rows: number; sizeBytes: number }>;

/**
 * Copies on their way to the candidate, oldest first, bounded in number, rows and bytes: a candidate that is slow or gone takes that much
 * memory and no more. What does not fit is for the caller to drop and count; what waits is not pushed out by it, since the oldest copy
 * will be scored soonest.
 */
export class MirrorQueue<Item extends Copy> {
  readonly #limits: MirrorLimits;
  /** Undefined where a copy was taken: what is on its way is no longer held here. */
  #items: (Item | undefined)[] = [];
  #next = 0;
  #rows = 0;
  #bytes = 0;

  constructor(limits: MirrorLimits) {
    this.#limits = limits;
  }

  /** Requests that wait. */
  get length(): number {
    return this.#items.length - this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a copy; false, and nothing is kept, when it does not fit. */
  offer(item: Item): boolean {
    const { maxRequests, maxRows, maxBytes } = this.#limits;
    if (this.length >= maxRequests || this.#rows + item.rows > maxRows || this.#bytes + item.sizeBytes > maxBytes) return false;
    this.#items.push(item);
    this.#rows += item.rows;
    this.#bytes += item.sizeBytes;
    return true;
  }

  /** The oldest copy, which waits no longer; undefined: none waits. */
  take(): Item | undefined {
    const item = this.#items[this.#next];
    if (item === undefined) return undefined;
    this.#items[this.#next] = undefined;
    this.#next += 1;
    this.#rows -= item.rows;
    this.#bytes -= item.sizeBytes;
    // Half of it is behind us: cheaper than to move all at each step.
    if (this.#next * 2 > this.#items.length) [this.#items, this.#next] = [this.#items.slice(this.#next), 0];
    return item;
  }

  /** Lets everything go, and gives it to be accounted for. */
  clear(): readonly Item[] {
    const left = this.#items.filter((item) => item !== undefined);
    this.#items = [];
    this.#next = 0;
    this.#rows = 0;
    this.#bytes = 0;
    return left;
  }
}
