import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { z } from 'zod';
import { GATE, HOUR_MS, identity, MINUTE_MS, NOW_MS } from './builders.ts';
import { POLL_MS, SimulatedCluster } from './simulated-cluster.ts';
import type { PackageBehaviour } from './simulated-packages.ts';
import { gated, good, isSettled, packages, perform, step, underLoad, type Step } from './simulated-steps.ts';

/** The same rollouts at every run, so that what is found elsewhere fails nobody's push. Look for others with another seed, and more of them. */
const SEED = Number(process.env['CHURNOPS_SIMULATION_SEED'] ?? 20_261_121);
const RUNS = Number(process.env['CHURNOPS_SIMULATION_RUNS'] ?? 1000);

/** Reconciles until a look writes nothing; gives when to look again. */
function comeToRest(cluster: SimulatedCluster): number | undefined {
  for (let looks = 0; looks < 12; looks += 1) {
    const { writes, recheckMs } = cluster.reconcile();
    if (writes.length === 0) return recheckMs;
  }
  throw new Error(`still writing after 12 looks at the same facts\n${cluster.log.join('\n')}`);
}

describe('rollouts in memory', () => {
  const cases = [
    { name: 'of all kinds', packages, steps: fc.array(step, { maxLength: 60 }) },
    { name: 'under autoscaling', packages: fc.constant({ a: good, b: good }), steps: fc.array(underLoad, { minLength: 20, maxLength: 80, size: 'max' }) },
    { name: 'with a gate', packages, steps: fc.array(gated, { minLength: 10, maxLength: 80, size: 'max' }), gate: GATE },
    { name: 'with a gate, of packages that start', packages: fc.constant({ a: good, b: good, c: good, d: good, e: good }), steps: fc.array(gated, { minLength: 20, maxLength: 80, size: 'max' }), gate: GATE },
  ];
  test.each<{ name: string; packages: fc.Arbitrary<Readonly<Record<string, PackageBehaviour>>>; steps: fc.Arbitrary<readonly Step[]>; gate?: typeof GATE }>(cases)('$name: invariants hold at every write, and what is wanted comes about once the outside is quiet', ({ packages, steps, gate }) => {
    fc.assert(
      fc.property(packages, steps, fc.constantFrom('a', 'latest'), fc.boolean(), (packages, steps, first, overtakes) => {
        const cluster = new SimulatedCluster(packages, first);
        cluster.overtakes = overtakes;
        cluster.gate = gate;
        for (const step of steps) perform(cluster, step);
        cluster.replicas = Math.max(cluster.replicas, 1);
        cluster.storeDead = false;
        cluster.evaluations = 'Inconclusive';
        if (cluster.published.length === 0) cluster.published = ['a'];
        // Quiet from here: time passes, as far as the operator asked or half a minute (pods and Jobs wake it).
        for (let look = 0; look < 700 && !isSettled(cluster, packages); look += 1) {
          const recheckMs = comeToRest(cluster);
          cluster.autoscale();
          cluster.nowMs += Math.min(recheckMs ?? 30_000, 30_000);
        }
        if (!isSettled(cluster, packages)) throw new Error(`never comes to rest\n${JSON.stringify(cluster.state)}\n${cluster.log.join('\n')}`);
        // And it stays so, past drain and window, without a write more than those two.
        for (let hours = 0; hours < 30; hours += 1) {
          cluster.autoscale();
          comeToRest(cluster);
          cluster.nowMs += HOUR_MS;
        }
        expect(isSettled(cluster, packages)).toBe(true);
        expect(cluster.state.previous).toBeUndefined();
      }),
      { numRuns: gate === undefined ? RUNS : Math.ceil(RUNS * 0.15), seed: SEED, ...(process.env['CHURNOPS_SIMULATION_QUICK'] === undefined ? {} : { endOnFailure: true }) },
    );
  });
});

