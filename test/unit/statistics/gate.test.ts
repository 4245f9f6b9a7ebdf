import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decideGate, type GateDecision, type GateFindings, type GateRule, type Measured } from '../../../statistics/gate.ts';

const rule: GateRule = { mode: 'Anytime', confidence: 0.95, minAUC: 0.8, maxRegression: 0.02, minPositives: 50, minNegatives: 50 };
const candidate: Measured = { value: 0.84, variance: 0.0002, lower: 0.8, upper: 0.87 };
const difference: Measured = { value: 0.001, variance: 0.00004, lower: -0.0199, upper: 0.02 };
const proven: GateFindings = { counts: { rows: 800, positives: 212, negatives: 588 }, candidate, difference };

const pass: GateDecision = { verdict: 'Pass', reason: 'Proven' };
const passed: GateDecision = { verdict: 'Pass', reason: 'EstimatePassed' };
const tooLow: GateDecision = { verdict: 'Fail', reason: 'AUCTooLow' };
const worse: GateDecision = { verdict: 'Fail', reason: 'WorseThanStable' };
const enough = { positives: 0, negatives: 0, labels: expect.any(Number) };

describe.each(['Anytime', 'LowerBound'] as const)('%s decides by the bounds', (mode) => {
  test.each<{ name: string; found: Partial<GateFindings>; gate?: Partial<GateRule>; expected: unknown }>([
    { name: 'the lower bound may equal minAUC', found: {}, expected: pass },
    { name: 'a hair below does not prove it', found: { candidate: { ...candidate, lower: 0.7999 } }, expected: { verdict: 'Inconclusive', reason: 'AUCNotProven', missing: { ...enough, leaning: 'Pass' } } },
    { name: 'no stable version, nothing to compare with', found: { difference: undefined }, expected: pass },
    { name: 'a loss of maxRegression is not excluded', found: { difference: { ...difference, lower: -0.02 } }, expected: { verdict: 'Inconclusive', reason: 'RegressionNotExcluded', missing: { ...enough, leaning: 'Pass' } } },
    { name: 'the upper bound below minAUC', found: { candidate: { ...candidate, value: 0.75, lower: 0.7, upper: 0.7999 } }, expected: tooLow },
    { name: 'the upper bound at minAUC', found: { candidate: { ...candidate, value: 0.75, lower: 0.7, upper: 0.8 } }, expected: { verdict: 'Inconclusive', reason: 'AUCNotProven', missing: { ...enough, leaning: 'Fail' } } },
    { name: 'worse than stable, though good', found: { difference: { ...difference, value: -0.05, lower: -0.07, upper: -0.0201 } }, expected: worse },
    { name: 'a loss that may be exactly maxRegression', found: { difference: { ...difference, value: -0.05, lower: -0.07, upper: -0.02 } }, expected: { verdict: 'Inconclusive', reason: 'RegressionNotExcluded', missing: { ...enough, leaning: 'Fail' } } },
    { name: 'too low comes first', found: { candidate: { ...candidate, value: 0.7, lower: 0.6, upper: 0.75 }, difference: { ...difference, value: -0.1, lower: -0.2, upper: -0.05 } }, expected: tooLow },
    { name: 'nothing may be lost, and nothing is: not proven', found: { difference: { ...difference, value: 0, lower: 0 } }, gate: { maxRegression: 0 }, expected: { verdict: 'Inconclusive', reason: 'RegressionNotExcluded', missing: { positives: 0, negatives: 0, labels: undefined, leaning: undefined } } },
    { name: 'estimates on the line: nobody can say when', found: { candidate: { ...candidate, value: 0.8, lower: 0.77, upper: 0.83 } }, expected: { verdict: 'Inconclusive', reason: 'AUCNotProven', missing: { positives: 0, negatives: 0, labels: undefined, leaning: undefined } } },
  ])('$name', ({ found, gate, expected }) => expect(decideGate({ ...proven, ...found }, { ...rule, mode, ...gate })).toEqual(expected));
});

