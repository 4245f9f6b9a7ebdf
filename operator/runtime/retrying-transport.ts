import type { Clock, Random } from './clock.ts';
import type { Transport } from './transport.ts';

/**
 * Repeats what may be repeated: 429 for every call (it was never run), 5xx and lost connections for all but POST.
 * Waits `Retry-After`, else 200 ms doubling with jitter. Watches are not touched: their owner backs off.
 */
export declare function retryingTransport(
  inner: Transport,
  options: { clock: Clock; random: Random; maxRetries?: number; maxWaitMs?: number },
): Transport;
