import { describe, expect, test } from '@jest/globals';
import { TrafficState } from '../../../../contracts/traffic.ts';
import { TrafficReader, type FollowedModel } from '../../../../operator/traffic/traffic-reader.ts';
import { identity } from '../rollout/builders.ts';
import { ManualClock } from '../runtime/manual-clock.ts';

const { hash } = identity('a');
const latency = { boundsSeconds: [], counts: [0], sumSeconds: 0 };
const counted = (requests: number): TrafficState['sides'] => ({ own: { requests, errors: 0, latency }, candidate: { requests: requests - 1, errors: 1, fallbacks: 2, dropped: 3, breaker: 'Closed', latency } });
const state = (revision: number, over: Partial<TrafficState> = {}): TrafficState => ({ schemaVersion: 1, model: 'telco-churn', version: 'a', hash, revision, sides: counted(5), ...over });

type Answer = () => Promise<TrafficState>;

function reader() {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const woken: string[] = [];
  const clock = new ManualClock();
  const read = async (address: string): Promise<TrafficState> => {
    asked.push(address);
    const answer = answers.get(address);
    if (answer === undefined) throw new Error('connect ECONNREFUSED');
    return answer();
  };
  const traffic = new TrafficReader({ read, clock, wake: (key) => woken.push(key) });
  const look = async (afterMs = 0): Promise<void> => {
    clock.advance(afterMs);
    await traffic.look(new AbortController().signal);
  };
  return { traffic, answers, asked, woken, clock, look };
}

const model = (revision: number, ...names: readonly string[]): FollowedModel => ({ revision, hash, pods: names.map((name) => ({ name, uid: name, address: name })) });
const answering = (...states: readonly TrafficState[]): Answer => {
  let next = 0;
  return async () => Promise.resolve(states[Math.min(next++, states.length - 1)] ?? state(0));
};

describe('what pods make of their policy', () => {
  test('all follow: told once, counters summed', async () => {
    const { traffic, answers, woken, look } = reader();
    answers.set('p1', answering(state(7)));
    answers.set('p2', answering(state(7)));
    traffic.follow('n/m', model(7, 'p1', 'p2'));
    await look();
    await look(5000);
    expect(woken).toEqual(['n/m']);
    expect(traffic.view('n/m')?.counters).toEqual({ own: { requests: 10, errors: 0 }, candidate: { requests: 8, errors: 2, fallbacks: 4, dropped: 6 } });
    expect([...(traffic.view('n/m')?.pods.values() ?? [])].map(({ laggingSinceMs }) => laggingSinceMs)).toEqual([undefined, undefined]);
  });

  test('who lags is asked each second, the others each five', async () => {
    const { traffic, answers, asked, look, woken, clock } = reader();
    answers.set('p1', answering(state(6), state(6), state(7)));
    traffic.follow('n/m', model(7, 'p1'));
    const startedMs = clock.nowMs();
    await look();
    expect(traffic.view('n/m')?.pods.get('p1')).toEqual({ uid: 'p1', revision: 6, problem: 'it follows revision 6', laggingSinceMs: startedMs });
    for (let second = 0; second < 6; second += 1) await look(1000);
    // Follows at +2 s; from then on each five.
    expect(asked).toHaveLength(3);
    expect(woken).toHaveLength(2);
    await look(1000);
    expect(asked).toHaveLength(4);
  });

  test.each<{ name: string; answer: Answer | undefined; problem: string }>([
    { name: 'it refuses', answer: answering(state(0, { refused: 'The policy is not JSON.' })), problem: 'The policy is not JSON.' },
    { name: 'it does not answer', answer: undefined, problem: 'connect ECONNREFUSED' },
    { name: 'somebody else is there', answer: answering(state(7, { hash: identity('c').hash })), problem: `another version answers at its address, ${identity('c').hash.slice(0, 8)}` },
    { name: 'the answer is none', answer: async () => Promise.resolve(TrafficState.parse({ revision: 'x' })), problem: 'its answer is no TrafficState' },
  ])('$name: it does not follow, and why', async ({ answer, problem }) => {
    const { traffic, answers, look } = reader();
    if (answer !== undefined) answers.set('p1', answer);
    traffic.follow('n/m', model(7, 'p1'));
    await look();
    expect(traffic.view('n/m')?.pods.get('p1')?.problem).toBe(problem);
    expect(traffic.view('n/m')?.counters.own.requests).toBe(0);
  });

  test('other counters alone are told not more often than each half minute', async () => {
    const { traffic, answers, look, woken } = reader();
    let requests = 0;
    answers.set('p1', async () => Promise.resolve(state(7, { sides: counted((requests += 1)) })));
    traffic.follow('n/m', model(7, 'p1'));
    await look();
    for (let second = 0; second < 59; second += 1) await look(1000);
    expect(woken).toHaveLength(2);
  });

  test('a new revision begins anew; no rollout, no question', async () => {
    const { traffic, answers, asked, look } = reader();
    answers.set('p1', answering(state(7)));
    traffic.follow('n/m', model(7, 'p1'));
    await look();
    traffic.follow('n/m', model(8, 'p1'));
    expect(traffic.view('n/m')).toBeUndefined();
    await look();
    expect(traffic.view('n/m')?.pods.get('p1')?.problem).toBe('it follows revision 7');
    traffic.forget('n/m');
    await look(60_000);
    expect(asked).toHaveLength(2);
  });

  test('a pod that is gone is forgotten', async () => {
    const { traffic, answers, look } = reader();
    answers.set('p1', answering(state(7)));
    answers.set('p2', answering(state(6)));
    traffic.follow('n/m', model(7, 'p1', 'p2'));
    await look();
    traffic.follow('n/m', model(7, 'p1'));
    await look(5000);
    expect([...(traffic.view('n/m')?.pods.keys() ?? [])]).toEqual(['p1']);
  });
});