describe('how many more labels', () => {
  const open = { candidate: { ...candidate, value: 0.81, lower: 0.77, upper: 0.85 }, difference: { ...difference, value: -0.005, lower: -0.03, upper: 0.02 } };
  const falling = { candidate: { ...candidate, value: 0.79, lower: 0.75, upper: 0.83 }, difference: { ...difference, value: -0.035, lower: -0.06, upper: -0.01 } };
  const proving: GateFindings = { ...proven, candidate: { ...candidate, value: 0.9, variance: 0.0001, lower: 0.87, upper: 0.92 } };
  const labels = (findings: Partial<GateFindings>): number => {
    const decision = decideGate({ ...proving, ...findings }, rule);
    return decision.verdict === 'Inconclusive' ? (decision.missing.labels ?? Number.NaN) : 0;
  };

  test('to pass: the slower of both', () => {
    const [both, auc, change] = [labels(open), labels({ candidate: open.candidate, difference: undefined }), labels({ difference: open.difference })];
    expect(Math.min(auc, change)).toBeGreaterThan(0);
    expect(auc).not.toBe(change);
    expect(both).toBe(Math.max(auc, change));
  });

  test('to fail: the quicker of both, and of those only that point below', () => {
    const [both, auc, change] = [labels(falling), labels({ candidate: falling.candidate, difference: undefined }), labels({ difference: falling.difference })];
    expect(Math.min(auc, change)).toBeGreaterThan(0);
    expect(auc).not.toBe(change);
    expect(both).toBe(Math.min(auc, change));
    expect(labels({ ...open, difference: falling.difference })).toBe(change);
  });
});

describe('Point decides by the estimates', () => {
  const gate: GateRule = { ...rule, mode: 'Point' };
  test.each<{ name: string; found: Partial<GateFindings>; gate?: Partial<GateRule>; expected: GateDecision }>([
    { name: 'whatever the bounds are', found: { candidate: { ...candidate, lower: 0.1 } }, expected: passed },
    { name: '0.80 exactly passes', found: { candidate: { ...candidate, value: 0.8 } }, expected: passed },
    { name: '0.7999 does not', found: { candidate: { ...candidate, value: 0.7999 } }, expected: tooLow },
    { name: 'what may be lost may be lost', found: { difference: { ...difference, value: -0.02 } }, expected: passed },
    { name: 'a hair more may not', found: { difference: { ...difference, value: -0.0201 } }, expected: worse },
    { name: 'the same model again, where nothing may be lost', found: { difference: { ...difference, value: 0, variance: 0 } }, gate: { maxRegression: 0 }, expected: passed },
  ])('$name', ({ found, gate: fields, expected }) => expect(decideGate({ ...proven, ...found }, { ...gate, ...fields })).toEqual(expected));
});

function few(rows: number, positives: number): GateFindings {
  return { ...proven, counts: { rows, positives, negatives: rows - positives } };
}

describe('too few labels', () => {
  test.each<{ name: string; findings: GateFindings; missing: unknown }>([
    { name: 'positives', findings: few(100, 49), missing: { positives: 1, negatives: 0, labels: 3, leaning: undefined } },
    { name: 'negatives', findings: few(90, 50), missing: { positives: 0, negatives: 10, labels: 23, leaning: undefined } },
    { name: 'both', findings: few(20, 4), missing: { positives: 46, negatives: 34, labels: 230, leaning: undefined } },
    { name: 'none of one class yet', findings: { ...few(20, 0), candidate: undefined, difference: undefined }, missing: { positives: 50, negatives: 30, labels: undefined, leaning: undefined } },
    { name: 'none at all', findings: { ...few(0, 0), candidate: undefined, difference: undefined }, missing: { positives: 50, negatives: 50, labels: undefined, leaning: undefined } },
  ])('$name', ({ findings, missing }) => {
    for (const mode of ['Anytime', 'LowerBound', 'Point'] as const) expect(decideGate(findings, { ...rule, mode })).toEqual({ verdict: 'Inconclusive', reason: 'TooFewLabels', missing });
  });
});

const bound = fc.double({ min: 0, max: 1, noNaN: true });
const measured = (shift: number, scale: number): fc.Arbitrary<Measured> =>
  fc.tuple(bound, bound, bound).map((three) => {
    const [lower = 0, value = 0, upper = 0] = three.toSorted((a, b) => a - b).map((each) => shift + scale * each);
    return { lower, value, upper, variance: 0.001 };
  });

test('only bounds that hold pass, and only a bound that excludes fails', () => {
  fc.assert(
    fc.property(measured(0, 1), measured(-1, 2), bound, fc.double({ min: 0, max: 0.5, noNaN: true }), (auc, change, minAUC, maxRegression) => {
      const { verdict } = decideGate({ counts: proven.counts, candidate: auc, difference: change }, { ...rule, minAUC, maxRegression });
      expect(verdict === 'Pass').toBe(auc.lower >= minAUC && change.lower > -maxRegression);
      expect(verdict === 'Fail').toBe(auc.upper < minAUC || change.upper < -maxRegression);
    }),
  );
});
