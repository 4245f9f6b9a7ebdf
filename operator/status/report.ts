import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import type { ChurnModelStatus, Condition, RetentionRun } from '../../contracts/churn-model/status.ts';
import type { Decision, Reason } from '../rollout/decision.ts';
import type { LiveAutoscaler, VersionPods } from '../rollout/facts.ts';
import { boundedText, LONGEST_CAUSE_BYTES, LONGEST_MESSAGE_BYTES } from './bounded-text.ts';
import { mergeConditions, type ConditionDraft } from './conditions.ts';
import { messageOf } from './message.ts';
import { instant } from './instant.ts';
import { rolloutRecord } from './rollout-record.ts';
import type { Spread } from './policy-spread.ts';
import { gateConditions, shownAUC } from './gate-condition.ts';
import { fieldsWithoutEffect, promotionNote } from './spec-honoured.ts';

/** A child that could not be brought to what is wanted. */
export type ChildProblem = Readonly<{ reason: 'NameConflict' | 'ApplyRefused' | 'ApplyFailed' | 'ChildTerminating' | 'SecretUnreadable'; message: string }>;

export type ReportInput = Readonly<{
  nowMs: number;
  generation: number;
  spec: ChurnModelSpec;
  decision: Decision;
  /** Pods of the stable version. */
  stablePods: VersionPods | undefined;
  /** Pods that are needed to answer all callers. */
  replicas: number;
  /** What was asked for, and the autoscaler as it is; undefined: the size is a number. */
  autoscaling: Readonly<{ maxReplicas: number; live: LiveAutoscaler | undefined }> | undefined;
  problems: readonly ChildProblem[];
  /** The newest run of the retention Job that is still to be seen. */
  retention: RetentionRun | undefined;
  /** How far the traffic policy has come. */
  spread: Spread;
  /** Whether the Service that is there selects the stable version. */
  serviceSelects: boolean;
  stored: ChurnModelStatus | undefined;
}>;

/** All problems as one, for a condition: the first gives the reason. */
export function joinedProblem(problems: readonly ChildProblem[]): ChildProblem | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  return { reason: first.reason, message: boundedText(problems.map((problem) => problem.message).join(' '), LONGEST_MESSAGE_BYTES) };
}

function readyCondition(input: ReportInput): ConditionDraft {
  const { decision, stablePods, replicas } = input;
  const { stable } = decision.state;
  const conflict = joinedProblem(input.problems);
  if (stable === undefined) {
    return { type: 'Ready', status: 'False', reason: conflict?.reason ?? decision.reason, message: conflict?.message ?? messageOf(decision) };
  }
  if (!input.serviceSelects) return { type: 'Ready', status: 'False', reason: conflict?.reason ?? 'ServiceNotSwitched', message: conflict?.message ?? `the Service does not select ${stable.version} yet` };
  if (replicas === 0) return { type: 'Ready', status: 'False', reason: 'ScaledToZero', message: 'spec.serving.replicas is 0: nobody answers' };
  if (stablePods === undefined || stablePods.ready === 0) {
    const why = stablePods?.problem === undefined ? '' : `: ${stablePods.problem.code}: ${stablePods.problem.message}`;
    return { type: 'Ready', status: 'False', reason: 'NoReadyPods', message: `no pod of ${stable.version} is ready${why}` };
  }
  return { type: 'Ready', status: 'True', reason: 'StableServes', message: `${stable.version} answers callers` };
}

function availableCondition(input: ReportInput): ConditionDraft {
  const { stablePods, replicas, decision } = input;
  const { stable } = decision.state;
  if (stable === undefined || stablePods === undefined) return { type: 'Available', status: 'False', reason: 'NoStableVersion', message: 'no version serves yet' };
  const message = `${Math.min(stablePods.ready, replicas)} of ${replicas} pods of ${stable.version} are ready`;
  if (stablePods.ready >= replicas) return { type: 'Available', status: 'True', reason: 'AllReady', message };
  const why = stablePods.problem === undefined ? '' : `: ${stablePods.problem.code}: ${stablePods.problem.message}`;
  return { type: 'Available', status: 'False', reason: 'PodsMissing', message: `${message}${why}` };
}

