import type { Phase } from '../../contracts/churn-model/status.ts';
import { shortHash } from '../../contracts/digest.ts';
import { besideSize, decideBeside, isBesideStable } from './beside.ts';
import { outageLeftMs } from './callers.ts';
import type { Decision, Move } from './decision.ts';
import type { Facts, VersionPods } from './facts.ts';
import { decideGate } from './gate.ts';
import { decideInspection } from './inspection.ts';
import { rejectedLatest, resolved, resolvedUnchanged, withRejected } from './latest.ts';
import { promoted, servesUnknown } from './promoted.ts';
import { decidePromotion, startClock } from './promotion.ts';
import { demandOf } from './sizing.ts';
import { isFound } from './traffic-policy.ts';
import { UNEXPOSED, type Candidate, type Rejected, type RolloutState, type Stable, type StartClock } from './state.ts';

/** One step of the candidate. */
export type Step = Pick<Decision, 'phase' | 'reason' | 'problem' | 'state' | 'moves' | 'recheckMs'>;

/**
 * Moves the candidate one step on: inspected, deployed, kept beside stable, switched to, or rejected.
 * Until promotion exists, a candidate without a gate takes over as soon as it is ready, and one with a gate stays beside stable (`SpecHonoured=False` says so).
 */
export function advance(facts: Facts, state: RolloutState, rejected: Rejected | undefined): Step {
  const { candidate } = state;
  if (candidate === undefined) return atRest(state, rejected);
  return candidate.stage === 'Inspecting' ? inspecting(facts, state, candidate) : deployed(facts, state, candidate, []);
}

function atRest(state: RolloutState, rejected: Rejected | undefined): Step {
  const base = { state, moves: [], recheckMs: undefined };
  const failed = state.latest?.failed;
  if (rejected === undefined && failed !== undefined) return { ...base, phase: 'Stable', reason: 'PollFailed', problem: { code: failed.code, message: failed.message, nextTryAtMs: state.latest?.nextCheckAtMs ?? 0 } };
  if (rejected === undefined) return { ...base, phase: 'Stable', reason: 'Settled', problem: undefined };
  return {
    ...base,
    phase: state.stable === undefined ? 'Initializing' : 'RolledBack',
    reason: rejected.reason,
    problem: { code: rejected.reason, message: rejected.message },
  };
}

/** Phase of a model whose candidate is still inspected. */
function waitingPhase(state: RolloutState): Phase {
  return state.stable === undefined ? 'Initializing' : 'Stable';
}

function inspecting(facts: Facts, state: RolloutState, candidate: Candidate & { stage: 'Inspecting' }): Step {
  const { nowMs, inspectionJob: job } = facts;
  const { repository, requested, startedAtMs } = candidate;
  const move = decideInspection({ nowMs, repository, requested, inspection: candidate.inspection, job });
  const phase = waitingPhase(state);
  switch (move.move) {
    case 'Wait': {
      const { inspection } = move;
      if (inspection.state === 'Error') {
        return { phase, reason: 'InspectionRetry', problem: { ...inspection.problem, nextTryAtMs: inspection.nextTryAtMs }, state, moves: [], recheckMs: move.recheckMs };
      }
      const problem = job.state === 'Running' && job.problem !== undefined ? job.problem : inspection.last;
      return { phase, reason: inspection.last === undefined ? 'Inspecting' : 'InspectionRetry', problem, state, moves: [], recheckMs: move.recheckMs };
    }
    case 'Errored': {
      const { attempt, problem, nextTryAtMs } = move.inspection;
      return {
        phase,
        reason: 'InspectionRetry',
        problem: { ...problem, nextTryAtMs },
        state: { ...state, candidate: { ...candidate, inspection: move.inspection } },
        moves: [{ move: 'InspectionErrored', requested, attempt, code: problem.code, message: problem.message, nextTryAtMs }],
        recheckMs: nextTryAtMs - nowMs,
      };
    }
    case 'Retry':
      return {
        phase,
        reason: 'InspectionRetry',
        problem: move.inspection.last,
        state: { ...state, candidate: { ...candidate, inspection: move.inspection } },
        moves: [{ move: 'InspectionStarted', requested, attempt: move.inspection.attempt }],
        recheckMs: undefined,
      };
    case 'Unchanged': {
      const next = resolvedUnchanged(facts.wanted, { ...state, candidate: undefined }, move.version, nowMs);
      return { ...atRest(next, rejectedLatest(facts.wanted, next)), moves: [{ move: 'NothingNewer', version: move.version, message: move.message }] };
    }
    case 'Fail':
      return reject(resolved(facts.wanted, state, move.version, nowMs), nowMs, { version: move.version, hash: move.hash, key: candidate.inspection.key, reason: move.reason, message: move.message });
    case 'Pass': {
      const passed: Move = { move: 'InspectionPassed', version: move.identity.version, message: move.message };
      const next: Candidate & { stage: 'Deployed' } = {
        stage: 'Deployed',
        identity: move.identity,
        inspectionKey: candidate.inspection.key,
        startedAtMs,
        deployedAtMs: nowMs,
        heldSinceMs: undefined,
        heldBy: undefined,
        message: move.message,
        report: move.report,
        ...UNEXPOSED,
      };
      return deployed(facts, resolved(facts.wanted, { ...state, candidate: next }, move.identity.version, nowMs), next, [passed]);
    }
  }
}

