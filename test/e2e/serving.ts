import type { ChurnModel } from '../../contracts/churn-model/churn-model.ts';
import type { Condition, ConditionType } from '../../contracts/churn-model/status.ts';
import { MODELS } from './kinds.ts';
import type { Kube } from './kube.ts';

/** The model's condition of a type, if it speaks of the spec as it is now. */
export function conditionOf(model: ChurnModel, type: ConditionType): Condition | undefined {
  return model.status?.conditions?.find((condition) => condition.type === type && condition.observedGeneration === model.metadata.generation);
}

/** Whether all is done: the spec as it is now was seen, all pods are ready, and no other version is on its way. */
export function isServing(model: ChurnModel, version?: string): boolean {
  return (
    conditionOf(model, 'Ready')?.status === 'True' &&
    conditionOf(model, 'Available')?.status === 'True' &&
    conditionOf(model, 'Progressing')?.reason === 'Settled' &&
    (version === undefined || model.status?.stable?.version === version)
  );
}

/** Waits until the model serves, this version if one is named. @throws NotInTime with the model as it was last seen */
export async function untilServing(kube: Kube, name: string, wait: Readonly<{ deadlineMs: number; version?: string }>): Promise<ChurnModel> {
  const { deadlineMs, version } = wait;
  return kube.until(MODELS, name, { what: `ChurnModel ${name} serves ${version ?? ''}`.trim(), deadlineMs }, (model) => isServing(model, version));
}
