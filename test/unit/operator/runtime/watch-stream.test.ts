import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ApiRequest, Transport } from '../../../../operator/runtime/transport.ts';
import { readWatch, type WatchEvent } from '../../../../operator/runtime/watch-stream.ts';
import { line, status } from './scripted-server.ts';

const request: ApiRequest = { verb: 'watch', method: 'GET', path: '/api/v1/configmaps' };
const never = new AbortController().signal;
const added = (name: string): WatchEvent => ({ type: 'ADDED', object: { metadata: { name } } });

/** A transport whose watch brings these chunks, each after a pause; a pause ends with the signal, as a socket's does. */
function bringing(chunks: readonly Uint8Array[], pauseMs = 0, code = 200): Transport {
  return {
    send: async () => ({ status: 500, text: '' }),
    stream: async (_request, signal) => ({
      status: code,
      chunks: (async function* () {
        for (const chunk of chunks) {
          if (pauseMs > 0) await pause(pauseMs, signal);
          yield chunk;
        }
      })(),
    }),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    setTimeout(resolve, ms);
  });
}

async function collect(transport: Transport, idleMs = 1_000): Promise<readonly WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of readWatch(transport, request, idleMs, never)) events.push(event);
  return events;
}

afterEach(() => {
  jest.useRealTimers();
});

test.each([1, 2, 3, 5, 1_000])('chunks of %i bytes are the same events', async (size) => {
  const bytes = Buffer.from(`${line('ADDED', { metadata: { name: 'öäü😀' } })}\n${line('ADDED', { metadata: { name: 'b' } })}`);
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
  expect(await collect(bringing(chunks))).toEqual([added('öäü😀'), added('b')]);
});

describe('silence', () => {
  const lines = ['a', 'b', 'c'].map((name) => Buffer.from(line('ADDED', { metadata: { name } })));

  test('longer than allowed is a Timeout', async () => {
    jest.useFakeTimers();
    const collected = expect(collect(bringing(lines, 100), 99)).rejects.toMatchObject({ code: 'Timeout', message: 'WATCH /api/v1/configmaps: silent for 99 ms' });
    await jest.advanceTimersByTimeAsync(1_000);
    await collected;
  });

  test('is counted anew from each chunk', async () => {
    jest.useFakeTimers();
    const collected = expect(collect(bringing(lines, 99), 100)).resolves.toHaveLength(3);
    await jest.advanceTimersByTimeAsync(1_000);
    await collected;
  });
});

test.each<{ name: string; body: string; code: number; expected: object }>([
  { name: 'a refusal', body: JSON.stringify(status(403, 'Forbidden', 'configmaps is forbidden')), code: 403, expected: { code: 'Forbidden', message: expect.stringContaining('configmaps is forbidden') } },
  { name: 'a refusal of a proxy', body: '<html>', code: 502, expected: { code: 'Unavailable', message: 'WATCH /api/v1/configmaps: 502' } },
  { name: 'an end within an event', body: '{"type"', code: 200, expected: { code: 'Unavailable' } },
  { name: 'a line without end', body: 'x'.repeat(17 * 1024 * 1024), code: 200, expected: { code: 'Malformed' } },
])('$name', async ({ body, code, expected }) => {
  await expect(collect(bringing([Buffer.from(body)], 0, code))).rejects.toMatchObject(expected);
});
