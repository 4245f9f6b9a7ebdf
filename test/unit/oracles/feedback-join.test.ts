import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Exclusion, JoinRules } from '../../../server/evaluation/feedback-join/pairing.ts';
import { CASE_RULES, HOUR, JOIN_CASES, labelOf } from '../../oracles/feedback-cases.ts';
import { joinFeedback } from '../../oracles/feedback-join.ts';
import type { JoinableLabel, JoinablePrediction } from '../../oracles/feedback-join.ts';
import { predictionOf, STABLE, worlds } from '../../oracles/feedback-worlds.ts';

test.each(JOIN_CASES)('$name', ({ predictions, labels, expected }) => {
  const { samples } = joinFeedback(predictions, labels, CASE_RULES);
  expect(samples.map(({ predictionId, positive, knownBy }) => [predictionId, positive, knownBy])).toEqual(expected);
});

/** Customer `ada` was scored at hour 100. */
const one = [{ id: 'p1', entity: 'ada', atMs: 100 * HOUR }];

test('while the later one is not matured the earlier one is looked at, and knows what is known', () => {
  const young: JoinRules = { ...CASE_RULES, nowMs: 112 * HOUR };
  const { samples, counts } = joinFeedback([...one, { id: 'p2', entity: 'ada', atMs: 104 * HOUR }].map(predictionOf), [labelOf({ entity: 'ada' })], young);
  expect(samples).toMatchObject([{ predictionId: 'p1', positive: true, knownBy: 'Label' }]);
  expect(counts.excluded.NotMatured).toBe(1);
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
    const { samples, counts } = joinFeedback([predictionOf(prediction)], [], { ...CASE_RULES, ...given });
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
    expect(joinFeedback(predictions, [labelOf(label)], { ...CASE_RULES, fromMs: 50 * HOUR }).counts).toMatchObject({ labels: 1, unmatched, beforeWindow });
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
