import { describe, expect, test } from '@jest/globals';
import { TrafficState } from '../../../../contracts/traffic.ts';
import { TrafficReader, type FollowedModel } from '../../../../operator/traffic/traffic-reader.ts';
import { HOUR_MS, identity } from '../rollout/builders.ts';
import { eventually, ManualClock } from '../runtime/manual-clock.ts';

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
    expect(traffic.view('n/m')?.pods.get('p1')).toEqual({ uid: 'p1', revision: 6, problem: 'it follows revision 6', laggingSinceMs: startedMs, hasFollowed: false });
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

  test('a pod that was never asked is asked at the next look, the others when it is their time', async () => {
    const { traffic, answers, asked, look, woken } = reader();
    answers.set('p1', answering(state(7)));
    answers.set('p2', answering(state(7)));
    traffic.follow('n/m', model(7, 'p1'));
    await look();
    traffic.follow('n/m', model(7, 'p1', 'p2'));
    await look(1000);
    expect(asked).toEqual(['p1', 'p2']);
    expect(woken).toHaveLength(2);
    await look(3999);
    expect(asked).toHaveLength(2);
    await look(1);
    expect(asked.slice(2)).toEqual(['p1', 'p2']);
  });

  test('it is known of a pod that lags whether it ever followed', async () => {
    const { traffic, answers, look } = reader();
    answers.set('p1', answering(state(7), state(0)));
    traffic.follow('n/m', model(7, 'p1', 'p2'));
    await look();
    await look(1000);
    const view = traffic.view('n/m');
    expect(['p1', 'p2'].map((uid) => view?.pods.get(uid))).toMatchObject([{ laggingSinceMs: 1000, hasFollowed: true }, { laggingSinceMs: 0, hasFollowed: false }]);
  });

  test('a clock that jumped back keeps nobody from being asked, nor news from being told', async () => {
    const { traffic, answers, asked, look, woken, clock } = reader();
    let requests = 0;
    answers.set('p1', async () => Promise.resolve(state(7, { sides: counted((requests += 1)) })));
    traffic.follow('n/m', model(7, 'p1', 'p2'));
    await look(HOUR_MS);
    await look(-HOUR_MS);
    expect(asked).toHaveLength(4);
    expect(woken).toHaveLength(2);
    expect(traffic.view('n/m')?.counters.own.requests).toBe(2);
    expect(traffic.view('n/m')?.pods.get('p2')?.laggingSinceMs).toBe(clock.nowMs());
  });

  test('one model is told while another is waited for', async () => {
    const { traffic, answers, look, woken } = reader();
    const hanging = Promise.withResolvers<TrafficState>();
    answers.set('hangs', async () => hanging.promise);
    answers.set('p1', answering(state(7)));
    traffic.follow('n/hangs', model(7, 'hangs'));
    traffic.follow('n/m', model(7, 'p1'));
    const looking = look();
    await eventually(() => [...woken], (keys) => keys.length > 0);
    expect(woken).toEqual(['n/m']);
    hanging.reject(new Error('no answer'));
    await looking;
    expect(woken).toEqual(['n/m', 'n/hangs']);
  });

  test('pods that were slow are asked by turns, so that a look with many of them ends soon', async () => {
    const { traffic, answers, asked, look, clock } = reader();
    const names = Array.from({ length: 80 }, (_, index) => `slow${index}`);
    for (const name of names) answers.set(name, async () => {
      clock.advance(1000);
      return Promise.reject(new Error('no answer'));
    });
    for (const name of names) traffic.follow(`n/${name}`, model(7, name));
    await look();
    expect(asked.splice(0)).toHaveLength(80);
    const turns: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await look(5000);
      expect(asked).toHaveLength(32);
      turns.push(...asked.splice(0));
    }
    expect(new Set(turns.slice(0, 80)).size).toBe(80);
    expect(traffic.view('n/slow79')?.pods.get('slow79')?.problem).toBe('no answer');
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
