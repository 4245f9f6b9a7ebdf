import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';

const burst = 25;
const refillMs = 300_000;
const objects = 4096;

/** client-go's event spam filter: per object 25 events at once, then one in 5 minutes; remembers 4096 objects. */
export class EventSpamFilter {
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<Readonly<{ tokens: number; filledAtMs: number }>>(objects);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more event about the object may be written; counts it if so. */
  admits(uid: string): boolean {
    const nowMs = this.#clock.nowMs();
    const { tokens, filledAtMs } = this.#buckets.get(uid) ?? { tokens: burst, filledAtMs: nowMs };
    const available = Math.min(burst, tokens + Math.max(nowMs - filledAtMs, 0) / refillMs);
    const admitted = available >= 1;
    this.#buckets.set(uid, { tokens: admitted ? available - 1 : available, filledAtMs: nowMs });
    return admitted;
  }
}
