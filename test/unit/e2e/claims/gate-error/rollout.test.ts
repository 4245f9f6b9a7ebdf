import { describe, expect, test } from '@jest/globals';
import { RandomStream } from '../../../../e2e/random-stream.ts';
import { rateInWords, rateOf, twoErrors } from '../../../../e2e/claims/gate-error/rates.ts';
import { simulateRepeated } from '../../../../e2e/claims/gate-error/repeated.ts';
import { Endings, separation, simulateRollout } from '../../../../e2e/claims/gate-error/rollout.ts';
import { aucScenario, repeatedScenario } from '../../../../e2e/claims/gate-error/scenario.ts';
import { rocAuc } from '../../../../../statistics/roc-auc.ts';

const short = { looks: 10, labelsPerLook: 200 } as const;

test.each([0.6, 0.8, 0.95])('normal scores so far apart have an AUC of %d', (auc) => {
  const random = new RandomStream(1, 0);
  const positive = Array.from({ length: 20_000 }, (_, index) => index % 2 === 0);
  const scores = positive.map((label) => (label ? separation(auc) : 0) + random.normal());
  // Its standard error is below 0.004.
  expect(Math.abs((rocAuc(scores, positive) ?? 0) - auc)).toBeLessThan(0.016);
});

describe('a rollout', () => {
  test('is the same for the same stream', () => {
    const scenario = { ...aucScenario(0, 0.265), ...short };
    expect(simulateRollout(scenario, new RandomStream(1, 5))).toEqual(simulateRollout(scenario, new RandomStream(1, 5)));
  });

  test('of a very good model passes, however one looks, and looking once waits for 1,000 labels', () => {
    const endings = simulateRollout({ ...aucScenario(0.15, 0.4), ...short }, new RandomStream(1, 0));
    expect(Object.values(endings).map(({ verdict }) => verdict)).toEqual(['Pass', 'Pass', 'Pass', 'Pass', 'Pass']);
    expect([endings.LowerBoundOnce.labels, endings.PointOnce.labels, endings.PointUntilPass.labels]).toEqual([1000, 1000, 200]);
  });

  test('of a bad model never passes where a bound decides', () => {
    const endings = simulateRollout({ ...aucScenario(-0.2, 0.265), ...short }, new RandomStream(1, 0));
    expect(endings).toMatchObject({ Anytime: { verdict: 'Fail' }, LowerBoundOnce: { verdict: 'Fail' }, LowerBoundUntilPass: { verdict: 'Inconclusive' }, PointOnce: { verdict: 'Fail' } });
  });

  test('that is better than it may be, but worse than stable, fails', () => {
    const endings = simulateRollout({ ...aucScenario(0.05, 0.4), ...short, stable: { auc: 0.97, correlation: 0.9 } }, new RandomStream(1, 0));
    expect(endings.Anytime.verdict).toBe('Fail');
  });
});

test('with fewer than 50 of each nobody looks', () => {
  const endings = new Endings();
  const scores = Float64Array.from({ length: 98 }, (_, index) => index);
  endings.look({ positive: Uint8Array.from(scores, (score) => (score < 49 ? 0 : 1)), stable: scores, candidate: scores }, false);
  expect(Object.values(endings.all).every(({ labels }) => labels === 0)).toBe(true);
});

test('customers who come back: one pair each is counted, unless scores are', () => {
  const scenario = { ...repeatedScenario(0.4, 0.9), auc: 0.95, labelsPerLook: 250, population: { entities: 250, scorings: 20, persistence: 0.9 } };
  const endings = simulateRepeated(scenario, new RandomStream(1, 0), true);
  expect(endings.CustomersWhenDue.verdict).toBe('Pass');
  expect(endings.CustomersWhenDue.labels).toBeLessThanOrEqual(250);
  expect(endings.Scores?.labels).toBe(2500);
  expect(simulateRepeated(scenario, new RandomStream(1, 0), false).Scores).toBeUndefined();
});

test('rates: share and median of the ones that ended so', () => {
  const endings = { Anytime: [{ verdict: 'Pass' as const, labels: 300 }, { verdict: 'Pass' as const, labels: 900 }, { verdict: 'Pass' as const, labels: 500 }, { verdict: 'Fail' as const, labels: 1 }] };
  expect(rateInWords(rateOf(endings, 'Anytime', 'Pass'))).toBe('75.0 % (500)');
  expect(rateInWords(rateOf(endings, 'Anytime', 'Inconclusive'))).toBe('0.0 %');
  expect(rateOf(endings, 'Anytime', 'Fail')).toEqual({ share: 0.25, count: 1, rollouts: 4, medianLabels: 1 });
  expect(twoErrors(0.05, 1900)).toBeCloseTo(0.01, 12);
});
