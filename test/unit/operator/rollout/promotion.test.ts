import { describe, expect, test } from '@jest/globals';
import { decidePromotion, READY_DEADLINE_MS, startClock, type PromotionMove } from '../../../../operator/rollout/promotion.ts';
import type { StartClock } from '../../../../operator/rollout/state.ts';
import type { VersionPods } from '../../../../operator/rollout/facts.ts';
import { failingPods, HOUR_MS, MINUTE_MS, NO_PODS, NOW_MS, READY_PODS } from './builders.ts';

const starting: VersionPods = { requested: 2, ready: 1, readyUpToDate: 1, outdated: 0, problem: undefined };
const outside = failingPods({ code: 'StoreUnreachable', message: 'no answer', outside: true });
type Input = Parameters<typeof decidePromotion>[0];
const base: Input = { nowMs: NOW_MS, deployedAtMs: NOW_MS - MINUTE_MS, replicas: 2, pods: starting, mayReject: true, outageLeftMs: undefined };
const late = NOW_MS - READY_DEADLINE_MS;

describe('whether callers move', () => {
  test.each<{ name: string; given: Partial<Input>; expected: PromotionMove }>([
    { name: 'all ready', given: { pods: READY_PODS }, expected: { move: 'Switch' } },
    { name: 'more than are needed', given: { pods: { ...READY_PODS, requested: 3, ready: 3, readyUpToDate: 2 } }, expected: { move: 'Switch' } },
    { name: 'all ready, however late', given: { pods: READY_PODS, deployedAtMs: 0 }, expected: { move: 'Switch' } },
    { name: 'one is missing', given: {}, expected: { move: 'Wait', recheckMs: READY_DEADLINE_MS - MINUTE_MS } },
    { name: 'no Deployment yet', given: { pods: NO_PODS }, expected: { move: 'Wait', recheckMs: READY_DEADLINE_MS - MINUTE_MS } },
    { name: 'ready pods of an older template do not count', given: { pods: { ...READY_PODS, readyUpToDate: 0 } }, expected: { move: 'Wait', recheckMs: READY_DEADLINE_MS - MINUTE_MS } },
    { name: 'ready, but scaled to another size', given: { pods: { ...READY_PODS, requested: 1 } }, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'likewise, however long a larger size is refused', given: { pods: { ...READY_PODS, requested: 1, ready: 1, readyUpToDate: 1 }, deployedAtMs: late }, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'nobody is wanted: nothing has shown that it can serve', given: { replicas: 0, deployedAtMs: late, pods: { ...NO_PODS, requested: 0 } }, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'last millisecond', given: { deployedAtMs: late + 1 }, expected: { move: 'Wait', recheckMs: 1 } },
    { name: 'out of time', given: { deployedAtMs: late }, expected: { move: 'Reject', message: '1 of 2 pods became ready within 15 minutes' } },
    {
      name: 'out of time, and why',
      given: { deployedAtMs: late, pods: failingPods() },
      expected: { move: 'Reject', message: '1 of 2 pods became ready within 15 minutes: GoldenMismatch: 3 of 500 rows differ' },
    },
    { name: 'out of time for something outside: it holds', given: { deployedAtMs: late, pods: outside }, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'out of time, but nothing to go back to', given: { deployedAtMs: late, mayReject: false }, expected: { move: 'Wait', recheckMs: undefined } },
    { name: 'stable has been down for 30 s: one ready pod is better than none', given: { outageLeftMs: 0 }, expected: { move: 'Switch' } },
    { name: 'likewise after the deadline', given: { outageLeftMs: 0, deployedAtMs: late }, expected: { move: 'Switch' } },
    { name: 'not to a side where none is ready', given: { outageLeftMs: 0, pods: { ...starting, ready: 0, readyUpToDate: 0 } }, expected: { move: 'Wait', recheckMs: READY_DEADLINE_MS - MINUTE_MS } },
    { name: 'stable has been down for a while: looked at again in time', given: { outageLeftMs: 12_000 }, expected: { move: 'Wait', recheckMs: 12_000 } },
    { name: 'likewise while something outside holds some pods', given: { outageLeftMs: 12_000, pods: { ...outside, ready: 1, readyUpToDate: 1 } }, expected: { move: 'Wait', recheckMs: 12_000 } },
    { name: 'the clock jumped back: looked at again within the deadline', given: { deployedAtMs: NOW_MS + HOUR_MS }, expected: { move: 'Wait', recheckMs: READY_DEADLINE_MS } },
  ])('$name', ({ given, expected }) => expect(decidePromotion({ ...base, ...given })).toEqual(expected));
});

describe('the clock of the start', () => {
  const free: StartClock = { deployedAtMs: NOW_MS - MINUTE_MS, heldSinceMs: undefined, heldBy: undefined };
  const held: StartClock = { deployedAtMs: NOW_MS - 20 * MINUTE_MS, heldSinceMs: NOW_MS - 18 * MINUTE_MS, heldBy: 'StoreUnreachable' };
  const small: VersionPods = { ...READY_PODS, requested: 1, ready: 1, readyUpToDate: 1 };
  const growing: StartClock = { ...free, heldSinceMs: NOW_MS - MINUTE_MS, heldBy: 'ScalingUp' };
  test.each<{ name: string; clock: StartClock; pods: VersionPods; expected: StartClock }>([
    { name: 'runs', clock: free, pods: starting, expected: free },
    { name: 'runs while the package itself fails', clock: free, pods: failingPods(), expected: free },
    { name: 'stops when something outside fails', clock: free, pods: outside, expected: { ...free, heldSinceMs: NOW_MS, heldBy: 'StoreUnreachable' } },
    { name: 'stands still', clock: held, pods: outside, expected: held },
    { name: 'goes on with the two minutes it had run', clock: held, pods: starting, expected: { deployedAtMs: NOW_MS - 2 * MINUTE_MS, heldSinceMs: undefined, heldBy: undefined } },
    { name: 'stands while more are to be asked for', clock: free, pods: small, expected: { ...free, heldSinceMs: NOW_MS, heldBy: 'ScalingUp' } },
    { name: 'and goes on standing, as it was written down, where the size is refused', clock: growing, pods: small, expected: growing },
    { name: 'begins again once they are asked for', clock: growing, pods: { ...small, requested: 2 }, expected: { ...free, deployedAtMs: NOW_MS } },
    { name: 'and stands again where something outside holds the new ones up', clock: growing, pods: outside, expected: { deployedAtMs: NOW_MS, heldSinceMs: NOW_MS, heldBy: 'StoreUnreachable' } },
    { name: 'does not while those that it has fail', clock: free, pods: { ...starting, requested: 1, ready: 0, readyUpToDate: 0 }, expected: free },
    { name: 'never gains from a clock that jumped back', clock: { deployedAtMs: 5, heldSinceMs: NOW_MS + HOUR_MS, heldBy: 'StoreUnreachable' }, pods: starting, expected: { deployedAtMs: 5, heldSinceMs: undefined, heldBy: undefined } },
  ])('$name', ({ clock, pods, expected }) => expect(startClock(clock, pods, 2, NOW_MS)).toEqual(expected));
  test('stands still while nobody is to serve', () => expect(startClock(free, starting, 0, NOW_MS)).toEqual({ ...free, heldSinceMs: NOW_MS, heldBy: 'ScaledToZero' }));
});
