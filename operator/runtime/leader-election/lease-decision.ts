import { microTime } from '../micro-time.ts';
import type { LeaseRecord } from './lease.ts';
import type { LeaseTiming } from './lease-timing.ts';

/** A record and since when, by our own clock, we have seen it unchanged: clocks of other machines are never trusted. */
export type Sighting = Readonly<{ record: LeaseRecord; sinceMs: number; /** The lease was deleted meanwhile. */ isGone?: true }>;

/** What a candidate or leader does next with the lease. */
export type LeaseMove = Readonly<
  | { move: 'Take'; reason: 'Absent' | 'Released' | 'Expired'; record: LeaseRecord }
  | { move: 'Renew'; reason: 'Held'; record: LeaseRecord }
  | { move: 'Wait'; reason: 'HeldByOther'; holder: string; leftMs: number }
>;

/**
 * Takes note of what the lease says: an unchanged record stays as old as it was.
 * @param nowMs our monotonic clock when the read was *answered*: the holder may have renewed as late as that, and may write until its fence shuts
 */
export function sight(before: Sighting | undefined, record: LeaseRecord, nowMs: number): Sighting {
  return before !== undefined && before.isGone !== true && isSame(before.record, record) ? before : { record, sinceMs: nowMs };
}

/**
 * Takes note that there is no lease. Whoever held it may have renewed it just before somebody deleted it, and may write until its fence
 * shuts: it is waited for as if it had renewed now. Undefined: nobody is known to have held it.
 */
export function sightNone(before: Sighting | undefined, identity: string, nowMs: number): Sighting | undefined {
  if (before === undefined || before.record.holder === '' || before.record.holder === identity) return undefined;
  return before.isGone === true ? before : { record: before.record, sinceMs: nowMs, isGone: true };
}

/**
 * What follows from the lease as it was seen.
 * @param input.nowMs our monotonic clock
 * @param input.wallMs our wall clock, epoch ms: written for people, compared by nobody
 */
export function decideLease(input: Readonly<{ identity: string; sighting: Sighting | undefined; nowMs: number; wallMs: number; timing: LeaseTiming }>): LeaseMove {
  const { identity, sighting, nowMs, wallMs, timing } = input;
  const now = microTime(wallMs);
  const fresh: LeaseRecord = { holder: identity, durationMs: timing.leaseDurationMs, acquiredAt: now, renewedAt: now, transitions: 0 };
  if (sighting === undefined) return { move: 'Take', reason: 'Absent', record: fresh };
  const { record, sinceMs } = sighting;
  if (record.holder === identity) return { move: 'Renew', reason: 'Held', record: { ...fresh, acquiredAt: record.acquiredAt, transitions: record.transitions } };
  const taken: LeaseRecord = { ...fresh, transitions: record.transitions + 1 };
  if (record.holder === '') return { move: 'Take', reason: 'Released', record: taken };
  const leftMs = sinceMs + record.durationMs - nowMs;
  if (leftMs <= 0) return { move: 'Take', reason: 'Expired', record: taken };
  return { move: 'Wait', reason: 'HeldByOther', holder: record.holder, leftMs };
}

/** The record that gives the lease back: nobody holds it, and nobody need wait. */
export function releasedRecord(held: LeaseRecord, wallMs: number): LeaseRecord {
  const now = microTime(wallMs);
  return { holder: '', durationMs: 1000, acquiredAt: now, renewedAt: now, transitions: held.transitions };
}

function isSame(a: LeaseRecord, b: LeaseRecord): boolean {
  return a.holder === b.holder && a.renewedAt === b.renewedAt && a.acquiredAt === b.acquiredAt && a.transitions === b.transitions && a.durationMs === b.durationMs;
}
