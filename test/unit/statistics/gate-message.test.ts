import { expect, test } from '@jest/globals';
import { gateMessage } from '../../../statistics/gate-message.ts';
import { decideGate, type GateFindings, type GateRule } from '../../../statistics/gate.ts';

const rule: GateRule = { mode: 'Anytime', confidence: 0.95, minAUC: 0.8, maxRegression: 0.02, minPositives: 50, minNegatives: 50 };
const proven: GateFindings = {
  counts: { rows: 812, positives: 215, negatives: 597 },
  candidate: { value: 0.8412, variance: 0.0002, lower: 0.80124, upper: 0.8765 },
  difference: { value: 0.0021, variance: 0.00003, lower: -0.0113, upper: 0.0151 },
};
const seen = 'AUC 0.8412, bounds 0.8012 and 0.8765 (each at 95 %), of 812 customers, 215 positive';

test.each<{ name: string; findings: Partial<GateFindings>; gate?: Partial<GateRule>; message: string }>([
  { name: 'Pass', findings: {}, message: `${seen}; against stable +0.0021, bounds -0.0113 and +0.0151. At least 0.8 is proven, and that no more than 0.02 is lost.` },
  { name: 'Pass, the first version', findings: { difference: undefined }, message: `${seen}. At least 0.8 is proven.` },
  { name: 'Point', findings: { difference: undefined }, gate: { mode: 'Point', minAUC: 0.83 }, message: `${seen}. The estimate is not below 0.83; the chance that the true AUC is below is about 22.1 %.` },
  { name: 'Fail', findings: { difference: undefined }, gate: { minAUC: 0.9 }, message: `${seen}. It is below 0.9, at 95 % confidence.` },
  { name: 'Fail by the estimate', findings: { difference: undefined }, gate: { minAUC: 0.9, mode: 'Point' }, message: `${seen}. The estimate is below 0.9.` },
  { name: 'worse', findings: { difference: { value: -0.05, variance: 0.00003, lower: -0.07, upper: -0.03 } }, message: `${seen}; against stable -0.0500, bounds -0.0700 and -0.0300. It loses more than 0.02 against stable, at 95 % confidence.` },
  { name: 'waiting to pass', findings: { difference: undefined }, gate: { minAUC: 0.81 }, message: `${seen}. Whether it is at least 0.81 is not known yet: about 690 more labelled customers to pass, if the estimates stay.` },
  { name: 'one look was not enough', findings: { difference: { value: 0.0021, variance: 0.0003, lower: -0.0264, upper: 0.0306 } }, gate: { mode: 'LowerBound' }, message: `${seen}; against stable +0.0021, bounds -0.0264 and +0.0306. That it loses 0.02 or more against stable is not excluded yet: one look with about 540 more labelled customers would have been needed to pass.` },
  { name: 'on the line', findings: { difference: undefined, candidate: { value: 0.8, variance: 0.0002, lower: 0.76, upper: 0.84 } }, message: 'AUC 0.8000, bounds 0.7600 and 0.8400 (each at 95 %), of 812 customers, 215 positive. Whether it is at least 0.8 is not known yet, and the estimate lies too near the limit to say when it will be.' },
  { name: 'too few', findings: { counts: { rows: 60, positives: 15, negatives: 45 }, difference: undefined }, message: 'AUC 0.8412, bounds 0.8012 and 0.8765 (each at 95 %), of 60 customers, 15 positive. Missing: 35 positive and 5 negative labels (about 140 more customers).' },
  { name: 'none', findings: { counts: { rows: 0, positives: 0, negatives: 0 }, candidate: undefined, difference: undefined }, message: '0 customers, 0 positive: too few for an AUC. Missing: 50 positive and 50 negative labels.' },
])('$name', ({ findings, gate, message }) => {
  const [given, asked] = [{ ...proven, ...findings }, { ...rule, ...gate }];
  expect(gateMessage(given, decideGate(given, asked), asked)).toBe(message);
});
