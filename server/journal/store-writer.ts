import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ObjectStore } from '../../platform/object-store/object-store.ts';

/**
 * Writes objects one at a time, each within a time. A volume whose server is gone does not let go of a call, whatever signal it was given:
 * then nothing else is begun until it does, or such calls would take all threads of the process.
 */
export class StoreWriter {
  readonly #store: Pick<ObjectStore, 'put'>;
  readonly #timeoutMs: number;
  #stuck = false;

  constructor(store: Pick<ObjectStore, 'put'>, timeoutMs: number) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Writes an object, in the place of one of the same key. Not to be called again before it is done.
   * @throws ChurnOpsError as {@link ObjectStore}, StoreUnreachable also for what takes too long; the signal's reason
   */
  async put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#stuck) throw new ChurnOpsError('StoreUnreachable', 'The store does not let go of an earlier write.');
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    const { promise: given, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(either.reason);
    either.addEventListener('abort', giveUp, { once: true });
    this.#stuck = true;
    const put = this.#store.put(key, bytes, { ifAbsent: false, signal: either }).finally(() => {
      this.#stuck = false;
    });
    try {
      await Promise.race([put, given]);
    } catch (thrown) {
      put.catch(() => undefined);
      if (timeout.aborted && !signal.aborted) throw new ChurnOpsError('StoreUnreachable', `The store did not take ${key} within ${this.#timeoutMs} ms.`, { cause: thrown });
      throw thrown;
    } finally {
      either.removeEventListener('abort', giveUp);
    }
  }
}
