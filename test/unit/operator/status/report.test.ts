import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { ChurnModelStatus, type Condition, type ConditionType } from '../../../../contracts/churn-model/status.ts';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Facts, LiveAutoscaler, VersionPods } from '../../../../operator/rollout/facts.ts';
import { INITIAL_STATE, type RolloutState } from '../../../../operator/rollout/state.ts';
import { statusOf, untouchedStatus, type ReportInput } from '../../../../operator/status/report.ts';
import { instant } from '../../../../operator/status/instant.ts';
import { besides, deployed, facts, failingPods, finding, GATE, HOUR_MS, inspecting, keyOf, latest, NOW_MS, podsOf, READY_PODS, rejected, REPOSITORY, stable, wanted, wantedLatest } from '../rollout/builders.ts';
import { statesWith, texts } from './states.ts';

const spec = ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } });

function input(over: Partial<Facts> = {}, rest: Partial<ReportInput> = {}): ReportInput {
  const given = facts(over);
  const decision = decide(given);
  const stablePods = decision.state.stable === undefined ? undefined : given.pods(decision.state.stable.hash);
  return { nowMs: NOW_MS, generation: 3, spec, decision, stablePods, replicas: given.wanted.replicas, autoscaling: undefined, problems: [], retention: undefined, spread: { condition: undefined, read: {}, recheckMs: undefined }, serviceSelects: true, stored: undefined, ...rest };
}

function condition(status: ChurnModelStatus, type: ConditionType): string {
  const found = status.conditions?.find((each) => each.type === type);
  return found === undefined ? 'absent' : `${found.status} ${found.reason}: ${found.message}`;
}

const problem = { code: 'StoreUnreachable', message: 'http://s3:7070 does not answer.', atMs: NOW_MS, report: undefined };
const held = failingPods({ code: 'CardChanged', message: 'model.json is not the one that was inspected.', outside: true });
type Row = Readonly<{ name: string; want?: Facts['wanted']; state?: Partial<RolloutState>; pods?: Readonly<Record<string, VersionPods>>; rest?: Partial<ReportInput>; phase: string; ready: string; available: string; progressing: string }>;

describe('what a person reads', () => {
  test.each<Row>([
    {
      name: 'a new model',
      phase: 'Initializing',
      ready: 'False Inspecting: Inspecting a: digests, golden rows, offline gate. Nothing serves yet.',
      available: 'False NoStableVersion: no version serves yet',
      progressing: 'True Inspecting: Inspecting a: digests, golden rows, offline gate. Nothing serves yet.',
    },
    {
      name: 'settled',
      state: { stable: stable('a') },
      pods: { a: READY_PODS },
      phase: 'Stable',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'False Settled: a serves.',
    },
    {
      name: 'stable lost its pods',
      state: { stable: stable('a') },
      pods: { a: { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: { code: 'Unschedulable', message: 'no node fits', outside: true } } },
      phase: 'Stable',
      ready: 'False NoReadyPods: no pod of a is ready: Unschedulable: no node fits',
      available: 'False PodsMissing: 0 of 2 pods of a are ready: Unschedulable: no node fits',
      progressing: 'False Settled: a serves.',
    },
    {
      name: 'its pods are replaced by ones with other settings: over in seconds',
      state: { stable: stable('a') },
      pods: { a: { requested: 2, ready: 2, readyUpToDate: 1, outdated: 1, problem: undefined } },
      phase: 'Stable',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'False Settled: a serves.',
    },
    {
      name: 'and the new ones do not come: callers keep the old ones, and it is told',
      state: { stable: stable('a') },
      pods: { a: { requested: 2, ready: 2, readyUpToDate: 1, outdated: 2, problem: { code: 'ImagePullBackOff', message: 'no such image', outside: true } } },
      phase: 'Stable',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'True ImagePullBackOff: 2 pods of a with former settings are still to be replaced. A new one does not become ready: ImagePullBackOff: no such image',
    },
    {
      name: 'the store is away: cause and next try',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: inspecting('b', { key: keyOf('b'), attempt: 2, state: 'Error', problem, nextTryAtMs: NOW_MS + 20_500 }) },
      pods: { a: READY_PODS },
      phase: 'Stable',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'True StoreUnreachable: The inspection of b could not be finished. StoreUnreachable: http://s3:7070 does not answer. Next try at 2026-11-21T07:00:20Z. a serves.',
    },
    {
      name: 'the card changed after the inspection',
      want: wanted('b'),
      state: { stable: stable('a'), candidate: deployed('b') },
      pods: { a: READY_PODS, b: held },
      phase: 'Promoting',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'True CardChanged: Pods of b do not become ready. CardChanged: model.json is not the one that was inspected. a serves.',
    },
    {
      name: 'rejected',
      want: wanted('b'),
      state: { stable: stable('a'), rejected: [rejected('b', { message: 'test AUC 0.520 is below 0.800.' })] },
      pods: { a: READY_PODS },
      phase: 'RolledBack',
      ready: 'True StableServes: a answers callers',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing:
        'False OfflineGateFailed: Rejected: test AUC 0.520 is below 0.800. a serves. Set spec.model.version to another version, or annotate churnops.dev/retry=73d8c4b2 to have it looked at again.',
    },
    {
      name: 'a foreign Service has the name',
      state: { stable: stable('a') },
      pods: { a: READY_PODS },
      rest: { serviceSelects: false, problems: [{ reason: 'NameConflict', message: 'Service telco-churn is in the way' }] },
      phase: 'Stable',
      ready: 'False NameConflict: Service telco-churn is in the way',
      available: 'True AllReady: 2 of 2 pods of a are ready',
      progressing: 'False NameConflict: Service telco-churn is in the way',
    },
    {
      name: 'nobody is wanted',
      want: wanted('a', { replicas: 0 }),
      state: { stable: stable('a') },
      phase: 'Stable',
      ready: 'False ScaledToZero: spec.serving.replicas is 0: nobody answers',
      available: 'True AllReady: 0 of 0 pods of a are ready',
      progressing: 'False Settled: a serves.',
    },
  ])('$name', ({ want = wanted('a'), state = {}, pods = {}, rest, phase, ready, available, progressing }) => {
    const status = statusOf(input({ wanted: want, state: { ...INITIAL_STATE, ...state }, pods: podsOf(pods) }, rest));
    expect({ phase: status.phase, ready: condition(status, 'Ready'), available: condition(status, 'Available'), progressing: condition(status, 'Progressing') }).toEqual({ phase, ready, available, progressing });
    expect(status.observedGeneration).toBe(3);
  });
});

