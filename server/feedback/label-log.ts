import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { LabelRecord } from '../../contracts/journal.ts';
import { labelsKey } from '../../contracts/store-layout.ts';
import { isTransientStoreError } from '../../platform/object-store/object-store.ts';
import { retry } from '../../platform/retry/retry.ts';
import { drawWriter } from '../journal/writer-lot.ts';
import type { Schedule } from '../journal/journal.ts';
import type { StoreWriter } from '../journal/store-writer.ts';

/** How labels are grouped. */
export type LabelLogLimits = Readonly<{
  /** A label waits at most as long for others to be stored with. */
  windowMs: number;
  /** A group of as many bytes does not wait. */
  groupBytes: number;
  /** Labels that wait, while a slow store takes others, have at most as many bytes. */
  waitingBytes: number;
  /** A store that fails is tried again within this time. */
  retryMs: number;
}>;

export const LABEL_LIMITS: LabelLogLimits = { windowMs: 250, groupBytes: 1 << 20, waitingBytes: 16 << 20, retryMs: 2000 };

/** What a label log is made of. */
export type LabelLogOptions = Readonly<{
  store: Pick<StoreWriter, 'put'>;
  /** Of the model's labels in the store. */
  prefix: string;
  pod: string;
  now: () => number;
  schedule: Schedule;
  limits?: LabelLogLimits;
  /** Ends waiting for the store. */
  signal: AbortSignal;
}>;

type Group = Readonly<{ lines: string[]; done: PromiseWithResolvers<void> }> & { sizeBytes: number };

const compressed = promisify(gzip);
const RETRY = { baseMs: 100, maxMs: 500 } as const;

/** Writes labels to the store in groups: whoever waits for one knows that the store has it. */
export class LabelLog {
  readonly #options: LabelLogOptions;
  readonly #limits: LabelLogLimits;
  readonly #writer = drawWriter();
  #sequence = 0;
  #group: Group | undefined;
  #cancel: (() => void) | undefined;
  #writing = false;

  constructor(options: LabelLogOptions) {
    this.#options = options;
    this.#limits = options.limits ?? LABEL_LIMITS;
  }

  /**
   * Stores labels, together with others that come within the window.
   * @throws ChurnOpsError Overloaded; LabelsNotStored where the store did not take them, or did not say so
   */
  async store(labels: readonly LabelRecord[]): Promise<void> {
    const text = labels.map((label) => `${JSON.stringify(label)}\n`).join('');
    const sizeBytes = Buffer.byteLength(text);
    const group = this.#group ?? this.#begin();
    if (group.sizeBytes > 0 && group.sizeBytes + sizeBytes > this.#limits.waitingBytes) throw new ChurnOpsError('Overloaded', 'Too many labels wait for the store.');
    group.lines.push(text);
    group.sizeBytes += sizeBytes;
    if (group.sizeBytes >= this.#limits.groupBytes) this.#commit();
    await group.done.promise;
  }

  #begin(): Group {
    this.#group = { lines: [], done: Promise.withResolvers<void>(), sizeBytes: 0 };
    this.#cancel = this.#options.schedule(this.#limits.windowMs, () => this.#commit());
    return this.#group;
  }

  /** Begins to write the group, unless another one is being written: then its end does. */
  #commit(): void {
    if (this.#writing || this.#group === undefined) return;
    this.#cancel?.();
    const group = this.#group;
    this.#group = undefined;
    this.#writing = true;
    void this.#write(group).finally(() => {
      this.#writing = false;
      this.#commit();
    });
  }

  async #write({ lines, done }: Group): Promise<void> {
    const { store, prefix, pod, now, signal } = this.#options;
    this.#sequence += 1;
    const key = labelsKey(prefix, now(), pod, `${this.#writer}-${String(this.#sequence).padStart(6, '0')}`);
    try {
      const bytes = await compressed(lines.join(''));
      await retry(() => store.put(key, bytes, signal), { ...RETRY, totalMs: this.#limits.retryMs, isTransient: isTransientStoreError, signal });
      done.resolve();
    } catch (cause) {
      const why = cause instanceof ChurnOpsError ? ` (${cause.code})` : '';
      done.reject(new ChurnOpsError('LabelsNotStored', `The object store did not take the labels${why}.`, { cause }));
    }
  }
}
