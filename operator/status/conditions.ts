import type { Condition, ConditionType } from '../../contracts/churn-model/status.ts';

/** A condition before it is compared with the stored one. */
export type ConditionDraft = Readonly<{ type: ConditionType; status: 'True' | 'False' | 'Unknown'; reason: string; message: string }>;

/** Longest message of a condition that the schema takes. */
const LONGEST_MESSAGE = 1000;

/**
 * Conditions to store. `lastTransitionTime` moves only with the status (API conventions); the order of types is that of the drafts.
 * @param now RFC 3339
 */
export function mergeConditions(drafts: readonly ConditionDraft[], stored: readonly Condition[], generation: number, now: string): Condition[] {
  return drafts.map((draft) => {
    const before = stored.find((condition) => condition.type === draft.type);
    return {
      ...draft,
      message: draft.message.slice(0, LONGEST_MESSAGE),
      observedGeneration: generation,
      lastTransitionTime: before?.status === draft.status ? before.lastTransitionTime : now,
    };
  });
}
