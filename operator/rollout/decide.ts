import { LATEST } from '../../contracts/names.ts';
import { advance } from './advance.ts';
import { besideSize, besideStable, isBesideStable } from './beside.ts';
import { asCallersSee } from './callers.ts';
import type { Decision, DesiredVersion, Move } from './decision.ts';
import type { Facts, InspectionJob } from './facts.ts';
import { decidePrevious, drainLeftMs } from './previous.ts';
import { knownVersions, pollLatest, rejectedLatest, untilPollMs, type Try } from './latest.ts';
import { identityOf, unrecordedPromotion } from './promoted.ts';
import { decideAutoscaling, demandOf, isAutoscaled, sizeOf, stableSize } from './sizing.ts';
import { UNEXPOSED, type Candidate, type RolloutState } from './state.ts';
import { findTarget } from './target.ts';
import { decidePolicy, policyOf } from './traffic-policy.ts';
import { shortHash } from '../../contracts/digest.ts';

const ABSENT = { state: 'Absent' } as const;

/**
 * The next step of a rollout: the state to remember and what the cluster should look like.
 * Pure: the same facts give the same decision, so a crash between two writes is answered by deciding again.
 */
export function decide(facts: Facts): Decision {
  const unrecorded = unrecordedPromotion(facts);
  if (unrecorded === undefined) return decideNext({ ...facts, state: asCallersSee(facts) });
  const decision = decideNext({ ...facts, state: unrecorded.state, inspectionJob: ABSENT, evaluationJob: ABSENT });
  return { ...decision, moves: [unrecorded.move, ...decision.moves] };
}

function decideNext(facts: Facts): Decision {
  const aimed = aim(facts);
  // A report belongs to the candidate whose Job it is: one that takes its place starts with none (DESIGN section 4, invariant 4).
  const inspectionJob: InspectionJob = aimed.state.candidate === facts.state.candidate ? facts.inspectionJob : ABSENT;
  const polled = pollLatest({ ...facts, inspectionJob }, aimed.state);
  const step = advance({ ...facts, inspectionJob, evaluationJob: polled.state.candidate === facts.state.candidate ? facts.evaluationJob : ABSENT }, polled.state, aimed.rejected ?? rejectedLatest(facts.wanted, polled.state));
  const cleaned = cleanPrevious(facts, withPolicy(facts, step.state));
  const untilNextMs = polled.running === undefined ? untilPollMs(facts.wanted, cleaned.state, facts.nowMs) : undefined;
  const unrecorded = unrecordedOf(facts, cleaned.state);
  const { stable, candidate } = cleaned.state;
  const isCanary = candidate?.stage === 'Deployed' && candidate.exposure.mode === 'Canary' && isBesideStable(facts, cleaned.state);
  const autoscaling = decideAutoscaling(facts, stable, stable === undefined ? unrecorded : shortHash(stable.hash), isCanary);
  const rechecks = [step.recheckMs, cleaned.recheckMs, untilNextMs, autoscaling.recheckMs].filter((ms) => ms !== undefined);
  return {
    phase: step.phase,
    reason: step.reason,
    problem: step.problem,
    state: cleaned.state,
    inspection: inspectionOf(facts, cleaned.state, polled.running),
    evaluation: evaluationOf(facts, cleaned.state),
    versions: desiredVersions(facts, cleaned.state, cleaned.drained),
    selected: stable?.hash,
    unrecorded,
    autoscaler: autoscaling.autoscaler,
    holding: autoscaling.holding,
    policy: policyOf(cleaned.state.policy),
    besideStable: besideStable(facts, cleaned.state),
    moves: [...aimed.moves, ...polled.moves, ...step.moves, ...cleaned.moves],
    recheckMs: rechecks.length === 0 ? undefined : Math.min(...rechecks),
  };
}

function withPolicy(facts: Facts, state: RolloutState): RolloutState {
  return { ...state, policy: decidePolicy(facts, state, isBesideStable(facts, state)) };
}

type Aimed = Readonly<{ state: RolloutState; moves: readonly Move[]; rejected: RolloutState['rejected'][number] | undefined }>;

/** Makes the candidate of the state the one that `spec` asks for. */
function aim(facts: Facts): Aimed {
  const { wanted, nowMs } = facts;
  const state: RolloutState = wanted.requested === LATEST ? facts.state : { ...facts.state, latest: undefined };
  const target = findTarget(wanted, state, nowMs);
  const aborted: Move[] = state.candidate === undefined ? [] : [{ move: 'CandidateAborted', version: versionOf(state.candidate) }];
  switch (target.target) {
    case 'Candidate':
      return { state, moves: [], rejected: undefined };
    case 'Stable':
      return { state: { ...state, candidate: undefined }, moves: aborted, rejected: undefined };
    case 'Rejected':
      return { state: { ...state, candidate: undefined }, moves: aborted, rejected: target.rejected };
    case 'Previous': {
      const identity = { ...identityOf(target.previous), requested: wanted.requested };
      const candidate: Candidate = { stage: 'Deployed', identity, inspectionKey: undefined, startedAtMs: nowMs, deployedAtMs: nowMs, heldSinceMs: undefined, heldBy: undefined, message: undefined, report: undefined, ...UNEXPOSED };
      return { state: { ...state, candidate }, moves: [...aborted, { move: 'ReturnedToPrevious', version: identity.version }], rejected: undefined };
    }
    case 'New': {
      const candidate: Candidate = {
        stage: 'Inspecting',
        repository: wanted.repository,
        requested: wanted.requested,
        startedAtMs: nowMs,
        inspection: { key: wanted.inspectionKey, attempt: 1, state: 'Running', last: undefined },
      };
      return { state: { ...state, candidate }, moves: [...aborted, { move: 'InspectionStarted', requested: wanted.requested, attempt: 1 }], rejected: undefined };
    }
  }
}