function deployed(facts: Facts, state: RolloutState, candidate: Candidate & { stage: 'Deployed' }, before: readonly Move[]): Step {
  const { identity } = candidate;
  const { nowMs, wanted } = facts;
  // The same package under another name or address: nothing to roll out, only to remember.
  if (state.stable?.hash === identity.hash) {
    return settled({ ...state, stable: { ...state.stable, ...identity }, candidate: undefined }, before);
  }
  if (state.stable !== undefined && isBesideStable(facts, { ...state, candidate })) return beside(facts, state, state.stable, candidate, before);
  // Who serves cannot be proven against: no verdict is possible, and without one nobody takes over.
  if (wanted.gate !== undefined && facts.selected !== shortHash(identity.hash) && servesUnknown(facts, state)) {
    const message = `The Service selects ${facts.selected ?? ''}, and neither status nor its Deployment says which version that is.`;
    return { phase: 'Initializing', reason: 'StableUnknown', problem: { code: 'StableUnknown', message }, state: { ...state, candidate }, moves: before, recheckMs: undefined };
  }
  const pods = facts.pods(identity.hash);
  const replicas = demandOf(facts, state.stable);
  const clock = startClock(candidate, pods, replicas, nowMs);
  const move = decidePromotion({ nowMs, deployedAtMs: clock.deployedAtMs, replicas, pods, mayReject: state.stable !== undefined, outageLeftMs: outageLeftMs(state.stable, nowMs) });
  switch (move.move) {
    case 'Switch': {
      const { state: next, move: switched } = promoted(state, identity, nowMs);
      return settled(next, [...before, switched]);
    }
    case 'Wait':
      return {
        phase: state.stable === undefined ? 'Initializing' : 'Promoting',
        reason: replicas === 0 ? 'ScaledToZero' : pods.problem === undefined ? 'StartingPods' : 'PodsFailing',
        problem: pods.problem,
        state: { ...state, candidate: { ...candidate, ...clock } },
        moves: [...before, ...heldUp(candidate, clock, pods)],
        recheckMs: move.recheckMs,
      };
    case 'Reject':
      return reject(state, nowMs, { version: identity.version, hash: identity.hash, key: candidate.inspectionKey ?? wanted.inspectionKey, reason: 'NotReady', message: move.message });
  }
}