describe('a roll of stable that is stuck', () => {
  const stuck: VersionPods = { requested: 2, ready: 2, readyUpToDate: 0, outdated: 2, problem: { code: 'ImagePullBackOff', message: 'no such image', outside: true } };
  const told = 'True ImagePullBackOff: 2 pods of a with former settings are still to be replaced. A new one does not become ready: ImagePullBackOff: no such image';
  const gate = { key: GATE.key, run: 2, failures: 0, problem: undefined, finding: finding(), passed: undefined, state: 'Resting' as const, nextRunAtMs: NOW_MS + HOUR_MS };
  const besideStable = { want: wanted('b', { gate: GATE }), pods: { a: stuck, b: READY_PODS } };
  const failed = { failures: 3, code: 'StoreUnreachable', message: 'no answer.' };

  test.each<Readonly<{ name: string; want: Facts['wanted']; state: Partial<RolloutState>; pods: Readonly<Record<string, VersionPods>>; expected: string; message: string }>>([
    { name: 'is told in a Shadow of weeks', ...besideStable, state: { candidate: besides('b', { gate }) }, expected: told, message: 'b is in Shadow' },
    { name: 'and during a canary', ...besideStable, state: { candidate: besides('b', { gate, exposure: { mode: 'Canary', weight: 5, step: 1, stepStartedAtMs: NOW_MS } }) }, expected: told, message: 'b answers 5 % of callers' },
    { name: 'and while a version stays rejected', want: wanted('b'), state: { rejected: [rejected('b')] }, pods: { a: stuck }, expected: told, message: 'Rejected: too weak' },
    { name: 'and while latest cannot be found out', want: wantedLatest(), state: { latest: latest('a', { failed, nextCheckAtMs: NOW_MS + 60_000 }) }, pods: { a: stuck }, expected: told, message: 'What latest is could not be found out.' },
    { name: 'but not in place of a step that ends soon', want: wanted('b'), state: { candidate: inspecting('b') }, pods: { a: stuck }, expected: 'True Inspecting: Inspecting b: digests, golden rows, offline gate. a serves.', message: 'Inspecting b' },
    { name: 'and not before a pod is missing', ...besideStable, state: { candidate: besides('b', { gate }) }, pods: { a: { ...stuck, problem: undefined }, b: READY_PODS }, expected: 'True Shadowing', message: 'b is in Shadow' },
  ])('$name', ({ want, state, pods, expected, message }) => {
    const status = statusOf(input({ wanted: want, state: { ...INITIAL_STATE, stable: stable('a'), ...state }, selected: stable('a').hash.slice(0, 8), pods: podsOf(pods) }));
    expect(condition(status, 'Progressing').slice(0, expected.length)).toBe(expected);
    expect(status.message).toContain(message);
    expect(status.message?.includes('no such image')).toBe(expected === told);
  });
});

