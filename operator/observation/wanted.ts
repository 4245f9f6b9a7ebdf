import { gateMode } from '../../contracts/churn-model/rollout.ts';
import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import { canonicalJson, sha256Hex } from '../../contracts/digest.ts';
import { durationMs } from '../../contracts/duration.ts';
import { ACTIONS, LATEST } from '../../contracts/names.ts';
import { candidateAddress } from '../resources/candidate-service.ts';
import type { Subject } from '../resources/subject.ts';
import type { Wanted, WantedGate, WantedTraffic } from '../rollout/facts.ts';
import type { RolloutState } from '../rollout/state.ts';

/** Pods where `spec.serving` names no size: two, so that one may go without a gap. */
const DEFAULT_REPLICAS = 2;
const DEFAULT_ROLLBACK_WINDOW = '24h';
const DEFAULT_POLL_INTERVAL = '1h';
/** Defaults of spec.rollout.shadow and spec.rollout.canary, where those are not there at all. */
const DEFAULT_MIRROR_PERCENT = 100;
const DEFAULT_MAX_ERROR_PERCENT = 1;

/** The `retry` annotation, where it names a rejection of the version asked for: then, and only then, it makes another inspection of it. */
function retryOf(requested: string, annotations: Readonly<Record<string, string>>, state: RolloutState): string | undefined {
  const retry = annotations[ACTIONS.retry];
  if (retry === undefined || retry.length < 8) return undefined;
  return state.rejected.some((entry) => entry.hash?.startsWith(retry) === true && (entry.version === requested || requested === LATEST)) ? retry : undefined;
}

/** What spec and annotations ask for. */
export function wantedOf(subject: Pick<Subject, 'name' | 'namespace' | 'spec' | 'annotations' | 'uid'>, state: RolloutState): Wanted {
  const { spec, annotations, uid } = subject;
  const { repository, version } = spec.model;
  const autoscaling = spec.serving?.autoscaling;
  const inputs = {
    repository,
    version,
    storage: spec.storage ?? null,
    minAUC: spec.rollout?.offline?.minAUC ?? null,
    allowSchemaChange: annotations[ACTIONS.allowSchemaChange] ?? null,
    retry: retryOf(version, annotations, state) ?? null,
  };
  return {
    repository,
    requested: version,
    inspectionKey: sha256Hex(canonicalJson(inputs)).slice(0, 16),
    replicas: spec.serving?.replicas ?? autoscaling?.minReplicas ?? DEFAULT_REPLICAS,
    autoscaling: autoscaling === undefined ? undefined : { maxReplicas: autoscaling.maxReplicas, targetCPUPercent: autoscaling.targetCPUUtilizationPercentage },
    rollbackWindowMs: durationMs(spec.rollout?.rollbackWindow ?? DEFAULT_ROLLBACK_WINDOW),
    gate: gateOf(spec),
    traffic: trafficOf(subject),
    poll: version === LATEST && spec.rollout?.suspend !== true ? pollOf(spec, uid) : undefined,
  };
}

/**
 * Another dataset, bound, horizon or import is another question, so that a verdict from before is none. How often it is asked is not part of it. The fields
 * are named one by one: a field that a later release adds, with its default, must not reopen what was decided without it.
 */
function gateOf({ rollout, labels }: ChurnModelSpec): WantedGate | undefined {
  const gate = rollout?.gate;
  if (gate === undefined) return undefined;
  const { interval, minAUC, replay, confidence, maxRegression, minPositives, minNegatives } = gate;
  const asked = { minAUC, labels: gate.labels, dataset: replay?.dataset ?? null, mode: gateMode(gate), confidence, maxRegression, minPositives, minNegatives };
  const inputs = { ...asked, horizon: labels?.horizon ?? null, population: labels?.population ?? null, import: labels?.import ?? null };
  return { key: sha256Hex(canonicalJson(inputs)).slice(0, 16), labels: gate.labels, intervalMs: durationMs(interval) };
}

function trafficOf(subject: Pick<Subject, 'name' | 'namespace' | 'spec'>): WantedTraffic {
  const { rollout } = subject.spec;
  return {
    mirrorPercent: rollout?.shadow?.percent ?? DEFAULT_MIRROR_PERCENT,
    maxErrorPercent: rollout?.canary?.maxErrorPercent ?? DEFAULT_MAX_ERROR_PERCENT,
    candidateAddress: candidateAddress(subject),
  };
}

function pollOf(spec: ChurnModelSpec, uid: string): NonNullable<Wanted['poll']> {
  const intervalMs = durationMs(spec.model.pollInterval ?? DEFAULT_POLL_INTERVAL);
  const offsetMs = Number.parseInt(sha256Hex(uid).slice(0, 12), 16) % intervalMs;
  return { intervalMs, offsetMs, whileUnderWay: spec.rollout?.supersede === 'Immediate' };
}
