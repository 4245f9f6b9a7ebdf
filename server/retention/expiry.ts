import { evidenceEndMs, isEvidenceSubject, partitionEndMs } from '../../contracts/store-layout.ts';
import type { StoreLayout } from '../../contracts/store-layout.ts';

/** What expires. Labels are kept as long as predictions: one is of no use without the other. */
export const RETAINED = ['raw', 'predictions', 'labels', 'evaluations'] as const;
export type Retained = (typeof RETAINED)[number];

/** How long each kind is kept, milliseconds; what is left out is kept for ever. */
export type Durations = Readonly<{ rawMs: number | undefined; predictionsMs: number | undefined; evaluationsMs: number | undefined }>;

/** What of one prefix is expired: all days that ended at `cutOffMs` or before. */
export type Expiry = Readonly<{ kind: Retained; prefix: string; cutOffMs: number }>;

/**
 * What is expired now. Nothing of a day that an open gate looks at is.
 * @param keepSinceMs from the day of this instant on everything is kept; undefined: no gate is open
 */
export function expiries(layout: StoreLayout, keep: Durations, keepSinceMs: number | undefined, nowMs: number): readonly Expiry[] {
  const durations: Readonly<Record<Retained, number | undefined>> = { raw: keep.rawMs, predictions: keep.predictionsMs, labels: keep.predictionsMs, evaluations: keep.evaluationsMs };
  return RETAINED.flatMap((kind) => {
    const keptMs = durations[kind];
    if (keptMs === undefined) return [];
    return [{ kind, prefix: layout[kind], cutOffMs: Math.min(nowMs - keptMs, keepSinceMs ?? Number.POSITIVE_INFINITY) }];
  });
}

/**
 * Whether a folder directly below the prefix can hold what is expired, and is listed: an expired day; of evaluations every subject, which
 * tells no day. Others are left alone: no store lists every name, and one that it refuses would end the whole kind.
 */
export function mayHoldExpired({ kind, cutOffMs }: Expiry, folder: string): boolean {
  return kind === 'evaluations' ? isEvidenceSubject(folder) : ended(partitionEndMs(folder), cutOffMs);
}

/**
 * Whether a key may be deleted. It is asked of every single key right before it is, whatever listing the key came from: it lies exactly
 * below the prefix, in a folder (evaluations: under a name) that tells a day of the calendar, and that day is over for long enough.
 */
export function isExpired({ kind, prefix, cutOffMs }: Expiry, key: string): boolean {
  if (!key.startsWith(`${prefix}/`) || /\p{Cc}/u.test(key)) return false;
  const path = key.slice(prefix.length + 1);
  if (kind === 'evaluations') return ended(evidenceEndMs(path), cutOffMs);
  const slash = path.indexOf('/');
  return slash > 0 && ended(partitionEndMs(path.slice(0, slash)), cutOffMs);
}

function ended(endMs: number | undefined, cutOffMs: number): boolean {
  return endMs !== undefined && endMs <= cutOffMs;
}
