import { describe, expect, test } from '@jest/globals';
import type { TrafficState } from '../../../../contracts/traffic.ts';
import { notAsMeant, orderOf, VARIANTS, type Variant } from '../../../../hack/bench.d/variant.ts';

const latency = { boundsSeconds: [], counts: [0], sumSeconds: 0 };
type Candidate = NonNullable<TrafficState['sides']['candidate']>;

function traffic(candidate: Partial<Candidate> | undefined, revision = 1): TrafficState {
  const own = { requests: 1000, errors: 0, latency };
  const sides = candidate === undefined ? { own } : { own, candidate: { requests: 1000, errors: 0, fallbacks: 0, dropped: 0, breaker: 'Closed' as const, latency, ...candidate } };
  return { schemaVersion: 1, model: 'm', version: 'v', hash: 'h', revision, sides };
}

describe('a slice of 1,000 calls', () => {
  test.each<{ name: string; variant: Variant; seen: TrafficState | undefined; expected: string | undefined }>([
    { name: 'echo tells nothing', variant: 'Echo', seen: undefined, expected: undefined },
    { name: 'no rollout', variant: 'NoRollout', seen: traffic(undefined, 0), expected: undefined },
    { name: 'no rollout, but a policy', variant: 'NoRolloutAgain', seen: traffic({}, 4), expected: 'it follows policy 4' },
    { name: 'all were copied', variant: 'Shadow', seen: traffic({}), expected: undefined },
    { name: 'some copies are missing', variant: 'Shadow', seen: traffic({ requests: 900, dropped: 100 }), expected: 'the candidate was asked 900 times for 1000 calls' },
    { name: 'a quarter was forwarded', variant: 'Canary', seen: traffic({ requests: 262 }), expected: undefined },
    { name: 'Shadow in place of Canary', variant: 'Canary', seen: traffic({}), expected: 'the candidate was asked 1000 times for 1000 calls' },
    { name: 'a candidate that fails', variant: 'Canary', seen: traffic({ requests: 250, errors: 30, fallbacks: 30 }), expected: '30 of 250 requests to the candidate failed, breaker Closed, 30 fallbacks, 0 dropped' },
    { name: 'an open breaker', variant: 'Canary', seen: traffic({ requests: 250, breaker: 'Open' }), expected: '0 of 250 requests to the candidate failed, breaker Open, 0 fallbacks, 0 dropped' },
    { name: 'no policy', variant: 'Shadow', seen: traffic(undefined), expected: 'it follows no policy' },
    { name: 'nothing told', variant: 'Shadow', seen: undefined, expected: 'the server told nothing' },
  ])('$name', ({ variant, seen, expected }) => expect(notAsMeant(variant, 1000, seen, 0.01)).toBe(expected));
});

test('few calls may be further off by chance', () => {
  expect(notAsMeant('Canary', 19, traffic({ requests: 9 }), 0.01)).toBeUndefined();
  expect(notAsMeant('Canary', 1000, traffic({ requests: 380 }), 0.01)).toBe('the candidate was asked 380 times for 1000 calls');
});

test('every variant is once in each round, and once in each place over as many rounds', () => {
  const rounds = VARIANTS.map((_, round) => orderOf(round));
  for (const round of rounds) expect(round.toSorted()).toEqual(VARIANTS.toSorted());
  for (const place of VARIANTS.keys()) expect(new Set(rounds.map((round) => round[place])).size).toBe(VARIANTS.length);
});
