import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { AddressRotation, SKIP } from '../../../../server/traffic/address-rotation.ts';
import type { CandidateAddress } from '../../../../server/traffic/address-rotation.ts';

function rotation(hosts: readonly string[], maxInFlight = 100): AddressRotation {
  const made = new AddressRotation(maxInFlight);
  made.replace(hosts);
  return made;
}

function taken(from: AddressRotation, nowMs = 0, except?: CandidateAddress): CandidateAddress {
  const next = from.next(nowMs, except);
  if (typeof next === 'string') throw new Error(`there is ${next} to ask`);
  return next;
}

/** Asks, and tells how it ended: hosts of `down` cannot be reached, hosts of `hanging` do not answer. */
function ask(from: AddressRotation, nowMs: number, { down = [], hanging = [] }: Readonly<{ down?: readonly string[]; hanging?: readonly string[] }> = {}): string {
  const address = taken(from, nowMs);
  from.ended(address, down.includes(address.host) ? 'Unreachable' : hanging.includes(address.host) ? 'Timeout' : 'Answered', nowMs);
  return address.host;
}

const many = (count: number, each: () => string): string => Array.from({ length: count }, each).join('');

test('one after the other', () => {
  const pods = rotation(['c', 'a', 'b', 'a']);
  expect(many(7, () => ask(pods, 0))).toBe('abcabca');
});

test('who cannot be reached is passed over at once, for longer from time to time, and asked again', () => {
  const pods = rotation(['a', 'b']);
  expect(many(6, () => ask(pods, 0, { down: ['a'] }))).toBe('abbbbb');
  expect(many(4, () => ask(pods, SKIP.firstMs, { down: ['a'] }))).toBe('abbb');
  expect(many(2, () => ask(pods, 3 * SKIP.firstMs - 1, { down: ['a'] }))).toBe('bb');
  expect(many(4, () => ask(pods, 3 * SKIP.firstMs))).toBe('abab');
});

test('who hangs is passed over after three timeouts in a row', () => {
  const pods = rotation(['a', 'b']);
  expect(many(10, () => ask(pods, 0, { hanging: ['b'] }))).toBe('abababaaaa');
});

test('an answer in between makes timeouts start anew', () => {
  const pods = rotation(['a']);
  for (const how of ['Timeout', 'Timeout', 'Answered', 'Timeout', 'Timeout'] as const) pods.ended(taken(pods), how, 0);
  pods.replace(['a', 'b']);
  expect(many(4, () => ask(pods, 0))).toBe('baba');
});

test('no one is passed over for more than 10 s', () => {
  const pods = rotation(['a', 'b']);
  for (let failure = 0; failure < 40; failure += 1) {
    pods.replace(['a']);
    pods.ended(taken(pods), 'Unreachable', 0);
  }
  pods.replace(['a', 'b']);
  expect(many(3, () => ask(pods, SKIP.mostMs - 1))).toBe('bbb');
  expect(many(2, () => ask(pods, SKIP.mostMs))).toMatch(/a/);
});

test('where nobody is sound, they are asked all the same', () => {
  const pods = rotation(['a', 'b']);
  expect(many(6, () => ask(pods, 0, { down: ['a', 'b'] }))).toBe('ababab');
});

test('somebody who is down is not asked because the others are busy', () => {
  const pods = rotation(['a', 'b'], 2);
  pods.ended(taken(pods), 'Unreachable', 0);
  expect([taken(pods).host, taken(pods).host, pods.next(0)]).toEqual(['b', 'b', 'Busy']);
});

test('a second try goes to another one that is sound, or nowhere', () => {
  const pods = rotation(['a', 'b']);
  const first = taken(pods);
  expect(taken(pods, 0, first).host).toBe('b');
  pods.ended(taken(pods, 0, first), 'Unreachable', 0);
  expect(pods.next(0, first)).toBe('Busy');
  pods.replace(['a']);
  expect(pods.next(0, first)).toBe('None');
});

test('nobody, and everybody busy', () => {
  expect(rotation([]).next(0)).toBe('None');
  const pods = rotation(['a', 'b'], 2);
  const all = Array.from({ length: 4 }, () => taken(pods));
  expect(pods.next(0)).toBe('Busy');
  const [first] = all;
  if (first !== undefined) pods.ended(first, 'Answered', 0);
  expect(taken(pods).host).toBe('a');
});

test('who left and came back is counted anew: what was under way before is not held against the newcomer', () => {
  const pods = rotation(['a'], 1);
  const before = taken(pods);
  pods.replace([]);
  pods.replace(['a']);
  const now = taken(pods);
  pods.ended(before, 'Answered', 0);
  expect(pods.next(0)).toBe('Busy');
  pods.ended(now, 'Answered', 0);
  expect(taken(pods).host).toBe('a');
});

test('whatever happens: never more than allowed at one address, and nobody is busy while somebody has nothing to do', () => {
  const hosts = fc.subarray(['a', 'b', 'c']);
  const step = fc.record({ hosts: fc.option(hosts, { nil: undefined, freq: 6 }), waitMs: fc.constantFrom(0, 0, 500, 5000), how: fc.constantFrom('Answered', 'Timeout', 'Unreachable', 'Later') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (script) => {
      const pods = rotation(['a', 'b', 'c'], 3);
      let nowMs = 0;
      const counts = new Map<CandidateAddress, number>();
      for (const { hosts, waitMs, how } of script) {
        nowMs += waitMs;
        if (hosts !== undefined) pods.replace(hosts);
        const next = pods.next(nowMs);
        if (next === 'None') expect(pods.hosts).toEqual([]);
        else if (next === 'Busy') expect(pods.hosts.some((host) => [...counts].some(([address, count]) => address.host === host && count === 3))).toBe(true);
        else {
          expect(pods.hosts).toContain(next.host);
          counts.set(next, (counts.get(next) ?? 0) + 1);
          expect(counts.get(next)).toBeLessThanOrEqual(3);
          if (how === 'Later') continue;
          pods.ended(next, how, nowMs);
          counts.set(next, (counts.get(next) ?? 0) - 1);
        }
      }
    }),
    { numRuns: 200 },
  );
});
