import { ACTIONS } from '../../contracts/names.ts';
import type { Decision } from '../rollout/decision.ts';
import { DOWN_DEADLINE_MS } from '../rollout/beside.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './bounded-text.ts';
import { dueAt } from './due-at.ts';
import { heldUpLook } from './gate-condition.ts';

/** What a person reads in `kubectl get churn -o wide`: what is, and what happens next. */
export type StatusMessage = string;

function subjectOf(decision: Decision): string {
  const { candidate } = decision.state;
  if (candidate === undefined) return '';
  return candidate.stage === 'Inspecting' ? candidate.requested : candidate.identity.version;
}

function serving(decision: Decision): string {
  const { stable } = decision.state;
  return stable === undefined ? 'Nothing serves yet.' : `${stable.version} serves.`;
}

/** What a person can do about a rejection. */
function wayOn(decision: Decision): string {
  return decision.state.latest === undefined ? 'Set spec.model.version to another version' : 'Publish a newer version, which latest finds, or name one in spec.model.version';
}

/** How to ask again about the rejected version; it needs a hash, which a package that could not be read has none of. */
function retryHint(decision: Decision): string {
  const hash = decision.state.rejected.find((entry) => entry.message === decision.problem?.message)?.hash;
  return hash === undefined ? '' : `, or annotate ${ACTIONS.retry}=${hash.slice(0, 8)} to have it looked at again`;
}

/** Until promotion by the gate exists: what a person must know who waits for it. */
const GATE_NOTE = 'No verdict moves it: promotion by the gate comes with the next version of the operator.';

function weightOf({ state: { candidate } }: Decision): number {
  return candidate?.stage === 'Deployed' && candidate.exposure.mode === 'Canary' ? candidate.exposure.weight : 0;
}

/** What its pods are waited for. */
function onceReady({ phase }: Decision): string {
  switch (phase) {
    case 'Shadow':
      return 'requests are mirrored to it';
    case 'Canary':
      return 'its share of callers moves to it';
    default:
      return 'callers move';
  }
}

/** A candidate beside stable that has no ready pod, though it had. */
function goneDown({ phase, state: { candidate } }: Decision): Readonly<{ rejectedAt: string }> | undefined {
  const isBeside = phase === 'Shadow' || phase === 'Canary';
  if (!isBeside || candidate?.stage !== 'Deployed' || candidate.readyAtMs === undefined) return undefined;
  const { downSinceMs } = candidate;
  return { rejectedAt: downSinceMs === undefined ? '' : ` If none is ready by ${dueAt(downSinceMs + DOWN_DEADLINE_MS)}, it is rejected.` };
}

/** What the gate said, and when it says more. */
function gateSentence(decision: Decision): string {
  const { candidate } = decision.state;
  const gate = candidate?.stage === 'Deployed' ? candidate.gate : undefined;
  if (gate === undefined) return 'Its gate has not looked yet.';
  const { finding, passed } = gate;
  const since = passed === undefined || finding?.verdict === 'Pass' ? '' : `It passed its gate at ${dueAt(passed.atMs)}. `;
  const found = finding === undefined ? since.trim() : `${since}Gate: ${finding.verdict}: ${boundedText(finding.message, LONGEST_CAUSE_BYTES / 2)}`;
  const failed = gate.problem === undefined ? '' : `The gate could not look: ${gate.problem.code}: ${boundedText(gate.problem.message, LONGEST_CAUSE_BYTES / 3)}`;
  const heldUp = heldUpLook(decision);
  const sentences = [found, heldUp === undefined ? failed : `The gate's look is held up: ${heldUp.text}`].filter((sentence) => sentence !== '');
  return sentences.length === 0 ? 'Its gate has not found anything yet.' : sentences.join(' ');
}

/** One or two sentences: what happens now and what happens next. Nobody branches on them. */
export function messageOf(decision: Decision): StatusMessage {
  const version = subjectOf(decision);
  const { problem } = decision;
  const why = problem === undefined ? '' : ` ${problem.code}: ${boundedText(problem.message, LONGEST_CAUSE_BYTES)}`;
  const next = problem?.nextTryAtMs === undefined ? '' : ` Next try at ${dueAt(problem.nextTryAtMs)}.`;
  const down = goneDown(decision);
  switch (decision.reason) {
    case 'Settled':
      return serving(decision);
    case 'PollFailed':
      return `${serving(decision)} What latest is could not be found out.${why}${next}`;
    case 'Inspecting':
      return problem === undefined ? `Inspecting ${version}: digests, golden rows, offline gate. ${serving(decision)}` : `The inspection of ${version} cannot start.${why} ${serving(decision)}`;
    case 'InspectionRetry':
      return `The inspection of ${version} could not be finished.${why}${next === '' ? ' Trying again now.' : next} ${serving(decision)}`;
    case 'StartingPods':
      return down === undefined ? `Starting pods of ${version}; ${onceReady(decision)} when all are ready. ${serving(decision)}` : `No pod of ${version} is ready any more; ${onceReady(decision)} again when they are.${down.rejectedAt} ${serving(decision)}`;
    case 'StableUnknown':
      return `Status was lost. ${problem?.message ?? ''} It goes on serving, and ${version} waits, as it has a gate to pass beside it. Set spec.model.version to the version that serves, and back once that is Ready; or remove spec.rollout.gate.`;
    case 'ScaledToZero':
      return `spec.serving.replicas is 0: when it is raised, ${version} starts, and ${onceReady(decision)}. ${serving(decision)}`;
    case 'PodsFailing':
      return `Pods of ${version} do not become ready.${why}${down?.rejectedAt ?? ''} ${serving(decision)}`;
    case 'Shadowing':
      return `${version} is in Shadow: it gets a copy of what callers ask, and answers nobody. ${gateSentence(decision)} ${serving(decision)} ${GATE_NOTE}`;
    case 'CanaryStep':
      return `${version} answers ${weightOf(decision)} % of callers. ${gateSentence(decision)} ${serving(decision)} ${GATE_NOTE}`;
    case 'OfflineGateFailed':
    case 'SchemaIncompatible':
    case 'NotReady':
      return `Rejected: ${boundedText(problem?.message ?? decision.reason, LONGEST_CAUSE_BYTES)} ${serving(decision)} ${wayOn(decision)}${retryHint(decision)}.`;
  }
}
