import type { FeedbackLabel } from '../../../contracts/feedback.ts';
import type { Scored } from '../load/predict-rows.ts';

/**
 * How it is told what became of a customer. `Twice`: the same label again, later. `Corrected`: first the right one, then an older wrong one, which came
 * late. `OfFirst`: names the customer's first prediction, not the latest. `Late`: once the horizon has passed. `Silent`: not at all.
 */
export const MANNERS = ['ById', 'ByEntity', 'Twice', 'Corrected', 'OfFirst', 'ByFile', 'Late', 'Silent'] as const;
export type Manner = (typeof MANNERS)[number];

/** A row of an outcome file. */
export type OutcomeRow = Readonly<{ customer: string; positive: boolean; observedAt: string }>;

/** What is told of all customers, and what must be known of each of them in the end. */
export type LabelPlan = Readonly<{
  /** In the order in which they are sent, which is not that in which things happened. */
  early: readonly FeedbackLabel[];
  /** After all of these. */
  again: readonly FeedbackLabel[];
  /** Once every prediction is matured. */
  late: readonly FeedbackLabel[];
  file: readonly OutcomeRow[];
  expected: ReadonlyMap<string, boolean>;
  manners: ReadonlyMap<string, Manner>;
  /** Different labels in all: of the same id (or customer) and instant there is one. */
  distinct: number;
}>;

/** After the prediction, within any horizon: an older observation, and the one that counts. */
const OLDER_MS = 50;
const OBSERVED_MS = 100;

/**
 * Tells of customers in each manner there is, by turns, in the order of their first predictions.
 * @param scored predictions in the order in which they were made; a customer may have several
 */
export function planLabels(scored: readonly Scored[], truth: ReadonlyMap<string, boolean>): LabelPlan {
  const early: FeedbackLabel[] = [];
  const again: FeedbackLabel[] = [];
  const late: FeedbackLabel[] = [];
  const file: OutcomeRow[] = [];
  const expected = new Map<string, boolean>();
  const manners = new Map<string, Manner>();
  for (const [index, [customer, { first, latest }]] of [...predictionsOf(scored)].entries()) {
    const label = truth.get(customer);
    if (label === undefined) throw new Error(`nobody knows what became of ${customer}`);
    const at = (afterMs: number): string => new Date(latest.atMs + afterMs).toISOString();
    const observedAt = at(OBSERVED_MS);
    const { id } = latest.prediction;
    const manner = MANNERS[index % MANNERS.length] ?? 'ById';
    manners.set(customer, manner);
    expected.set(customer, manner === 'Silent' ? false : label);
    const byId = { id, label, observedAt };
    switch (manner) {
      case 'ById':
        early.push(byId);
        break;
      case 'ByEntity':
        early.push({ entity: customer, label: label ? 'Yes' : 'No', observedAt });
        break;
      case 'Twice':
        early.push(byId);
        again.push(byId);
        break;
      case 'Corrected':
        early.push(byId);
        again.push({ id, label: !label, observedAt: at(OLDER_MS) });
        break;
      case 'OfFirst':
        early.push({ ...byId, id: first.prediction.id });
        break;
      case 'ByFile':
        file.push({ customer, positive: label, observedAt });
        break;
      case 'Late':
        late.push(byId);
        break;
      case 'Silent':
        break;
    }
  }
  const all = [...early, ...again, ...late];
  const distinct = new Set(all.map(({ id, entity, observedAt }) => JSON.stringify([id ?? null, id === undefined ? entity : null, observedAt]))).size + file.length;
  return { early: early.toReversed(), again, late, file, expected, manners, distinct };
}

/** First and latest prediction of each customer. */
export function predictionsOf(scored: readonly Scored[]): ReadonlyMap<string, Readonly<{ first: Scored; latest: Scored }>> {
  const found = new Map<string, Readonly<{ first: Scored; latest: Scored }>>();
  for (const each of scored) found.set(each.customer.id, { first: found.get(each.customer.id)?.first ?? each, latest: each });
  return found;
}

/** The file that people put below `labels.import.prefix`. */
export function outcomeFile(rows: readonly OutcomeRow[]): string {
  return ['customerID,Churn,date', ...rows.map(({ customer, positive, observedAt }) => `${customer},${positive ? 'Yes' : 'No'},${observedAt}`), ''].join('\n');
}
