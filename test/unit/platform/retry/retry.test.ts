import { expect, test } from '@jest/globals';
import { retry } from '../../../../platform/retry/retry.ts';
import type { RetryPolicy } from '../../../../platform/retry/retry.ts';

function policy(change: Partial<RetryPolicy> = {}) {
  let nowMs = 0;
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms);
    nowMs += ms;
  };
  return { waits, policy: { totalMs: 60_000, baseMs: 500, maxMs: 10_000, isTransient: () => true, signal: new AbortController().signal, now: () => nowMs, random: () => 0.5, wait, ...change } };
}

const fails = async (): Promise<never> => {
  throw new Error('down');
};

test('waits grow with jitter up to a cap, and end within the time', async () => {
  const { waits, policy: given } = policy();
  await expect(retry(fails, given)).rejects.toThrow('down');
  expect(waits.slice(0, 7)).toEqual([375, 750, 1500, 3000, 6000, 7500, 7500]);
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000);
});

test('gives the first success', async () => {
  const { waits, policy: given } = policy();
  expect(await retry(async (attempt) => (attempt < 3 ? fails() : attempt), given)).toBe(3);
  expect(waits).toEqual([375, 750]);
});

test('what is permanent is not tried again', async () => {
  const { waits, policy: given } = policy({ isTransient: () => false });
  await expect(retry(fails, given)).rejects.toThrow('down');
  expect(waits).toEqual([]);
});

test('an abort ends the waiting', async () => {
  const stop = new AbortController();
  const { wait: _fake, ...real } = policy({ baseMs: 30_000, maxMs: 30_000, totalMs: 1e6, signal: stop.signal }).policy;
  const running = retry(fails, real);
  setImmediate(() => stop.abort());
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});
