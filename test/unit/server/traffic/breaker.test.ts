import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Breaker, BREAKER } from '../../../../server/traffic/breaker.ts';
import type { Leave } from '../../../../server/traffic/breaker.ts';

const MAX_ERROR_PERCENT = 4;

function forward(breaker: Breaker, succeeded: boolean, nowMs = 0): Leave | undefined {
  const leave = breaker.admit(nowMs);
  if (leave !== undefined) breaker.record(leave, succeeded, nowMs, MAX_ERROR_PERCENT);
  return leave;
}

function after(outcomes: readonly boolean[]): Breaker {
  const breaker = new Breaker();
  for (const succeeded of outcomes) forward(breaker, succeeded);
  return breaker;
}

const good = (count: number): readonly boolean[] => Array.from({ length: count }, () => true);
const bad = (count: number): readonly boolean[] => Array.from({ length: count }, () => false);

test.each([
  { name: 'nothing sent', outcomes: [], state: 'Closed' },
  { name: '49 errors: too few to judge', outcomes: bad(49), state: 'Closed' },
  { name: '50 errors', outcomes: bad(50), state: 'Open' },
  { name: '2 of 50 are 4 %', outcomes: [...bad(2), ...good(48)], state: 'Closed' },
  { name: '3 of 50 are more', outcomes: [...bad(3), ...good(47)], state: 'Open' },
  { name: '2 of the last 50', outcomes: [...bad(2), ...good(48), ...bad(2), ...good(48)], state: 'Closed' },
  { name: '3 of the last 50', outcomes: [...bad(1), ...good(49), ...good(20), ...bad(3)], state: 'Open' },
])('$name: $state', ({ outcomes, state }) => expect(after(outcomes).state(0)).toBe(state));

test('open for 30 s, then one probe at a time', () => {
  const breaker = after(bad(50));
  expect([breaker.admit(0), breaker.admit(BREAKER.openMs - 1)]).toEqual([undefined, undefined]);
  expect(breaker.state(BREAKER.openMs)).toBe('HalfOpen');
  expect([breaker.admit(BREAKER.openMs), breaker.admit(BREAKER.openMs), breaker.admit(2 * BREAKER.openMs)]).toEqual(['Probe', undefined, undefined]);
});

test('a probe that succeeds closes it, with nothing held against the candidate', () => {
  const breaker = after(bad(50));
  expect(forward(breaker, true, BREAKER.openMs)).toBe('Probe');
  for (const succeeded of bad(49)) forward(breaker, succeeded, BREAKER.openMs);
  expect(breaker.state(BREAKER.openMs)).toBe('Closed');
});

test('a probe that fails keeps it open for another 30 s', () => {
  const breaker = after(bad(50));
  expect(forward(breaker, false, BREAKER.openMs + 5)).toBe('Probe');
  expect(breaker.state(2 * BREAKER.openMs + 4)).toBe('Open');
  expect(breaker.admit(2 * BREAKER.openMs + 5)).toBe('Probe');
});

test('a probe that was not sent leaves room for the next', () => {
  const breaker = after(bad(50));
  expect(breaker.admit(BREAKER.openMs)).toBe('Probe');
  breaker.release('Probe');
  expect(breaker.admit(BREAKER.openMs)).toBe('Probe');
});

test('forwards that were sent before it opened and end later do not keep it open longer', () => {
  const breaker = new Breaker();
  const leaves = Array.from({ length: 60 }, () => breaker.admit(0));
  expect(leaves).toEqual(Array.from({ length: 60 }, () => 'Forward'));
  for (let index = 0; index < 60; index += 1) breaker.record('Forward', false, index, MAX_ERROR_PERCENT);
  expect(breaker.state(49 + BREAKER.openMs)).toBe('HalfOpen');
});

test('100 %: never open', () => {
  const breaker = new Breaker();
  for (let index = 0; index < 100; index += 1) breaker.record('Forward', false, 0, 100);
  expect(breaker.state(0)).toBe('Closed');
});

type Step = Readonly<{ waitMs: number; succeeded: boolean; max: number }>;
const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.record({ waitMs: fc.constantFrom(0, 0, 0, 100, 15_000, 30_000), succeeded: fc.boolean(), max: fc.constantFrom(0, 10, 50) }), { maxLength: 300, size: 'max' });

test('as a model that remembers all says', () => {
  fc.assert(
    fc.property(steps, (sent) => {
      const breaker = new Breaker();
      let nowMs = 0;
      let sinceClosed: boolean[] = [];
      let openedMs: number | undefined;
      for (const { waitMs, succeeded, max } of sent) {
        nowMs += waitMs;
        const leave = breaker.admit(nowMs);
        expect(leave).toBe(openedMs === undefined ? 'Forward' : nowMs >= openedMs + 30_000 ? 'Probe' : undefined);
        if (leave === undefined) continue;
        breaker.record(leave, succeeded, nowMs, max);
        if (leave === 'Probe') [openedMs, sinceClosed] = [succeeded ? undefined : nowMs, []];
        else {
          sinceClosed.push(succeeded);
          const last = sinceClosed.slice(-50);
          if (last.length === 50 && (100 * last.filter((each) => !each).length) / 50 > max) openedMs = nowMs;
        }
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});

