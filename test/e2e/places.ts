/** What a run uses: the cluster, or nothing but this machine's processor. */
export type Place = 'Cluster' | 'Processor';

/**
 * Does a part of a run while no other uses the cluster: once all others are through, or wait for the same. Only for runs that use it.
 * Waiting takes no place.
 */
export type Alone = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * At most so many runs at a time, in the order in which they come. Runs that need no cluster come when no other is left to begin, so that
 * they are beside the one that is alone in the cluster, and at the end.
 */
export class Places {
  readonly #width: number;
  readonly #coming: Readonly<Record<Place, ((taken: boolean) => void)[]>> = { Cluster: [], Processor: [] };
  readonly #running = { Cluster: 0, Processor: 0 };
  /** Who waits to be alone. */
  readonly #turns: (() => void)[] = [];
  #isAlone = false;

  constructor(width: number) {
    this.#width = width;
  }

  /** Waits for a place; false: there will be none. Every true is given back. */
  async take(place: Place): Promise<boolean> {
    return new Promise((resolve) => {
      this.#coming[place].push(resolve);
      this.#next();
    });
  }

  giveBack(place: Place): void {
    this.#running[place] -= 1;
    this.#next();
  }

  /** Nobody begins any more. */
  close(): void {
    for (const turnedAway of [...this.#coming.Cluster.splice(0), ...this.#coming.Processor.splice(0)]) turnedAway(false);
  }

  alone: Alone = async (work) => {
    this.#running.Cluster -= 1;
    await new Promise<void>((resolve) => {
      this.#turns.push(resolve);
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#isAlone = false;
      this.#running.Cluster += 1;
    }
  };

  #next(): void {
    for (let begin = this.#choose(); begin !== undefined; begin = this.#choose()) begin();
  }

  #choose(): (() => void) | undefined {
    const { Cluster, Processor } = this.#running;
    const isFree = Cluster + Processor + (this.#isAlone ? 1 : 0) < this.#width;
    if (this.#coming.Cluster.length > 0) return isFree && !this.#isAlone ? this.#begin('Cluster') : undefined;
    if (Cluster === 0 && !this.#isAlone && this.#turns.length > 0) {
      this.#isAlone = true;
      return this.#turns.shift();
    }
    return isFree && this.#coming.Processor.length > 0 ? this.#begin('Processor') : undefined;
  }

  #begin(place: Place): () => void {
    const taken = this.#coming[place].shift();
    this.#running[place] += 1;
    return () => taken?.(true);
  }
}
