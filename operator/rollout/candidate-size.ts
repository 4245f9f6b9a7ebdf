import type { Exposure } from './state.ts';

/**
 * Pods of stable by which a candidate must have its own. Copies of a shadow are of what the ready pods answer. Callers of a canary stay with it when
 * stable's pods that were away come back, and wait for it: it is made for all that stable is meant to have.
 */
export function sharedPods(mode: Exposure['mode'], stable: Readonly<{ ready: number; wanted: number }>): number {
  return mode === 'Canary' ? Math.max(stable.ready, stable.wanted) : stable.ready;
}

/**
 * Pods of a candidate beside stable: `ceil(stable pods x percent / 100)`, at least one (DESIGN section 3). It grows with stable's ready pods
 * (a canary: with all, see {@link sharedPods}) and shrinks with the pods that stable is meant to have: one that dies, or a roll, must not cost the candidate a warm pod each time.
 * @param input.sharedPods of {@link sharedPods}
 * @param input.percent 0..100: of stable's requests, mirrored or answered
 * @param input.current pods that it is asked to have now; undefined: it has none yet
 * @returns 0 only where stable is meant to have none
 */
export function candidateSize(input: Readonly<{ sharedPods: number; wantedStable: number; percent: number; current: number | undefined }>): number {
  const { sharedPods, wantedStable, percent, current } = input;
  if (wantedStable === 0 && sharedPods === 0) return 0;
  const sizeFor = (stablePods: number): number => Math.max(Math.ceil((stablePods * percent) / 100), 1);
  const fewest = sizeFor(sharedPods);
  return Math.min(Math.max(current ?? fewest, fewest), sizeFor(Math.max(wantedStable, sharedPods)));
}
