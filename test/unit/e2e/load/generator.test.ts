import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Generator } from '../../../e2e/load/generator.ts';
import { failedIn, retriedIn, sentIn } from '../../../e2e/load/load.ts';
import type { LoadPlan } from '../../../e2e/load/protocol.ts';

const ANSWER = JSON.stringify({ predictions: [{ id: '1', probability: 0.3, decision: false, label: 'No', version: 'a', role: 'stable' }], model: { name: 'm', version: 'a' } });
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** A server that cuts the first `cuts` calls off, and a plan to call it. */
async function planFor(cuts: number): Promise<{ plan: LoadPlan; calls: () => number }> {
  let calls = 0;
  const started = createServer((req, res) => {
    calls += 1;
    const cut = calls <= cuts;
    req.resume().once('end', () => (cut ? res.socket?.destroy() : res.end(ANSWER)));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const samples = [{ body: '{}', expected: { a: 0.3 } }];
  return { plan: { url: `http://127.0.0.1:${address.port}/`, ratePerSecond: 500, keptConnections: 1, timeoutMs: 5000, tolerance: 0.01, versions: { a: 'a' }, samples, phase: 'one' }, calls: () => calls };
}

async function untilCalled(calls: () => number, count: number): Promise<void> {
  while (calls() < count) await new Promise(setImmediate);
}

test('without a retry a call that is cut off has failed', async () => {
  const { plan, calls } = await planFor(1);
  const generator = new Generator(plan);
  await untilCalled(calls, 5);
  const report = await generator.stop();
  expect({ failed: failedIn(report, 'one'), retried: retriedIn(report, 'one') }).toEqual({ failed: 1, retried: 0 });
  expect(sentIn(report, 'one')).toBe(report.calls);
});

test.each([
  ['one try more saves a call that is cut off once', 1, { failed: 0, retried: 1 }],
  ['two cuts in a row are too many for one call', 2, { failed: 1, retried: 1 }],
])('%s', async (_name, cuts, expected) => {
  const { plan, calls } = await planFor(cuts);
  // One call at a time, so that the cuts meet the same one.
  const generator = new Generator({ ...plan, ratePerSecond: 0.5, retryAfterMs: 0 });
  await untilCalled(calls, 2);
  const report = await generator.stop();
  expect({ failed: failedIn(report, 'one'), retried: retriedIn(report, 'one') }).toEqual(expected);
});

test('calls belong to the phase in which they are sent', async () => {
  const { plan, calls } = await planFor(0);
  const generator = new Generator(plan);
  // Before the first call is due.
  generator.phase({ command: 'Phase', phase: 'two', versions: {} });
  await untilCalled(calls, 3);
  const report = await generator.stop();
  expect(sentIn(report, 'two')).toBe(report.calls);
  expect(failedIn(report, 'two')).toBe(report.calls);
  expect(report.failures.at(-1)?.error).toContain('which may not answer now');
});
