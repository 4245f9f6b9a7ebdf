import type { TrafficPolicy } from '../../../../contracts/traffic.ts';

export const STABLE = 'a'.repeat(64);
export const CANDIDATE = 'c'.repeat(64);

/** A valid policy, with what differs. */
export function policy(change: Partial<TrafficPolicy> = {}): TrafficPolicy {
  return {
    schemaVersion: 1,
    revision: 7,
    mode: 'Canary',
    stableHash: STABLE,
    candidateHash: CANDIDATE,
    candidateVersion: 'v2',
    candidateAddress: 'tiny-churn-candidate.retention.svc:8080',
    percent: 25,
    maxErrorPercent: 1,
    ...change,
  };
}
