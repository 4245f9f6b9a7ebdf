import { LATEST } from '../../contracts/names.ts';
import type { Move } from './decision.ts';
import type { Facts, Wanted } from './facts.ts';
import { decideInspection, LONGEST_RETRY_MS, retryDelayMs } from './inspection.ts';
import { MAX_REJECTED, UNEXPOSED, type Candidate, type Latest, type Rejected, type RolloutState } from './state.ts';

/** One try of an inspection: what names its Job. */
export type Try = Readonly<{ key: string; attempt: number; startedAtMs: number }>;

/**
 * What is known of `latest`. A status from before there was such a record knows that stable once was it.
 * Undefined: nothing is known, so that a look is a candidate's inspection, for everyone to see.
 */
export function latestOf(wanted: Wanted, state: RolloutState): Latest | undefined {
  const { stable, latest } = state;
  if (wanted.requested !== LATEST) return undefined;
  const known = latest ?? (stable?.requested === LATEST && stable.repository === wanted.repository ? { key: wanted.inspectionKey, version: stable.version, checkedAtMs: stable.startedAtMs, nextCheckAtMs: 0, failed: undefined } : undefined);
  if (known === undefined || known.failed !== undefined || wanted.poll === undefined) return known;
  return { ...known, nextCheckAtMs: nextCheckAtMs(wanted.poll, known.checkedAtMs) };
}

/** The model's next turn after a look: at most an interval later. */
function nextCheckAtMs({ intervalMs, offsetMs }: NonNullable<Wanted['poll']>, checkedAtMs: number): number {
  const turns = Math.floor((checkedAtMs - offsetMs) / intervalMs) + 1;
  return turns * intervalMs + offsetMs;
}

/** `latest` was resolved just now. */
export function resolved(wanted: Wanted, state: RolloutState, version: string, nowMs: number): RolloutState {
  if (wanted.requested !== LATEST) return state;
  const { stable } = state;
  const latest: Latest = { key: wanted.inspectionKey, version, checkedAtMs: nowMs, nextCheckAtMs: wanted.poll === undefined ? nowMs : nextCheckAtMs(wanted.poll, nowMs), failed: undefined };
  // It serves as `latest` from now on, whatever name it was asked for by.
  const served = stable?.version === version && stable.repository === wanted.repository;
  return { ...state, latest, ...(served ? { stable: { ...stable, requested: LATEST } } : {}) };
}

/** `latest` turned out to be a version that is decided about already; an older one than stable leaves `latest` what it is. */
export function resolvedUnchanged(wanted: Wanted, state: RolloutState, version: string, nowMs: number): RolloutState {
  const isKnown = knownVersions(wanted, state).includes(version);
  return resolved(wanted, state, isKnown ? version : (state.stable?.version ?? version), nowMs);
}

/** The rejection of the version that `latest` is, where nothing about it has changed since. */
export function rejectedLatest(wanted: Wanted, state: RolloutState): Rejected | undefined {
  const { latest } = state;
  if (latest === undefined || latest.key !== wanted.inspectionKey) return undefined;
  return state.rejected.find((entry) => entry.key === latest.key && entry.version === latest.version);
}

/** Versions that an inspection of `latest` need not look at: they serve, are under way, or were rejected under the same conditions. */
export function knownVersions(wanted: Wanted, { stable, candidate, rejected }: RolloutState): readonly string[] {
  if (wanted.requested !== LATEST) return [];
  const { repository, inspectionKey } = wanted;
  const sides = [stable, candidate?.stage === 'Deployed' ? candidate.identity : undefined];
  const versions = sides.flatMap((side) => (side?.repository === repository ? [side.version] : []));
  return [...new Set([...versions, ...rejected.filter((entry) => entry.key === inspectionKey).map((entry) => entry.version)])];
}

/** The poll that is due now or next; its name is made of what the status remembers, so that a crash makes no second one. */
export function pollTry(wanted: Wanted, state: RolloutState): Try | undefined {
  const latest = latestOf(wanted, state);
  if (latest === undefined || wanted.poll === undefined || !mayPoll(wanted.poll, state)) return undefined;
  return { key: `${wanted.inspectionKey}/${LATEST}`, attempt: (latest.failed?.failures ?? 0) + 1, startedAtMs: latest.checkedAtMs };
}

/**
 * A newer version waits until the one under way is decided about, unless it may overtake. A first version whose pods never become ready
 * is never decided about: the newer one may be what puts that right.
 */