test('a rollout, write by write', () => {
  const cluster = new SimulatedCluster({ a: good, b: good }, 'a');
  const names = new Map([[String(identity('a').hash), 'a'], [String(identity('b').hash), 'b']]);
  const run = (looks: number): void => {
    for (let look = 0; look < looks; look += 1) {
      comeToRest(cluster);
      cluster.nowMs += 1000;
    }
  };
  run(10);
  cluster.version = 'b';
  run(75);
  cluster.version = 'a';
  run(8);
  const lines = cluster.log.map((line) => {
    const [time, json] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    const fields = z.record(z.string(), z.unknown()).parse(JSON.parse(json));
    return [time, ...Object.entries(fields).map(([key, value]) => (key === 'write' ? value : `${key}=${names.get(String(value)) ?? String(value)}`))].join(' ');
  });
  expect(lines).toEqual([
    '+0.0s Status',
    '+0.0s CreateJob key=key-of-a attempt=1',
    '+3.0s CreateDeployment hash=a',
    '+3.0s CreateBudget hash=a',
    '+3.0s Scale hash=a from=1 to=2',
    '+3.0s Status',
    '+7.0s Select to=a',
    '+7.0s Status',
    '+10.0s Status',
    '+10.0s CreateJob key=key-of-b attempt=1',
    '+13.0s CreateDeployment hash=b',
    '+13.0s CreateBudget hash=b',
    '+13.0s Scale hash=b from=1 to=2',
    '+13.0s Status',
    '+17.0s Select from=a to=b',
    '+17.0s Status',
    '+77.0s Scale hash=a from=2 to=0',
    '+85.0s Scale hash=a from=0 to=2',
    '+85.0s Status',
    '+89.0s Select from=b to=a',
    '+89.0s Status',
  ]);
});

test('with a gate, a version that failed it does not take over because the status was lost', () => {
  const cluster = new SimulatedCluster({ a: good, b: good }, 'a');
  cluster.gate = GATE;
  cluster.evaluations = 'Fail';
  const run = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      comeToRest(cluster);
      cluster.nowMs += 1000;
    }
  };
  run(20);
  cluster.version = 'b';
  run(60);
  cluster.loseStatus();
  run(60);
  expect([cluster.selected, cluster.state.stable?.version]).toEqual([identity('a').hash, 'a']);
  expect(cluster.state.candidate).toMatchObject({ stage: 'Deployed', identity: { version: 'b' }, gate: { finding: { verdict: 'Fail' } } });
});

test('a gate that is set while the candidate is ready already: its address is there before the policy that names it', () => {
  const cluster = new SimulatedCluster({ a: good, b: good }, 'a');
  const run = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) {
      comeToRest(cluster);
      cluster.nowMs += 1000;
    }
  };
  run(20);
  cluster.version = 'b';
  run(4);
  cluster.nowMs += 10_000;
  cluster.gate = GATE;
  run(2);
  expect(cluster.log.map((line) => /"write":"(\w*(?:Policy|CandidateService))"/.exec(line)?.[1]).filter((write) => write !== undefined)).toEqual(['ApplyCandidateService', 'Policy', 'Policy']);
});

/** Writes of the looks at each minute, with the phase and reason that people saw. */
function minutes(cluster: SimulatedCluster, count: number): readonly string[] {
  const seen: string[] = [];
  for (let minute = 0; minute < count; minute += 1) {
    for (let looks = 0; looks < 12; looks += 1) {
      const { writes, decision } = cluster.reconcile();
      if (writes.length === 0) break;
      const moves = decision.moves.map(({ move }) => move);
      seen.push(`+${(cluster.nowMs - NOW_MS) / MINUTE_MS} ${writes.map(({ write }) => write).join(' ')}; ${decision.phase} ${decision.reason}${moves.length === 0 ? '' : `; ${moves.join(' ')}`}`);
    }
    cluster.nowMs += MINUTE_MS;
  }
  return seen;
}

function settled(): SimulatedCluster {
  const cluster = new SimulatedCluster({ a: good, b: good, c: { ...good, inspection: { ...good.inspection, verdict: 'Fail' } } }, 'latest');
  minutes(cluster, 3);
  return cluster;
}