const retained = ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' }, retention: { raw: '720h' } });
const ran = (outcome: 'Done' | 'Failed', reason: string, day: number) => ({ outcome, reason, message: `${reason} on day ${day}`, startedAt: instant(NOW_MS + day * 24 * HOUR_MS), finishedAt: instant(NOW_MS - day * HOUR_MS) });

describe('retention', () => {
  test.each<{ name: string; rest: Partial<ReportInput>; expected: string; kept: unknown }>([
    { name: 'nothing expires: nothing is said, and what was known goes', rest: { stored: { retention: ran('Done', 'Cleaned', 0) } }, expected: 'absent', kept: undefined },
    { name: 'not run yet', rest: { spec: retained }, expected: 'True NotRunYet: a daily Job deletes what is expired; it has not run yet', kept: undefined },
    { name: 'done', rest: { spec: retained, retention: ran('Done', 'Cleaned', 1) }, expected: 'True LastRunDone: the newest run deleted all that was expired; see status.retention', kept: ran('Done', 'Cleaned', 1) },
    { name: 'failed', rest: { spec: retained, retention: ran('Failed', 'AccessDenied', 1) }, expected: 'False AccessDenied: AccessDenied on day 1', kept: ran('Failed', 'AccessDenied', 1) },
    { name: 'failed, and its Job is gone', rest: { spec: retained, stored: { retention: ran('Failed', 'AccessDenied', 1) } }, expected: 'False AccessDenied: AccessDenied on day 1', kept: ran('Failed', 'AccessDenied', 1) },
    { name: 'an older Job is all that is left to see', rest: { spec: retained, retention: ran('Done', 'Cleaned', 0), stored: { retention: ran('Failed', 'AccessDenied', 1) } }, expected: 'False AccessDenied: AccessDenied on day 1', kept: ran('Failed', 'AccessDenied', 1) },
    { name: 'the next day made up for it', rest: { spec: retained, retention: ran('Done', 'Cleaned', 2), stored: { retention: ran('Failed', 'AccessDenied', 1) } }, expected: 'True LastRunDone: the newest run deleted all that was expired; see status.retention', kept: ran('Done', 'Cleaned', 2) },
  ])('$name', ({ rest, expected, kept }) => {
    const status = statusOf(input({ state: { ...INITIAL_STATE, stable: stable('a') }, pods: () => READY_PODS }, rest));
    expect([condition(status, 'RetentionScheduled'), status.retention]).toEqual([expected, kept]);
  });
});

test('looks for a newer version that fail are told beside the version that serves', () => {
  const failed = { failures: 3, code: 'StoreUnreachable', message: 'no answer.' };
  const state = { ...INITIAL_STATE, stable: stable('a', { requested: 'latest' }), latest: latest('a', { failed, nextCheckAtMs: NOW_MS + 60_000 }) };
  const status = statusOf(input({ wanted: wantedLatest(), state, pods: () => READY_PODS }));
  expect([status.phase, condition(status, 'Ready'), condition(status, 'Progressing')]).toEqual(['Stable', 'True StableServes: a answers callers', 'False StoreUnreachable: a serves. What latest is could not be found out. StoreUnreachable: no answer. Next try at 2026-11-21T07:01:00Z.']);
});

const live = (scaling: LiveAutoscaler['scaling']): LiveAutoscaler => ({ target: '0a1b2c3d', scaling });

