import type { TrafficState } from '../../contracts/traffic.ts';

/** How long a policy may take to reach every pod before somebody is told (DESIGN section 3). */
export const SPREADS_WITHIN_MS = 120_000;

/** A stable pod whose control port is read. */
export type AskedPod = Readonly<{ name: string; uid: string; /** IP address; undefined: it has none yet. */ address: string | undefined }>;

/** What was read of one pod last. */
export type PodTraffic = Readonly<{
  uid: string;
  /** Of the policy that it follows; undefined: it could not be asked. */
  revision: number | undefined;
  /** Why it follows another one, or none: its own word, or what came of asking. */
  problem: string | undefined;
  /** Since when it has not followed the newest policy; undefined: it does. */
  laggingSinceMs: number | undefined;
  /** Whether it was ever seen to follow the newest policy, by this process. */
  hasFollowed: boolean;
}>;

/** Requests of one side, since the revision that is followed. */
export type SideCount = Readonly<{ requests: number; errors: number }>;

/** Both sides as all pods that follow the revision saw them, summed. */
export type TrafficCounters = Readonly<{ own: SideCount; candidate: SideCount & Readonly<{ fallbacks: number; dropped: number }> }>;

/** What was read of a model's pods: published when followers change, and with other counters not more often than each half minute. */
export type TrafficView = Readonly<{ revision: number; atMs: number; pods: ReadonlyMap<string, PodTraffic>; counters: TrafficCounters }>;

const NOTHING: TrafficCounters = { own: { requests: 0, errors: 0 }, candidate: { requests: 0, errors: 0, fallbacks: 0, dropped: 0 } };

/** Sums what pods counted. */
export function sumCounters(states: readonly TrafficState[]): TrafficCounters {
  return states.reduce<TrafficCounters>(({ own, candidate }, { sides }) => {
    const seen = sides.candidate;
    return {
      own: { requests: own.requests + sides.own.requests, errors: own.errors + sides.own.errors },
      candidate: {
        requests: candidate.requests + (seen?.requests ?? 0),
        errors: candidate.errors + (seen?.errors ?? 0),
        fallbacks: candidate.fallbacks + (seen?.fallbacks ?? 0),
        dropped: candidate.dropped + (seen?.dropped ?? 0),
      },
    };
  }, NOTHING);
}
