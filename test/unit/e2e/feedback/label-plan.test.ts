import { expect, test } from '@jest/globals';
import { MANNERS, outcomeFile, planLabels } from '../../../e2e/feedback/label-plan.ts';
import type { Scored } from '../../../e2e/load/predict-rows.ts';

const START_MS = Date.parse('2026-11-21T07:00:00Z');

function scored(customer: string, turn: number): Scored {
  return { customer: { id: customer, instance: {} }, prediction: { id: `${customer}#${turn}`, probability: 0.5, decision: true, label: 'Yes', version: 'v', role: 'stable' }, atMs: START_MS + turn * 1000 };
}

// One customer a manner, in their order, all of them leavers; the fifth (OfFirst) is scored twice.
const customers = MANNERS.map((manner) => manner.toLowerCase());
const sent = [...customers.map((customer, turn) => scored(customer, turn)), scored('offirst', 20)];
const plan = planLabels(sent, new Map(customers.map((customer) => [customer, true])));
const at = (turn: number, afterMs: number): string => new Date(START_MS + turn * 1000 + afterMs).toISOString();

test('each customer is told of in its manner; what is silent did not happen', () => {
  expect([...plan.manners.values()]).toEqual([...MANNERS]);
  expect([...plan.expected].filter(([, positive]) => !positive)).toEqual([['silent', false]]);
});

test('labels come out of order, twice, corrected by an older one, of another prediction, late, and in a file', () => {
  expect(plan.early).toEqual([
    { id: 'offirst#4', label: true, observedAt: at(20, 100) },
    { id: 'corrected#3', label: true, observedAt: at(3, 100) },
    { id: 'twice#2', label: true, observedAt: at(2, 100) },
    { entity: 'byentity', label: 'Yes', observedAt: at(1, 100) },
    { id: 'byid#0', label: true, observedAt: at(0, 100) },
  ]);
  expect(plan.again).toEqual([
    { id: 'twice#2', label: true, observedAt: at(2, 100) },
    { id: 'corrected#3', label: false, observedAt: at(3, 50) },
  ]);
  expect(plan.late).toEqual([{ id: 'late#6', label: true, observedAt: at(6, 100) }]);
  expect(outcomeFile(plan.file)).toBe(`customerID,Churn,date\nbyfile,Yes,${at(5, 100)}\n`);
});

test('what is told twice counts once', () => expect(plan.distinct).toBe(5 + 1 + 1 + 1));

test('a customer of whom nobody knows is a mistake of the claim', () => expect(() => planLabels(sent, new Map())).toThrow('nobody knows'));
