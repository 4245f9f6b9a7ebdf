import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CONDITION_TYPES, type Condition } from '../../../../contracts/churn-model/status.ts';
import { mergeConditions, type ConditionDraft } from '../../../../operator/status/conditions.ts';

const BEFORE = '2026-11-21T06:00:00.000Z';
const NOW = '2026-11-21T07:00:00.000Z';
const ready: ConditionDraft = { type: 'Ready', status: 'True', reason: 'StableServes', message: 'a answers callers' };
const stored: Condition = { ...ready, observedGeneration: 1, lastTransitionTime: BEFORE };

describe('conditions', () => {
  test.each<{ name: string; draft: Partial<ConditionDraft>; stored: readonly Condition[]; expected: Condition }>([
    { name: 'new', draft: {}, stored: [], expected: { ...stored, observedGeneration: 2, lastTransitionTime: NOW } },
    { name: 'as before, of a newer spec', draft: {}, stored: [stored], expected: { ...stored, observedGeneration: 2 } },
    { name: 'another reason is no transition', draft: { reason: 'Other', message: 'other' }, stored: [stored], expected: { ...stored, reason: 'Other', message: 'other', observedGeneration: 2 } },
    { name: 'another status is one', draft: { status: 'False' }, stored: [stored], expected: { ...stored, status: 'False', observedGeneration: 2, lastTransitionTime: NOW } },
    { name: 'of another type', draft: {}, stored: [{ ...stored, type: 'Available' }], expected: { ...stored, observedGeneration: 2, lastTransitionTime: NOW } },
  ])('$name', ({ draft, stored, expected }) => expect(mergeConditions([{ ...ready, ...draft }], stored, 2, NOW)).toEqual([expected]));

  test('a transition time moves only with the status, whatever the conditions are', () => {
    const drafts = fc.uniqueArray(
      fc.record({ type: fc.constantFrom(...CONDITION_TYPES), status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const), reason: fc.constantFrom('A', 'B'), message: fc.string({ maxLength: 2000 }) }),
      { selector: (draft) => draft.type },
    );
    fc.assert(fc.property(drafts, drafts, (first, second) => {
      const before = mergeConditions(first, [], 1, BEFORE);
      for (const after of mergeConditions(second, before, 2, NOW)) {
        const same = before.find((condition) => condition.type === after.type)?.status === after.status;
        expect(after.lastTransitionTime).toBe(same ? BEFORE : NOW);
        expect(after.message.length).toBeLessThanOrEqual(1024);
      }
    }));
  });
});
