/** When an address is passed over. */
export const SKIP = {
  /** Timeouts in a row after which it counts as hanging; a connection that cannot be made is enough at once. */
  timeouts: 3,
  /** For how long: doubled from failure to failure. */
  firstMs: 1000,
  mostMs: 10_000,
} as const;

/** An address of the candidate's, as whoever asks it holds it. */
export type CandidateAddress = Readonly<{ host: string }>;

class Address implements CandidateAddress {
  readonly host: string;
  failures = 0;
  skippedUntilMs = 0;
  inFlight = 0;

  constructor(host: string) {
    this.host = host;
  }
}

/**
 * Whose turn it is among the candidate's pods: one after the other, since keep-alive would else keep asking the same one. Pods that cannot
 * be reached or hang are passed over for a while, as long as another one can be asked: where none can, they are asked all the same, so
 * that the breaker sees what is the matter and a candidate that is back is found. The clock comes in with each call, in milliseconds.
 */
export class AddressRotation {
  readonly #maxInFlight: number;
  #addresses: readonly Address[] = [];
  #turn = 0;

  /** @param maxInFlight most requests of one address at a time, so that one that hangs cannot hold all */
  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight;
  }

  get hosts(): readonly string[] {
    return this.#addresses.map(({ host }) => host);
  }

  /** What the Service resolves to now; what was known of an address that stays is kept. */
  replace(hosts: readonly string[]): void {
    const known = new Map(this.#addresses.map((address) => [address.host, address]));
    this.#addresses = [...new Set(hosts)].toSorted().map((host) => known.get(host) ?? new Address(host));
  }

  /**
   * The address to ask next; `ended` must follow. `Busy`: all have as many requests as they may; `None`: there is none.
   * @param except an address that was tried already: then only another one, which is not passed over, will do
   */
  next(nowMs: number, except?: CandidateAddress): CandidateAddress | 'Busy' | 'None' {
    const count = this.#addresses.length;
    let usable = 0;
    let isAnySound = false;
    let passedOver: number | undefined;
    for (let step = 0; step < count; step += 1) {
      const at = (this.#turn + step) % count;
      const address = this.#addresses[at];
      if (address === undefined || address === except) continue;
      usable += 1;
      const isSound = address.skippedUntilMs <= nowMs;
      isAnySound ||= isSound;
      if (address.inFlight >= this.#maxInFlight) continue;
      if (isSound) return this.#take(address, at);
      passedOver ??= at;
    }
    const address = passedOver === undefined || isAnySound || except !== undefined ? undefined : this.#addresses[passedOver];
    if (address !== undefined && passedOver !== undefined) return this.#take(address, passedOver);
    return usable === 0 ? 'None' : 'Busy';
  }

  /** How a request ended: an answer, whatever it says, shows that the pod is there. */
  ended(taken: CandidateAddress, how: 'Answered' | 'Timeout' | 'Unreachable', nowMs: number): void {
    if (!(taken instanceof Address)) return;
    taken.inFlight -= 1;
    if (how === 'Answered') {
      taken.failures = 0;
      taken.skippedUntilMs = 0;
      return;
    }
    taken.failures += 1;
    const tolerated = how === 'Timeout' ? SKIP.timeouts - 1 : 0;
    if (taken.failures > tolerated) taken.skippedUntilMs = nowMs + Math.min(SKIP.mostMs, SKIP.firstMs * 2 ** (taken.failures - tolerated - 1));
  }

  #take(address: Address, at: number): CandidateAddress {
    this.#turn = at + 1;
    address.inFlight += 1;
    return address;
  }
}
