import type { JoinRules, KnownBy } from '../../server/evaluation/feedback-join/pairing.ts';
import type { JoinableLabel, JoinablePrediction } from './feedback-join.ts';
import { CANDIDATE, predictionOf } from './feedback-worlds.ts';

export const HOUR = 3_600_000;

/** What is known of some customers, and what a join by CASE_RULES makes of it: prediction, whether it happened, and how that is known. */
export type JoinCase = Readonly<{ name: string; predictions: readonly JoinablePrediction[]; labels: readonly JoinableLabel[]; expected: readonly (readonly [string, boolean, KnownBy])[] }>;

export const CASE_RULES: JoinRules = { candidateHash: CANDIDATE, stableHash: undefined, fromMs: 0, nowMs: 1000 * HOUR, horizonMs: 10 * HOUR, population: 'All' };

/** A label at hour 105 that it happened. */
export function labelOf(given: Partial<JoinableLabel>): JoinableLabel {
  return { positive: true, observedMs: 105 * HOUR, receivedMs: 105 * HOUR, ...given };
}

type Row = Readonly<{ name: string; predictions?: readonly Partial<JoinablePrediction>[]; labels?: readonly Partial<JoinableLabel>[]; expected: JoinCase['expected'] }>;
/** Customer `ada` was scored at hour 100. */
const one = [{ id: 'p1', entity: 'ada', atMs: 100 * HOUR }];
const two = [...one, { id: 'p2', entity: 'ada', atMs: 104 * HOUR }];

const ROWS: readonly Row[] = [
  { name: 'a label by id', labels: [{ id: 'p1' }], expected: [['p1', true, 'Label']] },
  { name: 'a label by id, long after the horizon', labels: [{ id: 'p1', observedMs: 900 * HOUR }], expected: [['p1', true, 'Label']] },
  { name: 'a label by customer', labels: [{ entity: 'ada' }], expected: [['p1', true, 'Label']] },
  { name: 'a label by customer, at the very instant', labels: [{ entity: 'ada', observedMs: 100 * HOUR }], expected: [['p1', true, 'Label']] },
  { name: 'a label by customer, at the end of the horizon', labels: [{ entity: 'ada', observedMs: 110 * HOUR }], expected: [['p1', true, 'Label']] },
  { name: 'a label by customer, after the horizon', labels: [{ entity: 'ada', observedMs: 110 * HOUR + 1 }], expected: [['p1', false, 'Silence']] },
  { name: 'a label by customer, before the prediction', labels: [{ entity: 'ada', observedMs: 100 * HOUR - 1 }], expected: [['p1', false, 'Silence']] },
  { name: 'a label of another customer', labels: [{ entity: 'grace' }], expected: [['p1', false, 'Silence']] },
  { name: 'a label that says no', labels: [{ id: 'p1', positive: false }], expected: [['p1', false, 'Label']] },
  { name: 'a label by an id that nobody knows, and by customer', labels: [{ id: 'lost', entity: 'ada' }], expected: [['p1', true, 'Label']] },
  { name: 'no label', expected: [['p1', false, 'Silence']] },
  { name: 'a label that comes later', labels: [{ id: 'p1' }, { id: 'p1', positive: false, observedMs: 106 * HOUR }], expected: [['p1', false, 'Label']] },
  { name: 'a label out of order', labels: [{ id: 'p1', positive: false, observedMs: 106 * HOUR }, { id: 'p1' }], expected: [['p1', false, 'Label']] },
  { name: 'a label by id and a later one by customer', labels: [{ id: 'p1', positive: false }, { entity: 'ada', observedMs: 106 * HOUR }], expected: [['p1', true, 'Label']] },
  { name: 'a label corrected for the same instant', labels: [{ id: 'p1', receivedMs: 200 * HOUR, positive: false }, { id: 'p1', receivedMs: 190 * HOUR }], expected: [['p1', false, 'Label']] },
  { name: 'a label twice', labels: [{ id: 'p1' }, { id: 'p1' }], expected: [['p1', true, 'Label']] },
  { name: 'scored twice: the latest', predictions: two, expected: [['p2', false, 'Silence']] },
  { name: 'scored twice: labelled by customer', labels: [{ entity: 'ada' }], predictions: two, expected: [['p2', true, 'Label']] },
  { name: 'scored twice: labelled by the earlier id: known, so not silent', labels: [{ id: 'p1' }], predictions: two, expected: [['p2', true, 'OtherPrediction']] },
  { name: 'scored twice: labelled by the earlier id before the later prediction', labels: [{ id: 'p1', observedMs: 103 * HOUR }], predictions: two, expected: [['p2', false, 'Silence']] },
  { name: 'scored twice: labelled by both ids: its own counts', labels: [{ id: 'p2', positive: false }, { id: 'p1', observedMs: 106 * HOUR }], predictions: two, expected: [['p2', false, 'Label']] },
  { name: 'scored twice: two nobodies are two', predictions: [{ id: 'n1', entity: null }, { id: 'n2', entity: null }], labels: [{ id: 'n1' }], expected: [['n1', true, 'Label'], ['n2', false, 'Silence']] },
  { name: 'scored twice: of the same instant, one of them', predictions: [{ id: 'q1', entity: 'ada' }, { id: 'q2', entity: 'ada' }], expected: [['q2', false, 'Silence']] },
  { name: 'scored twice: a record that came twice', predictions: [...one, ...one], expected: [['p1', false, 'Silence']] },
];

/** DESIGN section 3.3 case by case, answers by hand. */
export const JOIN_CASES: readonly JoinCase[] = ROWS.map(({ name, predictions = one, labels = [], expected }) => ({ name, predictions: predictions.map(predictionOf), labels: labels.map(labelOf), expected }));
