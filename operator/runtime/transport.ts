/** What a call does, in Kubernetes' words; `apply` and `patch` both are HTTP PATCH. */
export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'apply' | 'patch' | 'delete';

/** One call to the API server. */
export type ApiRequest = Readonly<{
  verb: ApiVerb;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the server's root, without query. */
  path: string;
  query?: Readonly<Record<string, string>> | undefined;
  contentType?: string | undefined;
  /** JSON text. */
  body?: string | undefined;
  /** Longest wait for the whole answer of `send`, or for the head of `stream`; default 30 s. */
  timeoutMs?: number | undefined;
  /** Called when the body is about to leave this machine; what it throws keeps the body back, and is the call's error. */
  lastLook?: (() => void) | undefined;
}>;

/** A whole answer, whatever its status. */
export type ApiResponse = Readonly<{ status: number; retryAfter?: string | undefined; text: string }>;

/** The head of an answer whose body goes on; leaving the iteration closes the connection. */
export type ApiStream = Readonly<{ status: number; retryAfter?: string | undefined; chunks: AsyncIterable<Uint8Array> }>;

/**
 * How calls reach the API server. Wrap it to retry, count, record or cut calls.
 * An answer of any status is a value; only the absence of one is an error.
 * @throws ApiError Unavailable, Timeout or Aborted
 */
export interface Transport {
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  stream(request: ApiRequest, signal: AbortSignal): Promise<ApiStream>;
}

/** Whether a call changes the cluster. */
export function isWrite(request: ApiRequest): boolean {
  return request.method !== 'GET';
}

/** Gives every call that has no limit of its own this one. */
export function timedTransport(inner: Transport, timeoutMs: number): Transport {
  return {
    send: (request, signal) => inner.send({ timeoutMs, ...request }, signal),
    stream: (request, signal) => inner.stream(request, signal),
  };
}
