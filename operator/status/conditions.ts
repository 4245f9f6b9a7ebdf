import type { Condition, ConditionType } from '../../contracts/churn-model/status.ts';
import { boundedText, LONGEST_MESSAGE_BYTES } from './bounded-text.ts';

/** A condition before it is compared with the stored one. */
export type ConditionDraft = Readonly<{ type: ConditionType; status: 'True' | 'False' | 'Unknown'; reason: string; message: string }>;

/**
 * Conditions to store. `lastTransitionTime` moves only with the status (API conventions); the order of types is that of the drafts.
 * @param now RFC 3339
 */
export function mergeConditions(drafts: readonly ConditionDraft[], stored: readonly Condition[], generation: number, now: string): Condition[] {
  return drafts.map((draft) => {
    const before = stored.find((condition) => condition.type === draft.type);
    return {
      ...draft,
      message: boundedText(draft.message, LONGEST_MESSAGE_BYTES),
      observedGeneration: generation,
      lastTransitionTime: before?.status === draft.status ? before.lastTransitionTime : now,
    };
  });
}
