import { LATEST } from '../../contracts/names.ts';
import type { Wanted } from './facts.ts';
import { latestOf, rejectedLatest } from './latest.ts';
import { mayReturn } from './previous.ts';
import type { Candidate, Previous, Rejected, RolloutState, VersionIdentity } from './state.ts';

/** What `spec` asks for, seen from the state. */
export type Target = Readonly<
  /** The stable version is the wanted one. */
  | { target: 'Stable' }
  /** The version before is wanted back within the window: no gates. */
  | { target: 'Previous'; previous: Previous }
  /** The candidate under way is the wanted one. */
  | { target: 'Candidate'; candidate: Candidate }
  /** It was rejected and nothing about it has changed since. */
  | { target: 'Rejected'; rejected: Rejected }
  /** Something not seen yet. */
  | { target: 'New' }
>;

function isWanted(wanted: Wanted, version: Pick<VersionIdentity, 'repository' | 'requested' | 'version'>): boolean {
  return version.repository === wanted.repository && (version.requested === wanted.requested || version.version === wanted.requested);
}

function isUnderWay(wanted: Wanted, candidate: Candidate): boolean {
  if (candidate.stage === 'Inspecting') {
    return candidate.repository === wanted.repository && candidate.requested === wanted.requested && candidate.inspection.key === wanted.inspectionKey;
  }
  // Once inspected, a changed gate does not undo the inspection; another version or repository does.
  return isWanted(wanted, candidate.identity);
}

/** `latest` is what it was resolved to; until that is known, or where its rejection may be out of date, it is found out for everyone to see. */
function findLatest(wanted: Wanted, state: RolloutState): Target {
  const { stable, candidate } = state;
  if (candidate !== undefined && isUnderWay(wanted, candidate)) return { target: 'Candidate', candidate };
  const latest = latestOf(wanted, state);
  if (latest === undefined) return { target: 'New' };
  if (stable?.repository === wanted.repository && stable.version === latest.version) return { target: 'Stable' };
  const rejected = rejectedLatest(wanted, { ...state, latest });
  return rejected === undefined ? { target: 'New' } : { target: 'Rejected', rejected };
}

/** Compares what is wanted with what is there; the first match wins (DESIGN section 4, invariant 10). */
export function findTarget(wanted: Wanted, state: RolloutState, nowMs: number): Target {
  if (wanted.requested === LATEST) return findLatest(wanted, state);
  if (state.stable !== undefined && isWanted(wanted, state.stable)) return { target: 'Stable' };
  if (state.candidate !== undefined && isUnderWay(wanted, state.candidate)) return { target: 'Candidate', candidate: state.candidate };
  const rejected = state.rejected.find((entry) => entry.key === wanted.inspectionKey);
  if (rejected !== undefined) return { target: 'Rejected', rejected };
  const { previous } = state;
  if (previous?.repository === wanted.repository && previous.version === wanted.requested && mayReturn(previous, wanted.rollbackWindowMs, nowMs)) return { target: 'Previous', previous };
  return { target: 'New' };
}
