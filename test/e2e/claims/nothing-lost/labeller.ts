import { postFeedback, type FeedbackAddress } from '../../feedback/send-labels.ts';
import type { RowPacer } from '../../load/pace-rows.ts';
import type { Acknowledged } from './loss.ts';

const EVERY_MS = 300;
const PER_CALL = 25;
/** After the prediction, which is a moment ago. */
const OBSERVED_MS = 1;

/** Tells of predictions as they come, and notes what was acknowledged. What was not is told again; a part of it may be there already. */
export class Labeller {
  readonly acknowledged: Acknowledged[] = [];
  /** Calls that were not acknowledged, by answer. */
  readonly refused = new Map<string, number>();
  readonly #pacer: Pick<RowPacer, 'scored'>;
  readonly #address: FeedbackAddress;
  readonly #truth: ReadonlyMap<string, boolean>;
  readonly #running: Promise<void>;
  #next = 0;
  #stopping = false;
  #abandoned = false;

  constructor(pacer: Pick<RowPacer, 'scored'>, address: FeedbackAddress, truth: ReadonlyMap<string, boolean>) {
    this.#pacer = pacer;
    this.#address = address;
    this.#truth = truth;
    this.#running = this.#run();
    // `stop` tells; until then it must not bring the runner down.
    this.#running.catch(() => {});
  }

  /** Tells of all there are, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** Tells of no more, and is not waited for. */
  abandon(): void {
    this.#abandoned = true;
  }

  async #run(): Promise<void> {
    while (!this.#abandoned && (!this.#stopping || this.#next < this.#pacer.scored.length)) {
      this.#address.signal.throwIfAborted();
      const part = this.#pacer.scored.slice(this.#next, this.#next + PER_CALL);
      if (part.length > 0 && (await this.#tell(part))) this.#next += part.length;
      else await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #tell(part: RowPacer['scored']): Promise<boolean> {
    const labels = part.map(({ prediction: { id }, customer, atMs }) => ({ id, label: this.#truth.get(customer.id) === true, observedAt: new Date(atMs + OBSERVED_MS).toISOString() }));
    const { status, text } = await postFeedback(this.#address, JSON.stringify({ labels }));
    if (status === 200) {
      const atMs = Date.now();
      this.acknowledged.push(...labels.map((label) => ({ ...label, atMs })));
      return true;
    }
    const answer = status === 0 ? `no answer: ${text.slice(0, 80)}` : `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`;
    this.refused.set(answer, (this.refused.get(answer) ?? 0) + 1);
    // A label that is wrong stays wrong.
    if (status >= 400 && status < 500) throw new Error(`labels were refused: ${status} ${text.slice(0, 500)}`);
    return false;
  }
}
