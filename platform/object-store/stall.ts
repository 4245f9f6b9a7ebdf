import type { Readable } from 'node:stream';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

/**
 * The chunks of a stream; a sender that is silent for `silenceMs` ends it. The time that the reader takes between chunks does not count.
 * @throws ChurnOpsError StoreUnreachable on silence; the signal's reason when it fires
 */
export async function* stallGuarded(stream: Readable, silenceMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const onAbort = (): void => {
    stream.destroy(new ChurnOpsError('StoreUnreachable', 'Reading was given up'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => {
        stream.destroy(new ChurnOpsError('StoreUnreachable', `The store sent nothing for ${silenceMs} ms`));
      }, silenceMs);
      let next: IteratorResult<unknown>;
      try {
        next = await iterator.next();
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) return;
      if (next.value instanceof Uint8Array) yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}
