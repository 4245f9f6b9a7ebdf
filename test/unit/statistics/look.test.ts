import { describe, expect, test } from '@jest/globals';
import type { GateMode } from '../../../contracts/churn-model/rollout.ts';
import { expectedDecisionMs, lookDue, type EarlierLook, type LookDue } from '../../../statistics/look.ts';

const due: LookDue = { due: true };
const few: LookDue = { due: false, reason: 'TooFewNewLabels' };
const looked: LookDue = { due: false, reason: 'AlreadyLooked' };

test.each<{ name: string; mode: GateMode; rows: number; last: EarlierLook | undefined; expected: LookDue }>([
  { name: 'the first look', mode: 'Anytime', rows: 0, last: undefined, expected: due },
  { name: '2 % more', mode: 'Anytime', rows: 1020, last: { rows: 1000, reason: 'AUCNotProven' }, expected: due },
  { name: 'less than 2 % more', mode: 'Anytime', rows: 1019, last: { rows: 1000, reason: 'AUCNotProven' }, expected: few },
  { name: 'one more of few', mode: 'Anytime', rows: 11, last: { rows: 10, reason: 'TooFewLabels' }, expected: due },
  { name: 'none, as before', mode: 'Anytime', rows: 0, last: { rows: 0, reason: 'TooFewLabels' }, expected: few },
  { name: 'the same customers again', mode: 'Anytime', rows: 1000, last: { rows: 1000, reason: 'AUCNotProven' }, expected: few },
  { name: 'a Pass is looked at again: it may fail', mode: 'Anytime', rows: 2000, last: { rows: 1000, reason: 'Proven' }, expected: due },
  { name: 'there were too few to look', mode: 'LowerBound', rows: 900, last: { rows: 100, reason: 'TooFewLabels' }, expected: due },
  { name: 'one look is one look', mode: 'LowerBound', rows: 9000, last: { rows: 1000, reason: 'AUCNotProven' }, expected: looked },
  { name: 'so is a glance', mode: 'Point', rows: 9000, last: { rows: 1000, reason: 'EstimatePassed' }, expected: looked },
])('$name', ({ mode, rows, last, expected }) => expect(lookDue({ mode, rows, last })).toEqual(expected));

describe('when it decides', () => {
  const from = Date.UTC(2026, 10, 21);
  test.each([
    { name: 'nine days', labels: 450, labelsPerDay: 50, expected: from + 9 * 86_400_000 },
    { name: 'no labels come', labels: 450, labelsPerDay: 0, expected: undefined },
    { name: 'nothing is missing and nothing comes', labels: 0, labelsPerDay: 0, expected: undefined },
    { name: 'not in ten years', labels: 1e9, labelsPerDay: 1, expected: undefined },
  ])('$name', ({ labels, labelsPerDay, expected }) => expect(expectedDecisionMs({ labels, labelsPerDay, fromMs: from })).toBe(expected));
});