function mayPoll(poll: NonNullable<Wanted['poll']>, { candidate, stable }: RolloutState): boolean {
  return candidate === undefined || (candidate.stage === 'Deployed' && (poll.whileUnderWay || stable === undefined));
}

/** How long until `latest` is resolved again, milliseconds; 0: now; undefined: it is not. */
export function untilPollMs(wanted: Wanted, state: RolloutState, nowMs: number): number | undefined {
  const latest = latestOf(wanted, state);
  if (latest === undefined || wanted.poll === undefined || pollTry(wanted, state) === undefined) return undefined;
  const leftMs = latest.nextCheckAtMs - nowMs;
  // A clock that jumped back must not make the wait longer than any wait we set.
  const longestMs = latest.failed === undefined ? wanted.poll.intervalMs : LONGEST_RETRY_MS;
  return leftMs > 0 && leftMs <= longestMs ? leftMs : 0;
}

/** What became of `latest` at this look. `running`: the poll's Job should be there. */
export type Polled = Readonly<{ state: RolloutState; moves: readonly Move[]; running: Try | undefined }>;

/**
 * Looks for a newer version when that is due. A look without news moves nothing but the record; one that fails neither: it is told once,
 * and tried again, backing off. A newer version has been inspected by the same look, and becomes the candidate, or is rejected.
 */
export function pollLatest(facts: Facts, state: RolloutState): Polled {
  const { nowMs, wanted, inspectionJob: job } = facts;
  const latest = latestOf(wanted, state);
  const next = pollTry(wanted, state);
  if (latest === undefined || next === undefined) return { state, moves: [], running: undefined };
  const known: RolloutState = { ...state, latest };
  if (untilPollMs(wanted, known, nowMs) !== 0) return { state: known, moves: [], running: undefined };
  const { repository, requested } = wanted;
  const move = decideInspection({ nowMs, repository, requested, inspection: { ...next, state: 'Running', last: undefined }, job });
  switch (move.move) {
    case 'Wait':
    case 'Retry':
      return { state: known, moves: [], running: next };
    case 'Errored': {
      const { code, message } = move.inspection.problem;
      const nextTryAtMs = nowMs + retryDelayMs(next.attempt);
      const told = latest.failed?.code === code;
      return {
        state: { ...known, latest: { ...latest, nextCheckAtMs: nextTryAtMs, failed: { failures: next.attempt, code, message } } },
        moves: told ? [] : [{ move: 'PollErrored', code, message, nextTryAtMs }],
        running: undefined,
      };
    }
    case 'Unchanged':
      return { state: resolvedUnchanged(wanted, known, move.version, nowMs), moves: [], running: undefined };
    case 'Fail': {
      const entry: Rejected = { version: move.version, hash: move.hash, key: wanted.inspectionKey, reason: move.reason, message: move.message, atMs: nowMs };
      const rejected = withRejected(known.rejected, entry);
      return { state: resolved(wanted, { ...known, rejected }, move.version, nowMs), moves: [newer(move.version), { move: 'CandidateRejected', version: move.version, reason: move.reason, message: move.message }], running: undefined };
    }
    case 'Pass': {
      const { identity, message, report } = move;
      // Decided about since the Job was made: it does not come back.
      if (knownVersions(wanted, known).includes(identity.version)) return { state: resolvedUnchanged(wanted, known, identity.version, nowMs), moves: [], running: undefined };
      const overtaken: Move[] = known.candidate?.stage === 'Deployed' ? [{ move: 'CandidateAborted', version: known.candidate.identity.version }] : [];
      const candidate: Candidate = { stage: 'Deployed', identity, inspectionKey: wanted.inspectionKey, startedAtMs: nowMs, deployedAtMs: nowMs, heldSinceMs: undefined, heldBy: undefined, message, report, ...UNEXPOSED };
      return {
        state: resolved(wanted, { ...known, candidate }, identity.version, nowMs),
        moves: [newer(identity.version), ...overtaken, { move: 'InspectionPassed', version: identity.version, message }],
        running: undefined,
      };
    }
  }
}

function newer(version: string): Move {
  return { move: 'NewerVersion', version };
}

/** The newest first, one per key and version, at most ten. */
export function withRejected(rejected: readonly Rejected[], entry: Rejected): readonly Rejected[] {
  return [entry, ...rejected.filter((other) => other.key !== entry.key || other.version !== entry.version)].slice(0, MAX_REJECTED);
}
