import { assertPaired, type PairedScores } from './sample.ts';

const FIRST_CAPACITY = 1024;

/**
 * Takes pairs one at a time, as they come out of a stream of unknown length, into columns: 17 bytes a pair, at most four times that while it grows.
 */
export class PairCollector {
  #size = 0;
  #positive = new Uint8Array(FIRST_CAPACITY);
  #stable = new Float64Array(FIRST_CAPACITY);
  #candidate = new Float64Array(FIRST_CAPACITY);

  /** Pairs so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds one customer. What is wrong with a score is said by `pairs()`. */
  add(positive: boolean, stable: number, candidate: number): void {
    if (this.#size === this.#positive.length) this.#grow();
    this.#positive[this.#size] = positive ? 1 : 0;
    this.#stable[this.#size] = stable;
    this.#candidate[this.#size] = candidate;
    this.#size += 1;
  }

  /**
   * All pairs so far, in their order, as views of what the collector holds: add no more while they are in use.
   * @throws InvalidSample when a score is not finite, with its position
   */
  pairs(): PairedScores {
    const pairs = { positive: this.#positive.subarray(0, this.#size), stable: this.#stable.subarray(0, this.#size), candidate: this.#candidate.subarray(0, this.#size) };
    assertPaired(pairs);
    return pairs;
  }

  #grow(): void {
    const capacity = 2 * this.#positive.length;
    this.#positive = grown(this.#positive, new Uint8Array(capacity));
    this.#stable = grown(this.#stable, new Float64Array(capacity));
    this.#candidate = grown(this.#candidate, new Float64Array(capacity));
  }
}

function grown<Column extends Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