describe('what the autoscaler says', () => {
  const noFigures = { status: 'False', reason: 'FailedGetContainerResourceMetric', message: 'the server could not find the requested resource (get pods.metrics.k8s.io)' } as const;
  test.each<{ name: string; autoscaling: ReportInput['autoscaling']; expected: string }>([
    { name: 'there is none to be', autoscaling: undefined, expected: 'absent' },
    { name: 'none yet', autoscaling: { maxReplicas: 6, live: undefined }, expected: 'False NoAutoscaler: there is no HorizontalPodAutoscaler yet: it comes once a version serves' },
    { name: 'it has not looked', autoscaling: { maxReplicas: 6, live: live({ status: 'Unknown', reason: 'AutoscalerNotHeard', message: 'it has not looked yet' }) }, expected: 'Unknown AutoscalerNotHeard: the HorizontalPodAutoscaler: it has not looked yet' },
    {
      name: 'it has no figures: what serves goes on serving',
      autoscaling: { maxReplicas: 6, live: live(noFigures) },
      expected: `False ${noFigures.reason}: the number of pods stays at 2: ${noFigures.message}. CPU figures come from metrics-server: kubectl top pods must show them`,
    },
    { name: 'it works', autoscaling: { maxReplicas: 6, live: live({ status: 'True', reason: 'Scaling', message: '' }) }, expected: 'True Scaling: the HorizontalPodAutoscaler sizes the stable version' },
    { name: 'it is at its bound', autoscaling: { maxReplicas: 6, live: live({ status: 'True', reason: 'AtMaximum', message: '' }) }, expected: 'True AtMaximum: more pods are needed than maxReplicas (6) allows' },
  ])('$name', ({ autoscaling, expected }) => {
    const status = statusOf(input({ state: { ...INITIAL_STATE, stable: stable('a') }, pods: podsOf({ a: READY_PODS }) }, { autoscaling }));
    expect(condition(status, 'ScalingActive')).toBe(expected);
    expect(condition(status, 'Ready')).toBe('True StableServes: a answers callers');
  });
});

const longest = <T extends { readonly repository: string } | undefined>(version: T): T => (version === undefined ? version : { ...version, repository: `s3://churn/${'x'.repeat(1013)}` });

describe('every status', () => {
  test('follows its schema, and at most 32 KiB', () => {
    // As wide as it gets: every text at its bound, in characters of three bytes or of two in JSON.
    const wide = fc.constantFrom('ö', '雪', '"', '\\', '😀', '\u0001').map((character) => character.repeat(1024).slice(0, 1024));
    fc.assert(fc.property(statesWith(wide), fc.boolean(), wide, ({ stable, previous, ...others }, conflict, text) => {
      const state = { ...others, stable: longest(stable), previous: longest(previous) };
      const given = input({ state, pods: () => failingPods({ message: text }) }, { spec: retained, retention: { outcome: 'Failed', reason: 'StoreUnreachable', message: text, finishedAt: instant(NOW_MS) }, ...(conflict ? { problems: [{ reason: 'ApplyRefused' as const, message: text }] } : {}) });
      const status = statusOf({ ...given, decision: { ...given.decision, state } });
      expect(ChurnModelStatus.safeParse(status).error).toBeUndefined();
      expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(32 * 1024);
    }));
  });

  test('is the same again from the same facts', () => {
    fc.assert(fc.property(statesWith(texts(60)), (state) => {
      const first = statusOf(input({ state, pods: () => READY_PODS }));
      expect(statusOf({ ...input({ state, pods: () => READY_PODS }), nowMs: NOW_MS + 1000, stored: first })).toEqual(first);
    }));
  });
});

describe('a spec that cannot be read', () => {
  const before: Condition = { type: 'Ready', status: 'True', reason: 'StableServes', message: 'm', observedGeneration: 2, lastTransitionTime: instant(0) };
  const available: Condition = { ...before, type: 'Available', reason: 'AllReady' };
  const message = 'spec cannot be read: spec.model: is needed.';
  test.each<{ name: string; conditions: readonly Condition[] | undefined; expected: readonly string[] }>([
    { name: 'of a new model', conditions: undefined, expected: ['Ready False InvalidSpec', 'Progressing False InvalidSpec'] },
    { name: 'of a model that serves: it goes on serving', conditions: [before, available], expected: ['Ready True StableServes', 'Available True AllReady', 'Progressing False InvalidSpec'] },
    { name: 'of a model that did not serve', conditions: [{ ...before, status: 'False' }, available], expected: ['Available True AllReady', 'Ready False InvalidSpec', 'Progressing False InvalidSpec'] },
  ])('$name', ({ conditions, expected }) => {
    const stored = conditions === undefined ? undefined : { phase: 'Stable' as const, conditions: [...conditions] };
    const status = untouchedStatus({ nowMs: NOW_MS, generation: 3, reason: 'InvalidSpec', message, stored });
    expect(status.conditions?.map((each) => `${each.type} ${each.status} ${each.reason}`)).toEqual(expected);
    expect({ message: status.message, phase: status.phase, generation: status.observedGeneration }).toEqual({ message, phase: stored?.phase ?? 'Pending', generation: 3 });
  });
});
