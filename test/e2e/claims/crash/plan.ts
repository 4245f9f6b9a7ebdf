import { ANSWERS, KILLS, VIEWS, type Fault, type FaultKind } from './fault.ts';

const KINDS: readonly FaultKind[] = [...KILLS, ...ANSWERS, ...VIEWS];
const SAMPLED: readonly FaultKind[] = ['KillAfter', 'KillBefore', 'KillAfter', 'KillBefore', 'KillAfter', 'LostAnswer', 'Conflict', 'KillThenPast', 'Reordered', 'KillBefore', 'Throttled', 'Gone'];

/** What a run was to suffer, and what it did: undefined when the write it was meant for never came. */
export type Struck = Readonly<{ fault: Fault | undefined; done: string | undefined }>;

/** Every kind at every write. @param writes of the longest undisturbed run: the last ones of a longer run must be struck, too */
export function everyFault(writes: number): readonly Fault[] {
  return KINDS.flatMap((kind) => Array.from({ length: writes }, (_, index) => ({ kind, at: index + 1 })));
}

/** Few, spread over the writes, another part of them for each kind. @param writes of the shortest undisturbed run */
export function sampleOfFaults(writes: number): readonly Fault[] {
  return SAMPLED.map((kind, index) => ({ kind, at: 1 + Math.floor((index * writes) / SAMPLED.length) }));
}

/** Faults that struck in none of their runs, though every run has a write there. @param writes of the shortest undisturbed run */
export function neverStruck(runs: readonly Struck[], writes: number): readonly Fault[] {
  const struck = new Set(runs.flatMap(({ fault, done }) => (fault === undefined || done === undefined ? [] : [nameOf(fault)])));
  const meant = new Map(runs.flatMap(({ fault }) => (fault === undefined || fault.at > writes ? [] : [[nameOf(fault), fault] as const])));
  return [...meant].flatMap(([name, fault]) => (struck.has(name) ? [] : [fault]));
}

function nameOf({ kind, at }: Fault): string {
  return `${kind} ${at}`;
}
