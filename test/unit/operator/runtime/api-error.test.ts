import { describe, expect, test } from '@jest/globals';
import { apiErrorOf, isApiError, retryAfterMsOf, type ApiErrorCode } from '../../../../operator/runtime/api-error.ts';

describe('codes', () => {
  test.each<{ status: number; reason?: string; code: ApiErrorCode; retryable: boolean }>([
    { status: 400, code: 'BadRequest', retryable: false },
    { status: 401, code: 'Unauthorized', retryable: false },
    { status: 403, code: 'Forbidden', retryable: false },
    { status: 404, code: 'NotFound', retryable: false },
    { status: 409, reason: 'Conflict', code: 'Conflict', retryable: false },
    { status: 409, reason: 'AlreadyExists', code: 'AlreadyExists', retryable: false },
    { status: 410, reason: 'Expired', code: 'Gone', retryable: false },
    { status: 422, code: 'Invalid', retryable: false },
    { status: 429, code: 'TooManyRequests', retryable: true },
    { status: 500, code: 'Internal', retryable: true },
    { status: 502, code: 'Unavailable', retryable: true },
    { status: 503, code: 'Unavailable', retryable: true },
    { status: 504, code: 'Timeout', retryable: true },
    { status: 302, code: 'Unexpected', retryable: false },
  ])('$status $reason is $code', ({ status, reason, code, retryable }) => {
    const error = apiErrorOf({ what: 'GET /x', status, body: { reason } });
    expect(error).toMatchObject({ code, status, reason, retryable });
    expect([isApiError(error, code), isApiError(error), isApiError(new Error('x'))]).toEqual([true, true, false]);
  });
});

describe('messages', () => {
  test.each<{ name: string; body: unknown; message: string }>([
    { name: 'a Status', body: { reason: 'NotFound', message: 'pods "a" not found' }, message: 'GET /x: 404 NotFound: pods "a" not found' },
    { name: 'nothing', body: undefined, message: 'GET /x: 404' },
    { name: 'no Status', body: { secret: 'canary' }, message: 'GET /x: 404' },
    { name: 'a broken Status', body: { message: 7, reason: {} }, message: 'GET /x: 404' },
  ])('$name', ({ body, message }) => expect(apiErrorOf({ what: 'GET /x', status: 404, body }).message).toBe(message));
});

test.each<{ header: string | undefined; seconds?: number; waitMs: number | undefined }>([
  { header: '3', waitMs: 3_000 },
  { header: undefined, seconds: 2, waitMs: 2_000 },
  { header: '1', seconds: 2, waitMs: 1_000 },
  { header: 'Wed, 21 Oct 2026 07:28:00 GMT', waitMs: undefined },
  { header: '-1', waitMs: undefined },
  { header: undefined, seconds: -1, waitMs: undefined },
])('Retry-After $header, details $seconds: $waitMs ms', ({ header, seconds, waitMs }) => {
  const body = { details: { retryAfterSeconds: seconds } };
  expect(apiErrorOf({ what: 'x', status: 429, body, retryAfter: header }).retryAfterMs).toBe(waitMs);
  if (seconds === undefined) expect(retryAfterMsOf(header)).toBe(waitMs);
});