describe('latest, look by look', () => {
  const nextPoll = POLL_MS / MINUTE_MS + 1;

  test('a look without news is a Job and one status, no event, no other phase', () => {
    const cluster = settled();
    expect(minutes(cluster, 2 * nextPoll)).toEqual([
      `+${nextPoll} CreateJob; Stable Settled`,
      `+${nextPoll} Status; Stable Settled`,
      `+${2 * nextPoll - 1} CreateJob; Stable Settled`,
      `+${2 * nextPoll - 1} Status; Stable Settled`,
    ]);
  });

  test('a newer version is inspected by the same look that found it', () => {
    const cluster = settled();
    cluster.published = ['a', 'b'];
    expect(minutes(cluster, nextPoll)).toEqual([
      `+${nextPoll} CreateJob; Stable Settled`,
      `+${nextPoll + 1} CreateDeployment CreateBudget Scale Status; Promoting StartingPods; NewerVersion InspectionPassed`,
      `+${nextPoll + 2} Select Status; Stable Settled; Promoted`,
    ]);
    expect(cluster.state.stable?.version).toBe('b');
  });

  test('a newer version that fails is rejected, looked at once, and made up for by the next', () => {
    const cluster = settled();
    cluster.published = ['a', 'c'];
    expect(minutes(cluster, 2 * nextPoll)).toEqual([
      `+${nextPoll} CreateJob; Stable Settled`,
      `+${nextPoll + 1} Status; RolledBack OfflineGateFailed; NewerVersion CandidateRejected`,
      `+${2 * nextPoll - 1} CreateJob; RolledBack OfflineGateFailed`,
      `+${2 * nextPoll - 1} Status; RolledBack OfflineGateFailed`,
    ]);
    expect(cluster.state.rejected).toHaveLength(1);
  });

  test('a dead store leaves stable alone, is told once, and is asked ever less often', () => {
    const cluster = settled();
    cluster.storeDead = true;
    const seen = minutes(cluster, nextPoll + 12);
    expect(seen.filter((line) => line.includes('PollErrored'))).toHaveLength(1);
    expect(seen.filter((line) => line.includes('CreateJob'))).toHaveLength(7);
    expect(seen.slice(0, 2)).toEqual([`+${nextPoll} CreateJob; Stable Settled`, `+${nextPoll} Status; Stable PollFailed; PollErrored`]);
    expect(seen.filter((line) => /Select|Deployment|Scale/.test(line))).toEqual([]);
    cluster.storeDead = false;
    expect(minutes(cluster, 6).at(-1)).toMatch(/Status; Stable Settled$/);
  });

  test('what serves is not replaced by something older because it is gone from the repository', () => {
    const cluster = settled();
    cluster.published = ['a', 'b'];
    minutes(cluster, nextPoll);
    cluster.published = ['a'];
    const seen = minutes(cluster, 3 * nextPoll);
    expect(seen.filter((line) => !/(CreateJob|Status|Scale); Stable Settled( |$|; PreviousDrained)/.test(line))).toEqual([]);
    expect(seen).toHaveLength(7);
    expect([cluster.state.stable?.version, cluster.state.latest?.version]).toEqual(['b', 'b']);
  });

  test('a version that was rejected does not come back because a newer one that was, too, is gone', () => {
    const cluster = new SimulatedCluster({ a: good, b: { ...good, inspection: { ...good.inspection, verdict: 'Fail' } }, c: { ...good, inspection: { ...good.inspection, verdict: 'Fail' } } }, 'latest');
    minutes(cluster, 3);
    for (const published of [['a', 'b'], ['a', 'b', 'c'], ['a', 'b']]) {
      cluster.published = published;
      minutes(cluster, nextPoll);
    }
    expect(cluster.state.rejected.map(({ version }) => version)).toEqual(['c', 'b']);
    expect(cluster.state.latest?.version).toBe('b');
  });

  test('going back is pinning; asking for latest again is asking what it is', () => {
    const cluster = settled();
    cluster.published = ['a', 'b'];
    minutes(cluster, nextPoll);
    cluster.version = 'a';
    minutes(cluster, 3);
    expect([cluster.state.stable?.version, cluster.state.latest]).toEqual(['a', undefined]);
    cluster.version = 'latest';
    expect(minutes(cluster, 5).join('\n')).toMatch(/Stable Inspecting; InspectionStarted[^]*InspectionPassed[^]*Promoted/);
    expect(cluster.state.stable?.version).toBe('b');
  });
});
