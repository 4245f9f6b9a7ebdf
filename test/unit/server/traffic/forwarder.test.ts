import { expect, test } from '@jest/globals';
import { Breaker, BREAKER } from '../../../../server/traffic/breaker.ts';
import type { CandidateScore } from '../../../../server/traffic/candidate-answer.ts';
import type { ScoreRequest } from '../../../../server/traffic/candidate-client.ts';
import { Forwarder } from '../../../../server/traffic/forwarder.ts';
import type { CandidateAbsence } from '../../../../contracts/traffic.ts';
import { CANDIDATE } from './policy.ts';

type Answer = readonly CandidateScore[] | CandidateAbsence;

const score = (probability: number): CandidateScore => ({ version: 'v2', hash: CANDIDATE, probability, decision: true, label: 'Yes' });

/** A forwarder whose candidate answers as `answers` say, one after the other, then well; the clock is the test's. */
function rig(answers: readonly Answer[] = []) {
  const left = [...answers];
  const asked: ScoreRequest[] = [];
  const clock = { nowMs: 0 };
  const breaker = new Breaker();
  const client = {
    score: async (request: ScoreRequest): Promise<Answer> => {
      asked.push(request);
      return left.shift() ?? request.rows.rows.map((row) => score(row / 10_000));
    },
  };
  const forwarder = new Forwarder({ client, breaker, maxErrorPercent: 1, timeoutMs: 100, nowMs: () => clock.nowMs });
  const forward = async (rows: readonly number[], rowAt = (row: number): Readonly<Record<string, unknown>> => ({ row })) => forwarder.forward({ requestId: 'r', rowAt, rows });
  return { forward, asked, breaker, clock };
}

test('an outcome for each row, in their order', async () => {
  const { forward, asked } = rig();
  expect(await forward([3, 7])).toEqual([score(0.0003), score(0.0007)]);
  expect(asked).toEqual([{ rows: { rows: [3, 7], body: '{"instances":[{"row":3},{"row":7}]}', sizeBytes: 35 }, requestId: 'r', timeoutMs: 100 }]);
});

test('one absence is that of all rows of a body', async () => expect(await rig(['Timeout']).forward([3, 7])).toEqual(['Timeout', 'Timeout']));

test('rows that no body holds are not sent, and are nobody\'s error', async () => {
  const { forward, asked, breaker } = rig();
  const long = 'x'.repeat(1024 * 1024);
  expect(await forward([1], () => ({ long }))).toBe('TooLarge');
  expect(await forward([1, 2], (row) => (row === 1 ? { long } : { row }))).toEqual(['TooLarge', score(0.0002)]);
  expect([asked.length, breaker.state(0)]).toEqual([1, 'Closed']);
});

test('several bodies are asked side by side, and each has its own outcome', async () => {
  const { forward, asked } = rig([[score(0.9)], 'Failed']);
  const half = 'x'.repeat(600 * 1024);
  expect(await forward([5, 6, 7], (row) => (row === 7 ? { row } : { half }))).toEqual([score(0.9), 'Failed', 'Failed']);
  expect(asked.map(({ rows }) => rows.rows)).toEqual([[5], [6, 7]]);
});

test.each<{ absence: CandidateAbsence; opens: boolean }>([
  { absence: 'Timeout', opens: true },
  { absence: 'Unreachable', opens: true },
  { absence: 'Refused', opens: true },
  { absence: 'Failed', opens: true },
  { absence: 'InvalidAnswer', opens: true },
  { absence: 'NoAddress', opens: false },
  { absence: 'Saturated', opens: false },
  { absence: 'Stopped', opens: false },
])('50 times $absence: the breaker opens: $opens', async ({ absence, opens }) => {
  const { forward, breaker } = rig(Array.from({ length: 50 }, () => absence));
  for (let index = 0; index < 50; index += 1) await forward([1]);
  expect(breaker.state(0)).toBe(opens ? 'Open' : 'Closed');
});

test('a probe that is not sent is no answer: the next forward is the probe', async () => {
  const { forward, asked, breaker, clock } = rig([...Array.from({ length: 50 }, (): Answer => 'Failed'), 'Saturated']);
  for (let index = 0; index < 50; index += 1) await forward([1]);
  expect(await forward([1])).toBe('BreakerOpen');
  clock.nowMs = BREAKER.openMs;
  expect(await forward([1])).toEqual(['Saturated']);
  expect(breaker.state(clock.nowMs)).toBe('HalfOpen');
  expect(await forward([1])).toEqual([score(0.0001)]);
  expect([asked.length, breaker.state(clock.nowMs)]).toEqual([52, 'Closed']);
});

test('half open, of several bodies one is the probe, and the rest is not sent', async () => {
  const { forward, clock } = rig(Array.from({ length: 50 }, (): Answer => 'Failed'));
  for (let index = 0; index < 50; index += 1) await forward([1]);
  clock.nowMs = BREAKER.openMs;
  const half = 'x'.repeat(600 * 1024);
  expect(await forward([5, 6], () => ({ half }))).toEqual([score(0.0005), 'BreakerOpen']);
});
