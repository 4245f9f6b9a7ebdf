import type { Caches } from './caches.ts';
import type { ChildrenWriter } from './children.ts';
import { CHURN_MODELS, type StoredChurnModel } from './observation/kinds.ts';
import { stablePodsOf } from './observation/asked-pods.ts';
import { observe, type Observation } from './observation/observe.ts';
import { LABELS } from '../contracts/names.ts';
import { shortHash } from '../contracts/digest.ts';
import { ChurnModelStatus, type RetentionRun } from '../contracts/churn-model/status.ts';
import { withoutSwitch } from './rollout/callers.ts';
import { decide } from './rollout/decide.ts';
import { demandOf } from './rollout/sizing.ts';
import type { Decision, Move } from './rollout/decision.ts';
import type { ApiClient } from './runtime/api-client.ts';
import type { ApiError } from './runtime/api-error.ts';
import type { Clock } from './runtime/clock.ts';
import type { EventRecorder } from './runtime/event-recorder.ts';
import { keyOf, refOfKey } from './runtime/kube-object.ts';
import type { Reconcile, ReconcileContext, ReconcileResult } from './runtime/reconciler-loop.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './status/bounded-text.ts';
import { eventOf } from './status/events.ts';
import { spreadOf, type Spread } from './status/policy-spread.ts';
import { joinedProblem, statusOf, stuckRoll, untouchedStatus, type ChildProblem } from './status/report.ts';
import type { TrafficReader } from './traffic/traffic-reader.ts';

/** Value of the labels `controller` and `name` in metrics and logs; alerts name it. */
export const CONTROLLER = 'churnmodel';

/** A safety net under the watch event that ends staleness. */
const STALE_RECHECK_MS = 1000;
/** Foreign objects bear no label of ours, so no watch tells when they go. */
const PROBLEM_RECHECK_MS = 30_000;
/** Tries that fail in a row before status and event say so: by then it is no hiccup. */
const TOLD_AFTER_FAILURES = 3;
/** No watch tells when the CRD was brought up to date; a newer operator begins anew. */
const UNREADABLE_RECHECK_MS = 300_000;

export type ControllerParts = Readonly<{ client: ApiClient; caches: Caches; children: ChildrenWriter; events: EventRecorder; clock: Clock; traffic: Pick<TrafficReader, 'follow' | 'forget' | 'view'> }>;

/** Reconciles one ChurnModel: observe -> decide -> apply -> report. */
export function churnModelReconciler(parts: ControllerParts): Reconcile {
  return async (key, context) => reconcile(parts, key, context);
}

async function reconcile(parts: ControllerParts, key: string, context: ReconcileContext): Promise<ReconcileResult> {
  const { caches, clock } = parts;
  const ref = refOfKey(key);
  const model = caches.models.get(ref);
  // Its children go with it: they are owned, and there is no finalizer (DESIGN section 4, invariant 9).
  if (model === undefined || model.metadata.deletionTimestamp !== undefined) {
    parts.traffic.forget(key);
    return {};
  }
  const copies = caches.stateOf(ref.namespace);
  if (copies === 'Waiting') return { requeueAfterMs: STALE_RECHECK_MS };
  if (copies === 'Refused') {
    await tellRightsMissing(parts, model, context.signal);
    return { requeueAfterMs: PROBLEM_RECHECK_MS };
  }
  if (caches.isStale(ref, model.metadata.uid)) return { requeueAfterMs: STALE_RECHECK_MS };
  const observation = observe(model, caches.childrenOf(ref, model.metadata.uid), clock.nowMs());
  if (!observation.readable) {
    const { generation, problem, stored, part } = observation;
    context.logger.error({ part, problem }, 'unreadable');
    // A status of another schema is left as it is: it holds progress that some version of us can read.
    if (part === 'status') {
      parts.events.record({ regarding: model, type: 'Warning', reason: 'UnreadableStatus', action: 'Observe', note: problem });
      return { requeueAfterMs: UNREADABLE_RECHECK_MS };
    }
    const message = `spec cannot be read: ${boundedText(problem, LONGEST_CAUSE_BYTES)} Correct it and apply again; what runs is left alone.`;
    await writeStatus(parts, model, untouchedStatus({ nowMs: clock.nowMs(), generation, reason: 'InvalidSpec', message, stored }), context.signal);
    return {};
  }
  return bringAbout(parts, model, observation, context);
}