/** Only under autoscaling. The rollout goes on whatever it says: pods that are there answer. */
function scalingConditions({ autoscaling, replicas }: ReportInput): readonly ConditionDraft[] {
  if (autoscaling === undefined) return [];
  const { live, maxReplicas } = autoscaling;
  if (live === undefined) return [{ type: 'ScalingActive', status: 'False', reason: 'NoAutoscaler', message: 'there is no HorizontalPodAutoscaler yet: it comes once a version serves' }];
  const { status, reason, message } = live.scaling;
  switch (status) {
    case 'False':
      return [{ type: 'ScalingActive', status, reason, message: `the number of pods stays at ${replicas}: ${message}. CPU figures come from metrics-server: kubectl top pods must show them` }];
    case 'Unknown':
      return [{ type: 'ScalingActive', status, reason, message: `the HorizontalPodAutoscaler: ${message}` }];
    case 'True':
      return [{ type: 'ScalingActive', status, reason, message: reason === 'AtMaximum' ? `more pods are needed than maxReplicas (${maxReplicas}) allows` : 'the HorizontalPodAutoscaler sizes the stable version' }];
  }
}

/** Where a model may stand for weeks, whatever becomes of a candidate. Otherwise a step is under way, which ends soon and is what a person waits for. */
const LASTING: ReadonlySet<Reason> = new Set(['Settled', 'PollFailed', 'Shadowing', 'CanaryStep', 'OfflineGateFailed', 'SchemaIncompatible', 'NotReady']);

/**
 * Stable's pods are replaced in place by ones of another template (an image, a resource, a Secret's name), and a new one does not come; undefined: none is
 * missing. Callers keep the old ones, so that nothing else would tell. A roll that goes well is over in seconds and costs no status.
 */
export function stuckRoll({ decision, stablePods }: Pick<ReportInput, 'decision' | 'stablePods'>): Readonly<{ reason: string; message: string }> | undefined {
  const { stable } = decision.state;
  if (stable === undefined || !LASTING.has(decision.reason) || stablePods?.problem === undefined || stablePods.outdated === 0) return undefined;
  const { outdated, problem } = stablePods;
  const what = `${outdated} ${outdated === 1 ? 'pod' : 'pods'} of ${stable.version} with former settings ${outdated === 1 ? 'is' : 'are'} still to be replaced.`;
  return { reason: reasonWord(problem.code, 'RollingPods'), message: `${what} A new one does not become ready: ${problem.code}: ${boundedText(problem.message, LONGEST_CAUSE_BYTES)}` };
}

function progressingCondition(input: ReportInput): ConditionDraft {
  const { decision } = input;
  const rolling = stuckRoll(input);
  const conflict = joinedProblem(input.problems);
  if (conflict !== undefined) return { type: 'Progressing', status: 'False', reason: conflict.reason, message: conflict.message };
  if (rolling !== undefined) return { type: 'Progressing', status: 'True', ...rolling };
  return { type: 'Progressing', status: decision.state.candidate === undefined ? 'False' : 'True', reason: progressReason(decision), message: messageOf(decision) };
}

/** The word of the decision; while something outside holds it up, the code of that is what a person looks for. */
function progressReason(decision: Decision): string {
  if ((decision.reason === 'InspectionRetry' || decision.reason === 'PollFailed' || decision.reason === 'PodsFailing' || decision.reason === 'Inspecting') && decision.problem !== undefined) {
    return reasonWord(decision.problem.code, decision.reason);
  }
  return decision.reason;
}

/** A code where it has the form of a reason. */
function reasonWord(code: string, otherwise: string): string {
  return /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(code) ? code : otherwise;
}

function honouredCondition(spec: ChurnModelSpec): ConditionDraft {
  const fields = [...fieldsWithoutEffect(spec), promotionNote(spec)];
  return { type: 'SpecHonoured', status: 'False', reason: 'FieldsWithoutEffect', message: `no effect yet: ${fields.join(', ')}` };
}

