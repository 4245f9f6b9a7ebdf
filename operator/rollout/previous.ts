import type { Previous } from './state.ts';

/** How long old pods keep answering after the Service left them (DESIGN section 3). */
export const DRAIN_MS = 60_000;

export type PreviousMove = Readonly<
  /** Kept-alive connections still end here. */
  | { move: 'Drain'; recheckMs: number }
  | { move: 'Keep'; recheckMs: number }
  | { move: 'Remove' }
>;

/** What the version before does now: drains, waits at zero replicas for the rollback window, goes. */
export function decidePrevious(previous: Previous, rollbackWindowMs: number, nowMs: number): PreviousMove {
  const sinceMs = nowMs - previous.replacedAtMs;
  if (sinceMs < DRAIN_MS) return { move: 'Drain', recheckMs: Math.min(DRAIN_MS - sinceMs, DRAIN_MS) };
  if (sinceMs < rollbackWindowMs) return { move: 'Keep', recheckMs: rollbackWindowMs - sinceMs };
  return { move: 'Remove' };
}

/** How long its old connections still end there; 0: they are gone. */
export function drainLeftMs(previous: Previous, nowMs: number): number {
  return Math.min(Math.max(previous.replacedAtMs + DRAIN_MS - nowMs, 0), DRAIN_MS);
}

/** Whether the version before may come back without gates. */
export function mayReturn(previous: Previous, rollbackWindowMs: number, nowMs: number): boolean {
  return nowMs - previous.replacedAtMs < rollbackWindowMs;
}