/** Moves that have not happened where the Service was not written. */
const AFTER_SWITCH: readonly Move['move'][] = ['Promoted', 'PreviousDrained', 'PreviousRemoved'];

/** Told once, in status and event; the model is not looked at without what it is made of. */
async function tellRightsMissing(parts: ControllerParts, model: StoredChurnModel, signal: AbortSignal): Promise<void> {
  const stored = ChurnModelStatus.safeParse(model.status ?? {});
  if (!stored.success) return;
  const message = `The operator's account may not list and watch all it needs in namespace ${model.metadata.namespace ?? ''}, so this model is left as it is; the operator's log names the rights.`;
  const status = untouchedStatus({ nowMs: parts.clock.nowMs(), generation: model.metadata.generation ?? 0, reason: 'RightsMissing', message, stored: stored.data });
  if (progressing(stored.data)?.reason !== 'RightsMissing') parts.events.record({ regarding: model, type: 'Warning', reason: 'RightsMissing', action: 'Observe', note: message });
  await writeStatus(parts, model, status, signal);
}

type Readable = Observation & { readable: true };

async function bringAbout(parts: ControllerParts, model: StoredChurnModel, observation: Readable, context: ReconcileContext): Promise<ReconcileResult> {
  const { subject, children, facts, generation, stored } = observation;
  const decision = decide(facts);
  const result = await parts.children.write(subject, children, decision, context.signal);
  // Nothing to tell: whoever could read it is deleting it.
  if (result.ending) return { requeueAfterMs: PROBLEM_RECHECK_MS };
  if (result.outdated) return { requeueAfterMs: STALE_RECHECK_MS };
  const problems = [...result.problems, ...persisting(result.failed, context.failures)];
  // What the Service does not select is not stable, whatever was decided.
  const truth = result.serviceSwitched ? decision : { ...decision, state: withoutSwitch(decision.state, facts.state), moves: decision.moves.filter(({ move }) => !AFTER_SWITCH.includes(move)) };
  const spread = followTraffic(parts, observation, truth);
  const stablePods = truth.state.stable === undefined ? undefined : facts.pods(truth.state.stable.hash);
  const status = statusOf({
    nowMs: facts.nowMs,
    generation,
    spec: subject.spec,
    decision: truth,
    stablePods,
    replicas: demandOf(facts, truth.state.stable),
    autoscaling: facts.wanted.autoscaling === undefined ? undefined : { ...facts.wanted.autoscaling, live: facts.autoscaler },
    problems,
    retention: observation.retention,
    spread,
    serviceSelects: result.serviceSwitched || selects(observation, truth),
    stored,
  });
  await writeStatus(parts, model, status, context.signal);
  tellStuckRoll(parts, model, stuckRoll({ decision: truth, stablePods }), status, stored);
  tellRetention(parts, model, status, stored, context);
  tell(parts, model, truth, problems, stored, context);
  // The rest is as it should be; what failed is tried again soon, backing off.
  const [failure] = result.failed;
  if (failure !== undefined) throw failure;
  const rechecks = [truth.recheckMs, spread.recheckMs, result.recheckMs, problems.length > 0 ? PROBLEM_RECHECK_MS : undefined, result.pending ? STALE_RECHECK_MS : undefined];
  const requeueAfterMs = Math.min(...rechecks.filter((ms) => ms !== undefined));
  return Number.isFinite(requeueAfterMs) ? { requeueAfterMs } : {};
}

