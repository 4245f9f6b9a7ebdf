/**
 * Pods of a candidate beside stable: `ceil(ready stable pods x percent / 100)`, at least one (DESIGN section 3). It grows with stable's ready pods and
 * shrinks with the pods that stable is meant to have: one that dies, or a roll, must not cost the candidate a warm pod each time.
 * @param input.percent 0..100: of stable's requests, mirrored or answered
 * @param input.current pods that it is asked to have now; undefined: it has none yet
 * @returns 0 only where stable is meant to have none
 */
export function candidateSize(input: Readonly<{ readyStable: number; wantedStable: number; percent: number; current: number | undefined }>): number {
  const { readyStable, wantedStable, percent, current } = input;
  if (wantedStable === 0 && readyStable === 0) return 0;
  const sizeFor = (stablePods: number): number => Math.max(Math.ceil((stablePods * percent) / 100), 1);
  const fewest = sizeFor(readyStable);
  return Math.min(Math.max(current ?? fewest, fewest), sizeFor(Math.max(wantedStable, readyStable)));
}
