/** The promise's value, or the signal's reason thrown, whichever comes first. */
export async function orAborted<V>(promise: Promise<V>, signal: AbortSignal): Promise<V> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
