import { LATEST } from '../../contracts/names.ts';
import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';

/** A field that the schema takes and that nothing acts on yet. */
type Unhonoured = Readonly<{ field: string; isSet: (spec: ChurnModelSpec) => boolean }>;

/**
 * Fields without effect yet, by path. An entry goes when the work that brings the field to life lands.
 * A field that is merely at its default where its default means "off" is not named.
 */
const UNHONOURED: readonly Unhonoured[] = [
  { field: 'spec.storage.credentials.training', isSet: (spec) => spec.storage?.credentials?.training?.secretRef !== undefined || spec.storage?.credentials?.training?.serviceAccountName !== undefined },
  { field: 'spec.serving.expose', isSet: (spec) => spec.serving?.expose !== undefined },
  { field: 'spec.serving.auth', isSet: (spec) => spec.serving?.auth === 'Token' },
  { field: 'spec.rollout.shadow.minDuration', isSet: (spec) => spec.rollout?.shadow !== undefined && spec.rollout.gate !== undefined },
  { field: 'spec.rollout.shadow.deadline', isSet: (spec) => spec.rollout?.shadow?.deadline !== undefined },
  { field: 'spec.rollout.shadow.onDeadline', isSet: (spec) => spec.rollout?.shadow !== undefined && spec.rollout.gate !== undefined },
  { field: 'spec.rollout.shadow (without spec.rollout.gate)', isSet: (spec) => spec.rollout?.shadow !== undefined && spec.rollout.gate === undefined },
  { field: 'spec.rollout.gate for a first version (it has no stable version beside it)', isSet: (spec) => spec.rollout?.gate !== undefined },
  { field: 'spec.rollout.canary.steps', isSet: (spec) => spec.rollout?.canary !== undefined },
  { field: 'spec.rollout.canary.maxLatencyRatio', isSet: (spec) => spec.rollout?.canary !== undefined },
  { field: 'spec.rollout.supersede', isSet: (spec) => spec.rollout?.supersede === 'AfterDecision' && spec.model.version !== LATEST },
  { field: 'spec.model.pollInterval while a candidate is in Shadow (nothing newer is looked for; spec.rollout.supersede: Immediate looks)', isSet: (spec) => spec.model.version === LATEST && spec.rollout?.gate !== undefined && spec.rollout.supersede !== 'Immediate' },
  { field: 'spec.rollout.suspend (holds only the looks for a newer version)', isSet: (spec) => spec.rollout?.suspend === true },
  { field: 'spec.retraining', isSet: (spec) => spec.retraining !== undefined },
  { field: 'spec.monitoring', isSet: (spec) => spec.monitoring !== undefined },
  { field: 'spec.batch', isSet: (spec) => (spec.batch ?? []).length > 0 },
];

/** What becomes of a new version until promotion by gate or by a person exists. */
export function promotionNote(spec: ChurnModelSpec): string {
  if (spec.rollout?.gate === undefined) return 'spec.rollout.promotion (a new version takes over as soon as its pods are ready, without approval)';
  return 'spec.rollout.promotion (a new version stays in Shadow, whatever its gate says: promotion by the gate comes with the next version of the operator)';
}

/** Paths of the fields that are set and have no effect yet, in the order of the spec. */
export function fieldsWithoutEffect(spec: ChurnModelSpec): readonly string[] {
  return UNHONOURED.filter((entry) => entry.isSet(spec)).map((entry) => entry.field);
}
