/**
 * A running sum of doubles that keeps what rounding drops, so that the order of a million terms does not show.
 * Source: Neumaier (1974), ZAMM 54:39-51 (Kahan's sum, also right where a term exceeds the sum).
 * Error: about one rounding of the result plus 1e-32 of the sum of magnitudes per term.
 */
export class CompensatedSum {
  #sum = 0;
  #dropped = 0;

  /** @param term finite */
  add(term: number): void {
    const next = this.#sum + term;
    this.#dropped += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - next + term : term - next + this.#sum;
    this.#sum = next;
  }

  /** The sum of all terms so far; 0 of none. */
  get value(): number {
    return this.#sum + this.#dropped;
  }
}