function versionOf(candidate: Candidate): string {
  return candidate.stage === 'Inspecting' ? candidate.requested : candidate.identity.version;
}

type Cleaned = Readonly<{ state: RolloutState; drained: boolean; moves: readonly Move[]; recheckMs: number | undefined }>;

/** Drains, keeps or removes the version before; one that comes back is left alone. */
function cleanPrevious(facts: Facts, state: RolloutState): Cleaned {
  const { previous, candidate } = state;
  if (previous === undefined) return { state, drained: false, moves: [], recheckMs: undefined };
  if (candidate?.stage === 'Deployed' && candidate.identity.hash === previous.hash) return { state, drained: false, moves: [], recheckMs: drainLeftMs(previous, facts.nowMs) || undefined };
  const move = decidePrevious(previous, facts.wanted.rollbackWindowMs, facts.nowMs);
  // The autoscaler has not left it yet: until then its size is not ours to write.
  if (move.move !== 'Drain' && isAutoscaled(facts, previous.hash)) return { state, drained: false, moves: [], recheckMs: undefined };
  switch (move.move) {
    case 'Drain':
      return { state, drained: false, moves: [], recheckMs: move.recheckMs };
    case 'Keep': {
      const size = facts.pods(previous.hash).requested;
      const moves: Move[] = size !== undefined && size > 0 ? [{ move: 'PreviousDrained', version: previous.version }] : [];
      return { state, drained: true, moves, recheckMs: move.recheckMs };
    }
    case 'Remove':
      return { state: { ...state, previous: undefined }, drained: true, moves: [{ move: 'PreviousRemoved', version: previous.version }], recheckMs: undefined };
  }
}

function desiredVersions(facts: Facts, state: RolloutState, drained: boolean): readonly DesiredVersion[] {
  const { stable, candidate, previous } = state;
  const versions = new Map<string, DesiredVersion>();
  // While it drains, the version before keeps the size it has; it is never made larger.
  if (previous !== undefined) {
    const replicas = drained ? 0 : (facts.pods(previous.hash).requested ?? 0);
    versions.set(previous.hash, { identity: previous, replicas: sizeOf(facts, previous.hash, replicas) });
  }
  if (candidate?.stage === 'Deployed') {
    const { identity } = candidate;
    const demand = stable !== undefined && isBesideStable(facts, state) ? besideSize(facts, stable, candidate) : demandOf(facts, stable);
    // One that comes back in the middle of its drain still has callers of its own.
    const callers = previous?.hash === identity.hash && drainLeftMs(previous, facts.nowMs) > 0 ? (facts.pods(identity.hash).requested ?? 0) : 0;
    versions.set(identity.hash, { identity, replicas: sizeOf(facts, identity.hash, Math.max(demand, callers)) });
  }
  if (stable !== undefined) versions.set(stable.hash, { identity: stable, replicas: stableSize(facts, stable) });
  return [...versions.values()];
}

/** A status that was lost must not take down what serves, ready at this moment or not (DESIGN section 4, invariants 1 and 7). */
function unrecordedOf(facts: Facts, state: RolloutState): string | undefined {
  if (state.stable !== undefined || facts.selected === undefined) return undefined;
  return facts.pods(facts.selected).requested === undefined ? undefined : facts.selected;
}

/**
 * The evaluation that should run: the gate's, while the candidate is beside stable. Its name is made of what the status remembers, so that a run is
 * written down first: a crash in between makes no second Job.
 */
function evaluationOf(facts: Facts, state: RolloutState): Decision['evaluation'] {
  const { stable, candidate } = state;
  if (stable === undefined || candidate?.stage !== 'Deployed' || candidate.gate?.state !== 'Running' || !isBesideStable(facts, state)) return undefined;
  const { identity, gate, startedAtMs, readyAtMs } = candidate;
  const remembered = facts.state.candidate;
  if (remembered?.stage !== 'Deployed' || remembered.startedAtMs !== startedAtMs || remembered.identity.hash !== identity.hash || remembered.gate?.run !== gate.run) return undefined;
  const { evaluationJob: job } = facts;
  return { candidate: identity, stable: identityOf(stable), startedAtMs, run: gate.run, sinceMs: readyAtMs ?? startedAtMs, lastLook: gate.finding, heldUpBy: job.state === 'Running' ? job.problem : undefined };
}

/**
 * The Job that should run. Its name is made of what the status remembers, so a new candidate is written down first
 * and inspected at the next look: a crash in between makes no second Job.
 */
function inspectionOf({ wanted, state: { candidate: remembered } }: Facts, state: RolloutState, poll: Try | undefined): Decision['inspection'] {
  const known = knownVersions(wanted, state);
  if (poll !== undefined) return { ...poll, repository: wanted.repository, requested: wanted.requested, known, poll: true };
  const { candidate } = state;
  if (remembered?.stage !== 'Inspecting' || remembered.startedAtMs !== candidate?.startedAtMs) return undefined;
  if (candidate?.stage !== 'Inspecting' || candidate.inspection.state !== 'Running') return undefined;
  const { repository, requested, startedAtMs, inspection } = candidate;
  return { key: inspection.key, attempt: inspection.attempt, repository, requested, startedAtMs, known, poll: false };
}
