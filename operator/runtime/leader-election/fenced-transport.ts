import { isApiError } from '../api-error.ts';
import { isWrite, type Transport } from '../transport.ts';
import type { Fence } from './fence.ts';
import { WAY_MS } from './lease-timing.ts';

/**
 * Lets writes pass only while the fence is open, and looks again at the last moment, when the body leaves: a call may have waited for
 * a connection, or the process may have been stopped. The API server is told to give up before another could lead (`timeout`, which it
 * counts from the arrival of the call), so that no write that did leave takes effect later. Reads pass.
 */
export function fencedTransport(inner: Transport, fence: Fence, options: Readonly<{ writeTimeoutMs: number }>): Transport {
  const { writeTimeoutMs } = options;
  return {
    stream: (request, signal) => inner.stream(request, signal),
    async send(request, signal) {
      if (!isWrite(request)) return inner.send(request, signal);
      const check = (): void => fence.check(`${request.method} ${request.path}`);
      check();
      const query = { ...request.query, timeout: `${writeTimeoutMs}ms` };
      try {
        return await inner.send({ ...request, query, timeoutMs: writeTimeoutMs, lastLook: check }, signal);
      } catch (error) {
        if (!isApiError(error, 'Fenced')) fence.leaveUncertain(writeTimeoutMs + WAY_MS);
        throw error;
      }
    },
  };
}
