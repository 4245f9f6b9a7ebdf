import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import { canonicalJson, sha256Hex } from '../../contracts/digest.ts';
import { durationMs } from '../../contracts/duration.ts';
import { ACTIONS, LATEST } from '../../contracts/names.ts';
import type { Wanted } from '../rollout/facts.ts';
import type { Subject } from '../resources/subject.ts';
import type { RolloutState } from '../rollout/state.ts';

/** Pods where `spec.serving` names no size: two, so that one may go without a gap. */
const DEFAULT_REPLICAS = 2;
const DEFAULT_ROLLBACK_WINDOW = '24h';
const DEFAULT_POLL_INTERVAL = '1h';

/** The `retry` annotation, where it names a rejection of the version asked for: then, and only then, it makes another inspection of it. */
function retryOf(requested: string, annotations: Readonly<Record<string, string>>, state: RolloutState): string | undefined {
  const retry = annotations[ACTIONS.retry];
  if (retry === undefined || retry.length < 8) return undefined;
  return state.rejected.some((entry) => entry.hash?.startsWith(retry) === true && (entry.version === requested || requested === LATEST)) ? retry : undefined;
}

/** What spec and annotations ask for. */
export function wantedOf({ spec, annotations, uid }: Pick<Subject, 'spec' | 'annotations' | 'uid'>, state: RolloutState): Wanted {
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
    poll: version === LATEST && spec.rollout?.suspend !== true ? pollOf(spec, uid) : undefined,
  };
}

function pollOf(spec: ChurnModelSpec, uid: string): NonNullable<Wanted['poll']> {
  const intervalMs = durationMs(spec.model.pollInterval ?? DEFAULT_POLL_INTERVAL);
  const offsetMs = Number.parseInt(sha256Hex(uid).slice(0, 12), 16) % intervalMs;
  return { intervalMs, offsetMs, whileUnderWay: spec.rollout?.supersede === 'Immediate' };
}
