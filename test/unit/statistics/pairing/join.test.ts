import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { joinFeedback } from '../../../../statistics/pairing/join.ts';
import type { KnownBy } from '../../../../statistics/pairing/join.ts';
import type { Exclusion, JoinableLabel, JoinablePrediction, JoinRules } from '../../../../statistics/pairing/rules.ts';
import { CANDIDATE, predictionOf, STABLE, worlds } from './worlds.ts';

const HOUR = 3_600_000;
const rules: JoinRules = { candidateHash: CANDIDATE, stableHash: undefined, fromMs: 0, nowMs: 1000 * HOUR, horizonMs: 10 * HOUR, population: 'All' };

function labelOf(given: Partial<JoinableLabel>): JoinableLabel {
  return { positive: true, observedMs: 105 * HOUR, receivedMs: 105 * HOUR, ...given };
}

type Case = Readonly<{ name: string; predictions?: readonly Partial<JoinablePrediction>[]; labels?: readonly Partial<JoinableLabel>[]; expected: readonly (readonly [string, boolean, KnownBy])[] }>;
/** Customer `ada` was scored at hour 100. */
const one = [{ id: 'p1', entity: 'ada', atMs: 100 * HOUR }];
const two = [...one, { id: 'p2', entity: 'ada', atMs: 104 * HOUR }];

describe('a label', () => {
  test.each<Case>([
    { name: 'by id', labels: [{ id: 'p1' }], expected: [['p1', true, 'Label']] },
    { name: 'by id, long after the horizon', labels: [{ id: 'p1', observedMs: 900 * HOUR }], expected: [['p1', true, 'Label']] },
    { name: 'by customer', labels: [{ entity: 'ada' }], expected: [['p1', true, 'Label']] },
    { name: 'by customer, at the very instant', labels: [{ entity: 'ada', observedMs: 100 * HOUR }], expected: [['p1', true, 'Label']] },
    { name: 'by customer, at the end of the horizon', labels: [{ entity: 'ada', observedMs: 110 * HOUR }], expected: [['p1', true, 'Label']] },
    { name: 'by customer, after the horizon', labels: [{ entity: 'ada', observedMs: 110 * HOUR + 1 }], expected: [['p1', false, 'Silence']] },
    { name: 'by customer, before the prediction', labels: [{ entity: 'ada', observedMs: 100 * HOUR - 1 }], expected: [['p1', false, 'Silence']] },
    { name: 'of another customer', labels: [{ entity: 'grace' }], expected: [['p1', false, 'Silence']] },
    { name: 'that says no', labels: [{ id: 'p1', positive: false }], expected: [['p1', false, 'Label']] },
    { name: 'by an id that nobody knows, and by customer', labels: [{ id: 'lost', entity: 'ada' }], expected: [['p1', true, 'Label']] },
    { name: 'none', expected: [['p1', false, 'Silence']] },
    { name: 'that comes later', labels: [{ id: 'p1' }, { id: 'p1', positive: false, observedMs: 106 * HOUR }], expected: [['p1', false, 'Label']] },
    { name: 'out of order', labels: [{ id: 'p1', positive: false, observedMs: 106 * HOUR }, { id: 'p1' }], expected: [['p1', false, 'Label']] },
    { name: 'by id and a later one by customer', labels: [{ id: 'p1', positive: false }, { entity: 'ada', observedMs: 106 * HOUR }], expected: [['p1', true, 'Label']] },
    { name: 'corrected for the same instant', labels: [{ id: 'p1', receivedMs: 200 * HOUR, positive: false }, { id: 'p1', receivedMs: 190 * HOUR }], expected: [['p1', false, 'Label']] },
    { name: 'twice', labels: [{ id: 'p1' }, { id: 'p1' }], expected: [['p1', true, 'Label']] },
  ])('$name', ({ labels = [], expected }) => {
    const { samples } = joinFeedback(one.map(predictionOf), labels.map(labelOf), rules);
    expect(samples.map(({ predictionId, positive, knownBy }) => [predictionId, positive, knownBy])).toEqual(expected);
  });
});

describe('a customer who is scored twice is one observation', () => {
  test.each<Case>([
    { name: 'the latest', expected: [['p2', false, 'Silence']] },
    { name: 'labelled by customer', labels: [{ entity: 'ada' }], expected: [['p2', true, 'Label']] },
    { name: 'labelled by the earlier id: known, so not silent', labels: [{ id: 'p1' }], expected: [['p2', true, 'OtherPrediction']] },
    { name: 'labelled by the earlier id before the later prediction', labels: [{ id: 'p1', observedMs: 103 * HOUR }], expected: [['p2', false, 'Silence']] },
    { name: 'labelled by both ids: its own counts', labels: [{ id: 'p2', positive: false }, { id: 'p1', observedMs: 106 * HOUR }], expected: [['p2', false, 'Label']] },
    { name: 'two nobodies are two', predictions: [{ id: 'n1', entity: null }, { id: 'n2', entity: null }], labels: [{ id: 'n1' }], expected: [['n1', true, 'Label'], ['n2', false, 'Silence']] },
    { name: 'of the same instant, one of them', predictions: [{ id: 'q1', entity: 'ada' }, { id: 'q2', entity: 'ada' }], expected: [['q2', false, 'Silence']] },
    { name: 'a record that came twice', predictions: [...one, ...one], expected: [['p1', false, 'Silence']] },
  ])('$name', ({ predictions = two, labels = [], expected }) => {
    const { samples } = joinFeedback(predictions.map(predictionOf), labels.map(labelOf), rules);
    expect(samples.map(({ predictionId, positive, knownBy }) => [predictionId, positive, knownBy])).toEqual(expected);
  });

  test('while the later one is not matured the earlier one is looked at, and knows what is known', () => {
    const young: JoinRules = { ...rules, nowMs: 112 * HOUR };
    const { samples, counts } = joinFeedback(two.map(predictionOf), [labelOf({ entity: 'ada' })], young);
    expect(samples).toMatchObject([{ predictionId: 'p1', positive: true, knownBy: 'Label' }]);
    expect(counts.excluded.NotMatured).toBe(1);
  });
});

