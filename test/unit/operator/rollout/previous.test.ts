import { describe, expect, test } from '@jest/globals';
import { decidePrevious, DRAIN_MS, mayReturn, type PreviousMove } from '../../../../operator/rollout/previous.ts';
import { HOUR_MS, NOW_MS, previous } from './builders.ts';

const WINDOW_MS = 24 * HOUR_MS;

describe('what the version before does', () => {
  test.each<{ name: string; sinceMs: number; windowMs?: number; expected: PreviousMove }>([
    { name: 'just left', sinceMs: 0, expected: { move: 'Drain', recheckMs: DRAIN_MS } },
    { name: 'drains a millisecond more', sinceMs: DRAIN_MS - 1, expected: { move: 'Drain', recheckMs: 1 } },
    { name: 'drained', sinceMs: DRAIN_MS, expected: { move: 'Keep', recheckMs: WINDOW_MS - DRAIN_MS } },
    { name: 'last millisecond of the window', sinceMs: WINDOW_MS - 1, expected: { move: 'Keep', recheckMs: 1 } },
    { name: 'window over', sinceMs: WINDOW_MS, expected: { move: 'Remove' } },
    { name: 'a window shorter than the drain: it drains first', sinceMs: DRAIN_MS - 1, windowMs: 1000, expected: { move: 'Drain', recheckMs: 1 } },
    { name: 'a window shorter than the drain, drained', sinceMs: DRAIN_MS, windowMs: 1000, expected: { move: 'Remove' } },
    { name: 'the clock jumped back: looked at again within a minute', sinceMs: -HOUR_MS, expected: { move: 'Drain', recheckMs: DRAIN_MS } },
  ])('$name', ({ sinceMs, windowMs = WINDOW_MS, expected }) => expect(decidePrevious(previous('a', { replacedAtMs: NOW_MS - sinceMs }), windowMs, NOW_MS)).toEqual(expected));
});

test.each<{ sinceMs: number; expected: boolean }>([
  { sinceMs: 0, expected: true },
  { sinceMs: WINDOW_MS - 1, expected: true },
  { sinceMs: WINDOW_MS, expected: false },
])('$sinceMs ms after it was replaced it may return: $expected', ({ sinceMs, expected }) => expect(mayReturn(previous('a', { replacedAtMs: NOW_MS - sinceMs }), WINDOW_MS, NOW_MS)).toBe(expected));
