import type { Decision } from '../rollout/decision.ts';
import type { GateState } from '../rollout/state.ts';
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

/** `GatePassed`, while a candidate is beside stable. A Pass stands through looks that could not be taken (DESIGN section 4, invariant 5). */
export function gateConditions(decision: Decision): readonly ConditionDraft[] {
  const found = gateOf(decision);
  if (found === undefined) return [];
  const { gate } = found;
  if (gate === undefined) return [draft('Unknown', 'NotLookedYet', 'the gate looks once the pods of both sides are ready')];
  const { finding, problem } = gate;
  const next = gate.state === 'Resting' && gate.nextRunAtMs !== undefined ? ` Next try at ${dueAt(gate.nextRunAtMs)}.` : '';
  const failed = problem === undefined ? '' : `the newest look could not be taken: ${problem.code}: ${boundedText(problem.message, LONGEST_CAUSE_BYTES / 2)}${next}`;
  if (finding === undefined) return [problem === undefined ? draft('Unknown', 'Evaluating', 'the first look is being taken') : draft('Unknown', reasonOf(problem.code), failed)];
  const message = `${finding.verdict}: ${boundedText(finding.message, LONGEST_CAUSE_BYTES)}${failed === '' ? '' : ` (${failed})`}`;
  return [draft(finding.verdict === 'Pass' ? 'True' : 'False', finding.reason, message)];
}

function reasonOf(code: string): string {
  return /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(code) ? code : 'EvaluationBroken';
}

/** ROC AUC that people look for: the gate's while a candidate is measured, else what stable had on its test set. */
export function shownAUC(decision: Decision): number | undefined {
  return gateOf(decision)?.gate?.finding?.auc?.value ?? decision.state.stable?.testAUC;
}