/** A candidate that waits for its gate: stable answers, and what it is asked is mirrored, or the candidate answers the share that status says. */
function beside(facts: Facts, state: RolloutState, stable: Stable, candidate: Candidate & { stage: 'Deployed' }, before: readonly Move[]): Step {
  const { nowMs, wanted } = facts;
  const { identity } = candidate;
  const pods = facts.pods(identity.hash);
  const size = besideSize(facts, stable, candidate);
  const move = decideBeside({ nowMs, candidate, pods, size });
  if (move.move === 'Reject') return reject(state, nowMs, { version: identity.version, hash: identity.hash, key: candidate.inspectionKey ?? wanted.inspectionKey, reason: 'NotReady', message: move.message });
  const isUp = move.candidate.readyAtMs !== undefined && pods.ready > 0;
  const waiting = size === 0 ? 'ScaledToZero' : pods.problem === undefined ? 'StartingPods' : 'PodsFailing';
  const started: Move[] = move.move === 'ShadowStarted' ? [{ move: 'ShadowStarted', version: identity.version }] : heldUp(candidate, move.candidate, pods);
  const judged = judge(facts, move.candidate, isUp && isFound(facts, identity) && facts.pods(stable.hash).ready > 0);
  const rechecks = [move.move === 'Wait' ? move.recheckMs : undefined, judged.recheckMs].filter((ms) => ms !== undefined);
  return {
    phase: candidate.exposure.mode,
    reason: !isUp ? waiting : candidate.exposure.mode === 'Shadow' ? 'Shadowing' : 'CanaryStep',
    problem: isUp ? undefined : pods.problem,
    state: { ...state, candidate: judged.candidate },
    moves: [...before, ...started, ...judged.moves],
    recheckMs: rechecks.length === 0 ? undefined : Math.min(...rechecks),
  };
}

type Judged = Readonly<{ candidate: Candidate & { stage: 'Deployed' }; moves: readonly Move[]; recheckMs: number | undefined }>;

/** The gate's own step. It is written down and told; nothing moves on it yet. */
function judge({ nowMs, wanted, evaluationJob: job }: Facts, candidate: Candidate & { stage: 'Deployed' }, isUp: boolean): Judged {
  if (wanted.gate === undefined) return { candidate, moves: [], recheckMs: undefined };
  const { hash, version } = candidate.identity;
  const move = decideGate({ nowMs, wanted: wanted.gate, gate: candidate.gate, hash, job, isUp });
  const next = { candidate: { ...candidate, gate: move.gate }, recheckMs: move.recheckMs };
  switch (move.move) {
    case 'Wait':
      return { ...next, moves: [] };
    case 'Judged':
      return { ...next, moves: move.isNews ? [{ move: 'GateJudged', version, verdict: move.finding.verdict, reason: move.finding.reason, message: move.finding.message }] : [] };
    case 'Errored':
      return { ...next, moves: move.isNews ? [{ move: 'GateErrored', version, code: move.problem.code, message: move.problem.message, nextTryAtMs: move.nextRunAtMs }] : [] };
  }
}

/** Told when it begins, and when another cause takes its place. */
function heldUp(candidate: Candidate & { stage: 'Deployed' }, clock: StartClock, { problem }: VersionPods): Move[] {
  if (problem === undefined || clock.heldBy === undefined || clock.heldBy === candidate.heldBy) return [];
  return [{ move: 'CandidateHeld', version: candidate.identity.version, code: problem.code, message: problem.message }];
}

function settled(state: RolloutState, moves: readonly Move[]): Step {
  return { phase: 'Stable', reason: 'Settled', problem: undefined, state, moves, recheckMs: undefined };
}

function reject(state: RolloutState, nowMs: number, entry: Omit<Rejected, 'atMs'>): Step {
  const next = { ...state, candidate: undefined, rejected: withRejected(state.rejected, { ...entry, atMs: nowMs }) };
  return {
    phase: state.stable === undefined ? 'Initializing' : 'RolledBack',
    reason: entry.reason,
    problem: { code: entry.reason, message: entry.message },
    state: next,
    moves: [{ move: 'CandidateRejected', version: entry.version, reason: entry.reason, message: entry.message }],
    recheckMs: undefined,
  };
}
