import { expect, test } from '@jest/globals';
import { timingProblems } from '../../../operator/runtime/leader-election/lease-timing.ts';
import { rendered } from './helm.ts';

const render = async (seconds: Readonly<{ lease: number; deadline: number; retry: number }>, enabled = true) => {
  const { lease, deadline, retry } = seconds;
  return rendered('one-at-a-time-values.yaml', '--set', `operator.leaderElection.enabled=${enabled},operator.leaderElection.leaseDurationSeconds=${lease},operator.leaderElection.renewDeadlineSeconds=${deadline},operator.leaderElection.retryPeriodSeconds=${retry}`);
};

// On both sides of each rule.
test.each([
  { lease: 15, deadline: 10, retry: 2 },
  { lease: 12, deadline: 10, retry: 2 },
  { lease: 11, deadline: 10, retry: 2 },
  { lease: 10, deadline: 10, retry: 2 },
  { lease: 5, deadline: 10, retry: 2 },
  { lease: 15, deadline: 10, retry: 4 },
  { lease: 15, deadline: 10, retry: 5 },
  { lease: 15, deadline: 11, retry: 5 },
  { lease: 15, deadline: 12, retry: 5 },
  { lease: 5, deadline: 3, retry: 1 },
  { lease: 4, deadline: 2, retry: 1 },
  { lease: 3600, deadline: 3598, retry: 1635 },
  { lease: 3600, deadline: 3598, retry: 1636 },
])('lease $lease s, deadline $deadline s, retry $retry s: the chart says what the operator would', async (seconds) => {
  const problems = timingProblems({ leaseDurationMs: seconds.lease * 1000, renewDeadlineMs: seconds.deadline * 1000, retryPeriodMs: seconds.retry * 1000 });
  const [first] = problems;
  if (first === undefined) await expect(render(seconds)).resolves.not.toHaveLength(0);
  else await expect(render(seconds)).rejects.toThrow(new RegExp(`operator\\.leaderElection\\.${first.setting.replace('Ms', 'Seconds')} \\(\\d+\\) must be`));
});

test('the sentences name both sides and the reason', async () => {
  await expect(render({ lease: 10, deadline: 10, retry: 2 })).rejects.toThrow('leaseDurationSeconds (10) must be at least 2 more than renewDeadlineSeconds (10): writes under way must be over before another leads');
  await expect(render({ lease: 15, deadline: 10, retry: 5 })).rejects.toThrow('renewDeadlineSeconds (10) must be more than 2.2 times retryPeriodSeconds (5): else one slow answer loses the lease');
});

test('without election the timing is not looked at', async () => {
  await expect(render({ lease: 1, deadline: 1, retry: 1 }, false)).resolves.not.toHaveLength(0);
});
