/**
 * Random numbers that are the same for the same seed and index, whichever thread draws them: for simulations, where mulberry32 (`seededRandom`) has too
 * few states. xoshiro128** has 2^128 - 1 of them: a hundred million streams would not meet.
 * Source: Blackman & Vigna (2021), ACM Transactions on Mathematical Software 47(4); state filled by splitmix32.
 */
export class RandomStream {
  readonly #state: Uint32Array;
  #spare: number | undefined;

  constructor(seed: number, index: number) {
    let counter = seed >>> 0;
    const next = (): number => {
      counter = (counter + 0x9e_37_79_b9) >>> 0;
      let mixed = Math.imul(counter ^ (counter >>> 16), 0x21_f0_aa_ad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x73_5a_2d_97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    // The index goes in as a whole number of its own: no two of them share a state.
    this.#state = Uint32Array.of(next(), next(), next(), index);
    for (let draws = 0; draws < 16; draws += 1) this.#bits();
  }

  /** From 0 (included) to 1 (not), in steps of 2^-32. */
  uniform(): number {
    return this.#bits() / 2 ** 32;
  }

  /** Whole number, 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal: the polar method of Marsaglia & Bray (1964), SIAM Review 6:260-264. */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const [x, y] = [2 * this.uniform() - 1, 2 * this.uniform() - 1];
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * factor;
      return x * factor;
    }
  }

  #bits(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    this.#state[0] = a ^ mixedD;
    this.#state[1] = b ^ mixedC;
    this.#state[2] = mixedC ^ (b << 9);
    this.#state[3] = (mixedD << 11) | (mixedD >>> 21);
    return result;
  }
}
