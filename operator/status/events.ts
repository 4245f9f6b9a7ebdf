import type { Move } from '../rollout/decision.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './bounded-text.ts';
import { dueAt } from './due-at.ts';

/** What an event says; the recorder adds the rest. */
export type EventText = Readonly<{ type: 'Normal' | 'Warning'; reason: string; action: string; note: string }>;

/** The code itself is what people look for, where it is one word. */
function reasonOf(code: string, otherwise: string): string {
  return /^[A-Za-z]+$/.test(code) ? code : otherwise;
}

/** The event of a move. */
export function eventOf(move: Move): EventText {
  switch (move.move) {
    case 'InspectionStarted':
      return { type: 'Normal', reason: 'Inspecting', action: 'Inspect', note: `Inspecting ${move.requested}${move.attempt === 1 ? '' : `, try ${move.attempt}`}` };
    case 'InspectionErrored':
      return { type: 'Warning', reason: reasonOf(move.code, 'InspectionError'), action: 'Inspect', note: `Try ${move.attempt} for ${move.requested}: ${move.code}: ${boundedText(move.message, LONGEST_CAUSE_BYTES)} Next try at ${dueAt(move.nextTryAtMs)}` };
    case 'InspectionPassed':
      return { type: 'Normal', reason: 'Inspected', action: 'Inspect', note: move.message };
    case 'NothingNewer':
      return { type: 'Normal', reason: 'NothingNewer', action: 'Inspect', note: move.message };
    case 'NewerVersion':
      return { type: 'Normal', reason: 'NewerVersion', action: 'Poll', note: `latest is ${move.version} now` };
    case 'PollErrored':
      return { type: 'Warning', reason: reasonOf(move.code, 'PollFailed'), action: 'Poll', note: `latest could not be resolved: ${move.code}: ${boundedText(move.message, LONGEST_CAUSE_BYTES)} Next try at ${dueAt(move.nextTryAtMs)}, then backing off; told again only when the cause changes` };
    case 'CandidateAborted':
      return { type: 'Normal', reason: 'Aborted', action: 'Abort', note: `${move.version} is no longer wanted` };
    case 'CandidateHeld':
      return { type: 'Warning', reason: reasonOf(move.code, 'PodsFailing'), action: 'Start', note: `Pods of ${move.version} do not become ready: ${move.code}: ${boundedText(move.message, LONGEST_CAUSE_BYTES)}` };
    case 'ShadowStarted':
      return { type: 'Normal', reason: 'Shadowing', action: 'Mirror', note: `${move.version} is ready beside stable: requests are mirrored to it` };
    case 'GateJudged':
      return { type: move.verdict === 'Fail' ? 'Warning' : 'Normal', reason: move.reason, action: 'Evaluate', note: `${move.version}: ${move.verdict}: ${move.message}` };
    case 'GateErrored':
      return { type: 'Warning', reason: reasonOf(move.code, 'EvaluationBroken'), action: 'Evaluate', note: `The gate could not look at ${move.version}: ${move.code}: ${boundedText(move.message, LONGEST_CAUSE_BYTES)} Next try at ${dueAt(move.nextTryAtMs)}, then backing off; told again only when the cause changes` };
    case 'CandidateRejected':
      return { type: 'Warning', reason: move.reason, action: 'Reject', note: `${move.version} is rejected: ${move.message}` };
    case 'Promoted':
      return { type: 'Normal', reason: 'Promoted', action: 'Promote', note: promotedNote(move) };
    case 'StableRebuilt':
      return { type: 'Warning', reason: 'StableRebuilt', action: 'Observe', note: `status did not say that ${move.version} serves; its Deployment, which the Service selects, did. Verdicts and rejections that status had are found out again` };
    case 'ReturnedToPrevious':
      return { type: 'Normal', reason: 'ReturnedToPrevious', action: 'RollBack', note: `Going back to ${move.version} within the rollback window, without gates` };
    case 'PreviousDrained':
      return { type: 'Normal', reason: 'Drained', action: 'ScaleDown', note: `${move.version} drained and goes to zero replicas; it can come back within the rollback window` };
    case 'PreviousRemoved':
      return { type: 'Normal', reason: 'RollbackWindowOver', action: 'Remove', note: `${move.version} is removed: the rollback window is over` };
  }
}

function promotedNote({ version, from, wasDown }: Extract<Move, { move: 'Promoted' }>): string {
  if (from === undefined) return `${version} is ready and answers callers`;
  return wasDown ? `no pod of ${from} was ready; callers move to ${version}` : `${version} is ready; callers move from ${from}`;
}
