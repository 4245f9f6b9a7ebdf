import type { Decision } from '../rollout/decision.ts';
import type { GatePass, GateState } from '../rollout/state.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './bounded-text.ts';
import type { ConditionDraft } from './conditions.ts';
import { dueAt } from './due-at.ts';

/** The gate of the candidate beside stable; undefined while there is none. */
function gateOf({ state, besideStable }: Decision): Readonly<{ gate: GateState | undefined }> | undefined {
  return besideStable === undefined || state.candidate?.stage !== 'Deployed' ? undefined : { gate: state.candidate.gate };
}

function draft(status: ConditionDraft['status'], reason: string, message: string): ConditionDraft {
  return { type: 'GatePassed', status, reason, message };
}

/** What keeps the look that is to be taken now from getting on; undefined: nothing that is seen. */
export function heldUpLook({ evaluation }: Decision): Readonly<{ code: string; text: string }> | undefined {
  const problem = evaluation?.heldUpBy;
  return problem === undefined ? undefined : { code: problem.code, text: `${problem.code}: ${boundedText(problem.message, LONGEST_CAUSE_BYTES / 2)}` };
}

/** `GatePassed`, while a candidate is beside stable. A Pass stands through looks that could not be taken (DESIGN section 4, invariant 5). */
export function gateConditions(decision: Decision): readonly ConditionDraft[] {
  const found = gateOf(decision);
  if (found === undefined) return [];
  const { gate } = found;
  const heldUp = heldUpLook(decision);
  const trouble = heldUp === undefined ? failedLook(gate) : { code: heldUp.code, text: `the newest look is held up: ${heldUp.text}` };
  const finding = gate?.finding;
  if (finding !== undefined) {
    const newest = `${finding.verdict}: ${boundedText(finding.message, LONGEST_CAUSE_BYTES)}${trouble === undefined ? '' : ` (${trouble.text})`}`;
    return [gate?.passed === undefined ? draft('False', finding.reason, newest) : draft('True', gate.passed.reason, finding.verdict === 'Pass' ? newest : latched(gate.passed, newest))];
  }
  if (trouble !== undefined) return [draft('Unknown', reasonOf(trouble.code), trouble.text)];
  return [gate?.state === 'Running' ? draft('Unknown', 'Evaluating', 'the first look is being taken') : draft('Unknown', 'NotLookedYet', 'the gate looks once the pods of both sides are ready')];
}

function latched({ atMs, message }: GatePass, newest: string): string {
  return `passed at ${dueAt(atMs)}: ${boundedText(message, LONGEST_CAUSE_BYTES / 2)} This stands until a look ends in Fail; the newest was ${newest}`;
}

function failedLook(gate: GateState | undefined): Readonly<{ code: string; text: string }> | undefined {
  if (gate?.problem === undefined) return undefined;
  const { code, message } = gate.problem;
  const next = gate.state === 'Resting' && gate.nextRunAtMs !== undefined ? ` Next try at ${dueAt(gate.nextRunAtMs)}.` : '';
  return { code, text: `the newest look could not be taken: ${code}: ${boundedText(message, LONGEST_CAUSE_BYTES / 2)}${next}` };
}

function reasonOf(code: string): string {
  return /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(code) ? code : 'EvaluationBroken';
}

/** ROC AUC that people look for: the gate's while a candidate is measured, else what stable had on its test set. */
export function shownAUC(decision: Decision): number | undefined {
  return gateOf(decision)?.gate?.finding?.auc?.value ?? decision.state.stable?.testAUC;
}
