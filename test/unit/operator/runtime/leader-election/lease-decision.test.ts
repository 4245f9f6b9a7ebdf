import { describe, expect, test } from '@jest/globals';
import { decideLease, releasedRecord, sight } from '../../../../../operator/runtime/leader-election/lease-decision.ts';
import { DEFAULT_TIMING, timingProblems, writeTimeoutMs, type LeaseTiming } from '../../../../../operator/runtime/leader-election/lease-timing.ts';
import { leaseSpec, recordOf, type LeaseRecord } from '../../../../../operator/runtime/leader-election/lease.ts';

const held: LeaseRecord = { holder: 'other', durationMs: 15_000, acquiredAt: '2026-01-01T00:00:00.000000Z', renewedAt: '2026-01-01T00:00:10.000000Z', transitions: 3 };
const wallMs = Date.UTC(2026, 10, 21);
const now = '2026-11-21T00:00:00.000000Z';

describe('what follows from the lease', () => {
  test.each<{ name: string; record: LeaseRecord | undefined; sinceMs?: number; nowMs: number; expected: object }>([
    { name: 'none: it is made', record: undefined, nowMs: 0, expected: { move: 'Take', reason: 'Absent', record: { holder: 'me', durationMs: 15_000, acquiredAt: now, renewedAt: now, transitions: 0 } } },
    { name: 'ours: it is renewed, and acquired when it was', record: { ...held, holder: 'me' }, nowMs: 0, expected: { move: 'Renew', reason: 'Held', record: { holder: 'me', durationMs: 15_000, acquiredAt: held.acquiredAt, renewedAt: now, transitions: 3 } } },
    { name: 'given back: it is taken at once', record: { ...held, holder: '' }, nowMs: 0, expected: { move: 'Take', reason: 'Released', record: { holder: 'me', durationMs: 15_000, acquiredAt: now, renewedAt: now, transitions: 4 } } },
    { name: 'another\'s: waited for', record: held, sinceMs: 100, nowMs: 15_099, expected: { move: 'Wait', reason: 'HeldByOther', holder: 'other', leftMs: 1 } },
    { name: 'another\'s, silent for its duration since we saw it', record: held, sinceMs: 100, nowMs: 15_100, expected: { move: 'Take', reason: 'Expired', record: { holder: 'me', durationMs: 15_000, acquiredAt: now, renewedAt: now, transitions: 4 } } },
    { name: 'another\'s duration counts, not ours', record: { ...held, durationMs: 60_000 }, nowMs: 59_999, expected: { move: 'Wait', reason: 'HeldByOther', holder: 'other', leftMs: 1 } },
  ])('$name', ({ record, sinceMs = 0, nowMs, expected }) => {
    const sighting = record === undefined ? undefined : { record, sinceMs };
    expect(decideLease({ identity: 'me', sighting, nowMs, wallMs, timing: DEFAULT_TIMING })).toEqual(expected);
  });

  test('its own times, years ago or to come, mean nothing', () => {
    for (const renewedAt of ['1999-01-01T00:00:00.000000Z', '2099-01-01T00:00:00.000000Z']) {
      expect(decideLease({ identity: 'me', sighting: { record: { ...held, renewedAt }, sinceMs: 0 }, nowMs: 1, wallMs, timing: DEFAULT_TIMING }).move).toBe('Wait');
    }
  });
});

test('a record is as old as our first sight of it, and new when it was renewed', () => {
  const first = sight(undefined, held, 10);
  expect(sight(first, { ...held }, 500)).toBe(first);
  expect(sight(first, { ...held, renewedAt: now }, 500)).toEqual({ record: { ...held, renewedAt: now }, sinceMs: 500 });
});

describe('the stored form', () => {
  test('six digits after the second; read back as it was written', () => {
    const spec = leaseSpec(releasedRecord(held, wallMs));
    expect(spec).toEqual({ holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: 3 });
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', uid: 'u', resourceVersion: '1' }, spec };
    expect(recordOf(lease)).toEqual(releasedRecord(held, wallMs));
  });

  test('one made by hand, without a duration, counts as given back', () => {
    expect(recordOf({ apiVersion: 'a', kind: 'Lease', metadata: { name: 'l', uid: 'u', resourceVersion: '1' }, spec: { holderIdentity: 'x' } }).holder).toBe('');
  });
});

describe('a timing', () => {
  test.each<{ name: string; timing: Partial<LeaseTiming>; settings: readonly string[] }>([
    { name: 'the default is well', timing: {}, settings: [] },
    { name: 'no time for writes under way', timing: { leaseDurationMs: 11_000 }, settings: ['leaseDurationMs'] },
    { name: 'one try alone', timing: { retryPeriodMs: 5_000 }, settings: ['renewDeadlineMs'] },
    { name: 'both', timing: { renewDeadlineMs: 15_000, retryPeriodMs: 8_000 }, settings: ['leaseDurationMs', 'renewDeadlineMs'] },
  ])('$name', ({ timing, settings }) => {
    expect(timingProblems({ ...DEFAULT_TIMING, ...timing }).map(({ setting }) => setting)).toEqual(settings);
  });

  test('a write that leaves at the deadline is over before the lease is', () => {
    expect(DEFAULT_TIMING.renewDeadlineMs + writeTimeoutMs(DEFAULT_TIMING)).toBeLessThan(DEFAULT_TIMING.leaseDurationMs);
  });
});