/** Has stable's pods asked what they make of their policy, as long as there is one; gives what is known of it. */
function followTraffic({ traffic, clock }: ControllerParts, { children, subject, stored }: Readable, { state: { stable, policy } }: Decision): Spread {
  const key = keyOf(subject);
  if (stable === undefined || policy?.terms === undefined) {
    traffic.forget(key);
    return spreadOf({ nowMs: clock.nowMs(), policy, pods: [], view: undefined, stored });
  }
  const pods = stablePodsOf(children.pods, shortHash(stable.hash));
  traffic.follow(key, { revision: policy.revision, hash: stable.hash, pods });
  return spreadOf({ nowMs: clock.nowMs(), policy, pods, view: traffic.view(key), stored });
}

/** An API server that fails once is not worth a word; one that goes on does. */
function persisting(failed: readonly ApiError[], failures: number): readonly ChildProblem[] {
  if (failures < TOLD_AFTER_FAILURES) return [];
  return failed.map(({ message }) => ({ reason: 'ApplyFailed', message: `the API server failed: ${message} Tried again, backing off.` }));
}

function selects({ children, subject }: Readable, decision: Decision): boolean {
  const { stable } = decision.state;
  const service = children.services.find((each) => each.metadata.name === subject.name);
  return stable !== undefined && service?.spec.selector?.[LABELS.hash] === shortHash(stable.hash);
}

async function writeStatus(parts: ControllerParts, model: StoredChurnModel, status: ChurnModelStatus, signal: AbortSignal): Promise<void> {
  const written = await parts.client.patchStatus(CHURN_MODELS, model, status, signal);
  if (written.metadata.resourceVersion !== model.metadata.resourceVersion) parts.caches.models.recordWrite(written);
}

function progressing(status: ChurnModelStatus | undefined) {
  return status?.conditions?.find(({ type }) => type === 'Progressing');
}

/** New pods of what serves that do not become ready; callers keep the old ones, so that nothing else would tell. */
function tellStuckRoll(parts: ControllerParts, model: StoredChurnModel, stuck: ReturnType<typeof stuckRoll>, status: ChurnModelStatus, stored: ChurnModelStatus | undefined): void {
  // Behind a child's problem it is not told in the status, either.
  if (stuck === undefined || progressing(status)?.reason !== stuck.reason || progressing(stored)?.reason === stuck.reason) return;
  parts.events.record({ regarding: model, type: 'Warning', reason: stuck.reason, action: 'Roll', note: stuck.message });
}

/** A run that failed is told once; the next day's is another one. */
function tellRetention(parts: ControllerParts, model: StoredChurnModel, { retention }: ChurnModelStatus, stored: ChurnModelStatus | undefined, context: ReconcileContext): void {
  if (retention === undefined || retention.outcome === 'Done' || isSameRun(retention, stored?.retention)) return;
  context.logger.warn({ reason: retention.reason, problem: retention.message }, 'retention');
  parts.events.record({ regarding: model, type: 'Warning', reason: retention.reason, action: 'Retain', note: retention.message });
}

function isSameRun(run: RetentionRun, known: RetentionRun | undefined): boolean {
  return known !== undefined && (run.startedAt ?? run.finishedAt) === (known.startedAt ?? known.finishedAt);
}

function tell(parts: ControllerParts, model: StoredChurnModel, decision: Decision, problems: readonly ChildProblem[], stored: ChurnModelStatus | undefined, context: ReconcileContext): void {
  for (const move of decision.moves) {
    const event = eventOf(move);
    context.logger.info({ move: move.move, reason: event.reason, note: event.note }, 'move');
    parts.events.record({ regarding: model, ...event });
  }
  const joined = joinedProblem(problems);
  const before = progressing(stored);
  if (before?.reason === joined?.reason && before?.message === joined?.message) return;
  for (const problem of problems) {
    context.logger.warn({ reason: problem.reason, problem: problem.message }, 'child');
    parts.events.record({ regarding: model, type: 'Warning', reason: problem.reason, action: 'Apply', note: problem.message });
  }
}
