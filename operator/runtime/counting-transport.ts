import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** Counts every call that reaches `inner` by status code and HTTP method; put it inside the retries, so that each try counts. */
export function countingTransport(inner: Transport, metrics: RuntimeMetrics): Transport {
  const counted = async <R extends { readonly status: number }>(request: ApiRequest, call: () => Promise<R>): Promise<R> => {
    try {
      const response = await call();
      metrics.requests.inc({ code: String(response.status), method: request.method });
      return response;
    } catch (error) {
      metrics.requests.inc({ code: '<error>', method: request.method });
      throw error;
    }
  };
  return {
    send: (request, signal) => counted(request, () => inner.send(request, signal)),
    stream: (request, signal) => counted(request, () => inner.stream(request, signal)),
  };
}