/** What is known of retention: a run whose Job is gone is remembered. Undefined where nothing expires. */
function retentionOf({ spec, retention, stored }: ReportInput): RetentionRun | undefined {
  if (!isRetained(spec)) return undefined;
  const known = stored?.retention;
  if (retention === undefined || (known?.startedAt !== undefined && known.startedAt > (retention.startedAt ?? ''))) return known;
  return { ...retention, message: boundedText(retention.message, LONGEST_MESSAGE_BYTES) };
}

function isRetained({ retention }: ChurnModelSpec): boolean {
  return retention?.raw !== undefined || retention?.predictions !== undefined || retention?.evaluations !== undefined;
}

function retentionCondition(input: ReportInput): readonly ConditionDraft[] {
  if (!isRetained(input.spec)) return [];
  const run = retentionOf(input);
  if (run === undefined) return [{ type: 'RetentionScheduled', status: 'True', reason: 'NotRunYet', message: 'a daily Job deletes what is expired; it has not run yet' }];
  if (run.outcome === 'Failed') return [{ type: 'RetentionScheduled', status: 'False', reason: run.reason, message: run.message }];
  // Without figures: a condition must not change every day.
  return [{ type: 'RetentionScheduled', status: 'True', reason: 'LastRunDone', message: 'the newest run deleted all that was expired; see status.retention' }];
}

/** The whole status. Two calls with equal facts give equal documents but for the transition times of conditions that moved. */
export function statusOf(input: ReportInput): ChurnModelStatus {
  const { decision, problems } = input;
  const drafts = [readyCondition(input), availableCondition(input), progressingCondition(input), ...scalingConditions(input), ...gateConditions(decision), ...(input.spread.condition === undefined ? [] : [input.spread.condition]), ...retentionCondition(input), honouredCondition(input.spec)];
  const conditions: Condition[] = mergeConditions(drafts, input.stored?.conditions ?? [], input.generation, instant(input.nowMs));
  const auc = shownAUC(decision);
  const record = rolloutRecord(decision.state);
  const conflict = joinedProblem(problems);
  const rolling = stuckRoll(input);
  const retention = retentionOf(input);
  return {
    observedGeneration: input.generation,
    phase: decision.state.stable === undefined && conflict !== undefined ? 'Pending' : decision.phase,
    message: boundedText(conflict?.message ?? (rolling === undefined ? messageOf(decision) : `${messageOf(decision)} ${rolling.message}`), LONGEST_MESSAGE_BYTES),
    ...(auc === undefined ? {} : { auc: auc.toFixed(3) }),
    conditions,
    ...record,
    ...(record.traffic === undefined ? {} : { traffic: { ...record.traffic, ...input.spread.read } }),
    ...(retention === undefined ? {} : { retention }),
  };
}

/** Status of an object that cannot be worked on (its spec cannot be read, rights are missing): that is told, nothing is touched, and what was known stays. */
export function untouchedStatus(input: { nowMs: number; generation: number; reason: 'InvalidSpec' | 'RightsMissing'; message: string; stored: ChurnModelStatus | undefined }): ChurnModelStatus {
  const { stored, reason } = input;
  const message = boundedText(input.message, LONGEST_MESSAGE_BYTES);
  const draft = (type: ConditionDraft['type']): ConditionDraft => ({ type, status: 'False', reason, message });
  const untouched = (stored?.conditions ?? []).filter(({ type, status }) => type !== 'Progressing' && !(type === 'Ready' && status !== 'True'));
  const drafts = untouched.some(({ type }) => type === 'Ready') ? [draft('Progressing')] : [draft('Ready'), draft('Progressing')];
  return {
    ...stored,
    observedGeneration: input.generation,
    phase: stored?.phase ?? 'Pending',
    message,
    conditions: [...untouched, ...mergeConditions(drafts, stored?.conditions ?? [], input.generation, instant(input.nowMs))],
  };
}
