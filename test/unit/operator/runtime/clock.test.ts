import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Backoff, reflectorBackoff } from '../../../../operator/runtime/backoff.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { ManualClock } from './manual-clock.ts';

describe('sleep', () => {
  test('ends in time, and leaves no timer', async () => {
    const clock = new ManualClock();
    const slept = sleep(clock, 100, new AbortController().signal);
    clock.advance(100);
    await slept;
    expect(clock.pending).toBe(0);
  });

  test.each(['before', 'during'])('ends with the reason of an abort %s it', async (when) => {
    const clock = new ManualClock();
    const abort = new AbortController();
    if (when === 'before') abort.abort(new Error('stop'));
    const slept = sleep(clock, 100, abort.signal);
    abort.abort(new Error('stop'));
    await expect(slept).rejects.toThrow('stop');
    expect(clock.pending).toBe(0);
  });
});

describe('the system clock', () => {
  test('waits longer than 32 bits of milliseconds', () => {
    jest.useFakeTimers();
    let ran = 0;
    systemClock.schedule(2 ** 31 + 1_000, () => (ran += 1));
    jest.advanceTimersByTime(2 ** 31);
    expect(ran).toBe(0);
    jest.advanceTimersByTime(1_000);
    expect(ran).toBe(1);
    jest.useRealTimers();
  });

  test('takes a call back', () => {
    jest.useFakeTimers();
    let ran = 0;
    const cancel = systemClock.schedule(10, () => (ran += 1));
    cancel();
    jest.advanceTimersByTime(10);
    expect(ran).toBe(0);
    jest.useRealTimers();
  });
});

describe('backoff', () => {
  test('doubles to its longest, and starts anew after two healthy minutes', () => {
    const clock = new ManualClock();
    const backoff = new Backoff(reflectorBackoff, clock, () => 0);
    expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
    clock.advance(120_000);
    expect(backoff.next()).toBe(30_000);
    clock.advance(120_001);
    expect(backoff.next()).toBe(800);
  });

  test('stays within its bounds, whatever chance says', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), healthyMs: fc.nat(300_000) })), (steps) => {
        const clock = new ManualClock();
        let chance = 0;
        const backoff = new Backoff(reflectorBackoff, clock, () => chance);
        for (const step of steps) {
          chance = step.chance;
          clock.advance(step.healthyMs);
          const waitMs = backoff.next();
          if (waitMs < 800 || waitMs >= 60_000) return false;
        }
        return true;
      }),
    );
  });
});
