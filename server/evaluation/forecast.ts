import type { EarlierLook } from '../../contracts/evaluation-request.ts';
import type { GateRule } from '../../statistics/gate.ts';
import { boundRuleOf } from '../../statistics/gate.ts';
import { expectedDecisionMs } from '../../statistics/look.ts';
import { requiredLabels } from '../../statistics/required-labels.ts';

const DAY_MS = 86_400_000;

/** What is known of how labels come. Instants are epoch milliseconds. */
export type LabelFlow = Readonly<{
  nowMs: number;
  sinceMs: number;
  horizonMs: number;
  /** Customers that count now, and when the oldest of them was predicted. */
  rows: number;
  firstMs: number | undefined;
  /** Customers that are going to count, and when the first of them was predicted. */
  pending: number;
  firstPendingMs: number | undefined;
  lastLook: Pick<EarlierLook, 'at' | 'rows'> | undefined;
}>;

/** What a version is believed to be before there are labels: its card's test set. */
export type PriorBelief = Readonly<{ auc: number; prevalence: number }>;

/**
 * How many labels a gate takes in all, before there is one of each class: those that prove the AUC of the card, and at least its minima.
 * @returns undefined where the card does not promise a Pass
 */
export function labelsFromCard({ auc, prevalence }: PriorBelief, rule: GateRule): number | undefined {
  if (!(prevalence > 0 && prevalence < 1)) return undefined;
  const counted = Math.ceil(Math.max(rule.minPositives / prevalence, rule.minNegatives / (1 - prevalence)));
  // One look comes as soon as the minima are there, and ends it whatever it finds.
  if (rule.mode !== 'Anytime') return counted;
  const proven = requiredLabels({ auc, minAUC: rule.minAUC, prevalence, rule: boundRuleOf(rule) });
  return proven === undefined ? undefined : Math.max(counted, proven);
}

/**
 * When a gate is expected to have `labels` more customers, should they go on coming as they do: since the last look, where there were more
 * than at it; else since the first one; and where none is matured yet, as they were predicted, one horizon later.
 * @returns epoch milliseconds; undefined where none come, or it is more than ten years away
 */
export function expectedDecision(labels: number, flow: LabelFlow): number | undefined {
  const { nowMs, horizonMs, rows, firstMs, pending, firstPendingMs, lastLook, sinceMs } = flow;
  if (lastLook !== undefined && rows > lastLook.rows) return expectedDecisionMs({ labels, labelsPerDay: perDay(rows - lastLook.rows, nowMs - Date.parse(lastLook.at)), fromMs: nowMs });
  if (rows > 0 && firstMs !== undefined) return expectedDecisionMs({ labels, labelsPerDay: perDay(rows, nowMs - horizonMs - firstMs), fromMs: nowMs });
  if (pending === 0 || firstPendingMs === undefined) return undefined;
  return expectedDecisionMs({ labels, labelsPerDay: perDay(pending, nowMs - Math.max(sinceMs, firstPendingMs)), fromMs: Math.max(nowMs, firstPendingMs + horizonMs) });
}

/** A moment says nothing of a rate: less than a second counts as one. */
function perDay(customers: number, ms: number): number {
  return (customers / Math.max(1000, ms)) * DAY_MS;
}