describe('who is not looked at', () => {
  test.each<{ name: string; prediction: Partial<JoinablePrediction>; given?: Partial<JoinRules>; reason: Exclusion | undefined }>([
    { name: 'matured to the millisecond', prediction: { atMs: 990 * HOUR }, reason: undefined },
    { name: 'not yet matured', prediction: { atMs: 990 * HOUR + 1 }, reason: 'NotMatured' },
    { name: 'before the window', prediction: { atMs: 99 * HOUR }, given: { fromMs: 100 * HOUR }, reason: 'BeforeWindow' },
    { name: 'answered by another version', prediction: { hash: 'x' }, given: { stableHash: STABLE }, reason: 'OtherVersion' },
    { name: 'without a pair', prediction: { candidate: undefined }, reason: 'NoCandidateScore' },
    { name: 'paired with an earlier candidate', prediction: { candidate: { hash: 'earlier', probability: 0.5 } }, reason: 'NoCandidateScore' },
    { name: 'without a pair, where none is asked for', prediction: { candidate: undefined }, given: { candidateHash: undefined }, reason: undefined },
    { name: 'not contacted', prediction: { decision: false }, given: { population: 'Contacted' }, reason: 'OutsidePopulation' },
    { name: 'contacted', prediction: { decision: true }, given: { population: 'Contacted' }, reason: undefined },
    { name: 'control, where the contacted are asked for', prediction: { decision: null, arm: 'control' }, given: { population: 'Contacted' }, reason: 'OutsidePopulation' },
    { name: 'control', prediction: { decision: null, arm: 'control' }, given: { population: 'Control' }, reason: undefined },
    { name: 'treatment, where control is asked for', prediction: { arm: 'treatment' }, given: { population: 'Control' }, reason: 'OutsidePopulation' },
    { name: 'no experiment, where control is asked for', prediction: {}, given: { population: 'Control' }, reason: 'OutsidePopulation' },
  ])('$name: $reason', ({ prediction, given = {}, reason }) => {
    const { samples, counts } = joinFeedback([predictionOf(prediction)], [], { ...rules, ...given });
    const found = Object.entries(counts.excluded).filter(([, count]) => count > 0);
    expect([samples.length, found]).toEqual(reason === undefined ? [1, []] : [0, [[reason, 1]]]);
  });
});

describe('a label without a prediction', () => {
  test.each<{ name: string; label: Partial<JoinableLabel>; unmatched: number; beforeWindow: number }>([
    { name: 'by id', label: { id: 'lost', predictedMs: 101 * HOUR }, unmatched: 1, beforeWindow: 0 },
    { name: 'by an id from before the window', label: { id: 'lost', predictedMs: 49 * HOUR }, unmatched: 0, beforeWindow: 1 },
    { name: 'by customer', label: { entity: 'grace' }, unmatched: 1, beforeWindow: 0 },
    { name: 'by customer, seen before the window', label: { entity: 'grace', observedMs: 49 * HOUR }, unmatched: 0, beforeWindow: 1 },
    { name: 'by customer, beyond the horizon', label: { entity: 'ada', observedMs: 111 * HOUR }, unmatched: 1, beforeWindow: 0 },
    { name: 'by customer, of a prediction that is not looked at', label: { entity: 'young', observedMs: 999 * HOUR }, unmatched: 0, beforeWindow: 0 },
    { name: 'by both, found by customer', label: { id: 'lost', entity: 'ada' }, unmatched: 0, beforeWindow: 0 },
  ])('$name', ({ label, unmatched, beforeWindow }) => {
    const predictions = [...one, { id: 'y', entity: 'young', atMs: 999 * HOUR }].map(predictionOf);
    expect(joinFeedback(predictions, [labelOf(label)], { ...rules, fromMs: 50 * HOUR }).counts).toMatchObject({ labels: 1, unmatched, beforeWindow });
  });
});

test('order, and coming twice, change nothing', () => {
  fc.assert(
    fc.property(worlds, fc.infiniteStream(fc.nat()), ({ predictions, labels, rules: given }, lots) => {
      const joined = joinFeedback(predictions, labels, given);
      const shuffled = <Each>(list: readonly Each[]): readonly Each[] => [...list, ...list.filter((_, at) => at % 3 === 0)].map((each) => ({ each, lot: lots.next().value ?? 0 })).toSorted((a, b) => a.lot - b.lot).map(({ each }) => each);
      expect(joinFeedback(shuffled(predictions), shuffled(labels), given)).toEqual(joined);
    }),
  );
});

test('every distinct prediction is a sample, superseded or excluded, and a customer is one sample', () => {
  fc.assert(
    fc.property(worlds, ({ predictions, labels, rules: given }) => {
      const { samples, counts } = joinFeedback(predictions, labels, given);
      const excluded = Object.values(counts.excluded).reduce((sum, each) => sum + each, 0);
      expect(samples.length + counts.superseded + excluded).toBe(counts.predictions);
      const customers = samples.flatMap(({ entity }) => (entity === null ? [] : [entity]));
      expect(new Set(customers).size).toBe(customers.length);
    }),
  );
});
