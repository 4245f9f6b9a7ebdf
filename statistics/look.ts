import type { GateMode } from '../contracts/churn-model/rollout.ts';

/** How much more there must be to look at. */
const GROWTH = 1.02;
const DAY_MS = 86_400_000;
/** Beyond it a date says nothing. */
const FARTHEST_DAYS = 3650;

/** A look that a gate took: at so many pairs, with this reason. */
export type EarlierLook = Readonly<{ rows: number; reason: string }>;

/** Whether a gate looks now, or why not. */
export type LookDue = Readonly<{ due: true }> | Readonly<{ due: false; reason: 'TooFewNewLabels' | 'AlreadyLooked' }>;

/**
 * Whether there is anything new to look at: 2 % more customers than at the last look. LowerBound and Point look once, at the first time that there are
 * enough of each class: their bounds hold for one look only. (That this time depends on counts alone, and on no score, keeps them valid.)
 *
 * Customers count, not labels: when the same customers are scored and labelled again, their pairs change and the sample does not grow. A confidence
 * sequence covers looks at a growing sample; looked at again and again at one size it does not hold.
 * @param rows customers with a matured label now
 * @param last the last look that ended in a verdict; undefined before the first
 */
export function lookDue({ mode, rows, last }: Readonly<{ mode: GateMode; rows: number; last: EarlierLook | undefined }>): LookDue {
  if (last === undefined) return { due: true };
  if (mode !== 'Anytime' && last.reason !== 'TooFewLabels') return { due: false, reason: 'AlreadyLooked' };
  return rows > last.rows && rows >= GROWTH * last.rows ? { due: true } : { due: false, reason: 'TooFewNewLabels' };
}

/**
 * When a gate is expected to decide.
 * @param input.labels how many more it needs
 * @param input.labelsPerDay customers whose label matures, a day
 * @param input.fromMs since when they come, epoch milliseconds: now, or when the first one matures
 * @returns epoch milliseconds, or undefined where none come or it is more than ten years away
 */
export function expectedDecisionMs({ labels, labelsPerDay, fromMs }: Readonly<{ labels: number; labelsPerDay: number; fromMs: number }>): number | undefined {
  const days = labels / labelsPerDay;
  return days >= 0 && days <= FARTHEST_DAYS ? fromMs + days * DAY_MS : undefined;
}
