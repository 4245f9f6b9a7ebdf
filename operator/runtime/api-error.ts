import { z } from 'zod';

/** Why a call failed, as callers tell failures apart. */
export type ApiErrorCode =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  /** Nothing can be created any more where this was to be. */
  | 'NamespaceTerminating'
  | 'NotFound'
  | 'AlreadyExists'
  /** The object changed, or is another one (uid): read again, then decide again. */
  | 'Conflict'
  /** The resource version is too old: list again. */
  | 'Gone'
  | 'Invalid'
  | 'TooManyRequests'
  | 'Timeout'
  /** No answer, or 502/503: connection refused, reset, API server starting. */
  | 'Unavailable'
  | 'Internal'
  /** The answer was not what the API promises: not JSON, or refused by the kind's schema. */
  | 'Malformed'
  /** Our own signal aborted the call. */
  | 'Aborted'
  /** Not sent: this process does not lead, or not any more. */
  | 'Fenced'
  /** Any other status. */
  | 'Unexpected';

/** Longest message we keep: what the API server says about one field fits, a whole object or a Secret does not. */
const longestMessage = 512;

const Status = z.object({
  message: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  details: z.object({ retryAfterSeconds: z.number().optional().catch(undefined), causes: z.array(z.object({ reason: z.string().optional() })).optional().catch(undefined) }).optional().catch(undefined),
});

/** Facts of a failure. */
export type ApiErrorFacts = Readonly<{
  code: ApiErrorCode;
  message: string;
  status?: number | undefined;
  reason?: string | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}>;

/** A failed call to the API server. The message names method and path and is bounded; headers and bodies are never in it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The API server's own word (`metav1.StatusReason`), where it gave one. */
  readonly reason: string | undefined;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** What the server asked us to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(facts: ApiErrorFacts) {
    super(facts.message.slice(0, longestMessage), { cause: facts.cause });
    this.code = facts.code;
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs;
    this.retryable = retryableCodes.has(facts.code);
  }
}

const retryableCodes: ReadonlySet<ApiErrorCode> = new Set(['TooManyRequests', 'Timeout', 'Unavailable', 'Internal']);

/** Whether `error` is an {@link ApiError}, of this code if one is given. */
export function isApiError(error: unknown, code?: ApiErrorCode): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code);
}

/** `Retry-After` in milliseconds; the API server sends whole seconds. */
export function retryAfterMsOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

/**
 * The error behind an answer that is not 2xx, or behind a watch's ERROR event.
 * @param input.what method and path, for the message
 * @param input.body a `metav1.Status`, parsed; anything else is not quoted
 */
export function apiErrorOf(input: { what: string; status: number; body: unknown; retryAfter?: string | undefined }): ApiError {
  const { message, reason, details } = Status.safeParse(input.body).data ?? {};
  const seconds = details?.retryAfterSeconds;
  return new ApiError({
    code: details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') === true ? 'NamespaceTerminating' : codeOf(input.status, reason),
    message: `${input.what}: ${input.status}${reason === undefined ? '' : ` ${reason}`}${message === undefined ? '' : `: ${message}`}`,
    status: input.status,
    reason,
    retryAfterMs: retryAfterMsOf(input.retryAfter) ?? (seconds === undefined || seconds <= 0 ? undefined : seconds * 1000),
  });
}

/** The status inside a watch's ERROR event; 500 where it names none. */
export function statusOf(body: unknown): number {
  return Status.safeParse(body).data?.code ?? 500;
}

function codeOf(status: number, reason: string | undefined): ApiErrorCode {
  switch (status) {
    case 400:
      return 'BadRequest';
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 408:
    case 504:
      return 'Timeout';
    case 409:
      return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Gone';
    case 422:
      return 'Invalid';
    case 429:
      return 'TooManyRequests';
    case 502:
    case 503:
      return 'Unavailable';
    default:
      return status >= 500 ? 'Internal' : 'Unexpected';
  }
}
