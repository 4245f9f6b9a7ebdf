/** What is done to one write of the operator, or to what it sees from then on. */
export type FaultKind =
  /** SIGKILL before the write leaves the proxy; after it took effect. */
  | 'KillBefore'
  | 'KillAfter'
  /** As KillAfter, and the next operator sees the cluster for a while as it was before the write: Sieve's time travel. */
  | 'KillThenPast'
  /** Answers instead of the API server's: nothing is done. */
  | 'Conflict'
  | 'Throttled'
  | 'Error500'
  | 'Error503'
  | 'Error504'
  /** The connection breaks before the write, after it, or within its answer. */
  | 'Reset'
  | 'LostAnswer'
  | 'PartialAnswer'
  /** The write arrives late. */
  | 'Slow'
  /** Watches stand still for a while after the write: a stale cache. */
  | 'Frozen'
  /** Every watch ends with 410. */
  | 'Gone'
  /** etcd forgets its history, watches are cut, and begin again at a version that is forgotten. */
  | 'Compacted'
  /** From the write on each event comes twice; in bundles, backwards; or only the last one of an object in a while comes at all. */
  | 'Duplicated'
  | 'Reordered'
  | 'Lost';

export const KILLS = ['KillBefore', 'KillAfter'] as const satisfies readonly FaultKind[];
export const ANSWERS = ['Conflict', 'Throttled', 'Error500', 'Error503', 'Error504', 'Reset', 'LostAnswer', 'PartialAnswer', 'Slow'] as const satisfies readonly FaultKind[];
export const VIEWS = ['KillThenPast', 'Frozen', 'Gone', 'Compacted', 'Duplicated', 'Reordered', 'Lost'] as const satisfies readonly FaultKind[];

/** One fault, at the n-th write that the operator sends (from 1). */
export type Fault = Readonly<{ kind: FaultKind; at: number }>;

/** How long a view stands still, or is bundled, milliseconds. */
export const STILL_MS = 2000;
/** Events within this time are one bundle to turn round. */
export const BUNDLE_MS = 150;
/** How late a slow write arrives. */
export const SLOW_MS = 3000;

/** Answers of faults that need no API server. */
export const REFUSALS: Readonly<Partial<Record<FaultKind, Readonly<{ status: number; reason: string; retryAfter?: string }>>>> = {
  Conflict: { status: 409, reason: 'Conflict' },
  Throttled: { status: 429, reason: 'TooManyRequests', retryAfter: '1' },
  Error500: { status: 500, reason: 'InternalError' },
  Error503: { status: 503, reason: 'ServiceUnavailable' },
  Error504: { status: 504, reason: 'Timeout' },
};
