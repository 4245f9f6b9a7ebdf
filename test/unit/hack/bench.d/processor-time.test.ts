import { expect, test } from '@jest/globals';
import { spentBetween, threadTimes } from '../../../../hack/bench.d/processor-time.ts';

test('threads that stay, that began and that ended', () => {
  const before = new Map([['1', { usedMs: 100, waitedMs: 10 }], ['2', { usedMs: 50, waitedMs: 5 }]]);
  const after = new Map([['1', { usedMs: 130, waitedMs: 11 }], ['3', { usedMs: 4, waitedMs: 2 }]]);
  expect(spentBetween(before, after)).toEqual({ usedMs: 34, waitedMs: 3 });
});

test('a process that works uses its core as process.cpuUsage has it', async () => {
  const before = await threadTimes(process.pid);
  const cpuBefore = process.cpuUsage();
  let sum = 0;
  for (let turn = 0; process.cpuUsage(cpuBefore).user < 200_000; turn += 1) sum += Math.sqrt(turn);
  const { user, system } = process.cpuUsage(cpuBefore);
  const { usedMs } = spentBetween(before, await threadTimes(process.pid));
  expect(sum).toBeGreaterThan(0);
  expect(Math.abs(usedMs - (user + system) / 1000)).toBeLessThan(60);
});
