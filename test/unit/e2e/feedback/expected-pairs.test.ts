import { describe, expect, test } from '@jest/globals';
import type { PredictionRecord } from '../../../../contracts/journal.ts';
import { expectedLines, without } from '../../../e2e/feedback/evidence-reader.ts';
import { expectedPairs } from '../../../e2e/feedback/expected-pairs.ts';
import { planLabels } from '../../../e2e/feedback/label-plan.ts';
import type { Scored } from '../../../e2e/load/predict-rows.ts';

const HASH = 'a'.repeat(64);

function scored(customer: string, id: string, probability: number): Scored {
  return { customer: { id: customer, instance: {} }, prediction: { id, probability, decision: true, label: 'Yes', version: 'v1', role: 'stable' }, atMs: Date.parse('2026-11-21T07:00:00Z') };
}

function record(id: string, entity: string, probability: number, candidate: PredictionRecord['candidate']): PredictionRecord {
  return { schemaVersion: 1, id, requestId: 'r', entity, at: '2026-11-21T07:00:00.000Z', version: 'v1', hash: HASH, probability, decision: true, ...(candidate === undefined ? {} : { candidate }), answered: { role: 'stable', decision: true } };
}

const by = (probability: number) => ({ version: 'v2', hash: HASH, probability, decision: true });
const sent = [scored('ada', 'a1', 0.3), scored('bob', 'b1', 0.4), scored('ada', 'a2', 0.35)];
const plan = planLabels(sent, new Map([['ada', true], ['bob', false]]));
const given = { scored: sent, plan, candidateReference: new Map([['ada', 0.5], ['bob', 0.6]]), tolerance: 0.02 };

describe('pairs that follow from what was sent', () => {
  test('the latest prediction of a customer counts', () => {
    const journal = [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.35, by(0.51)), record('b1', 'bob', 0.4, by(0.6))];
    expect(expectedPairs({ ...given, journal })).toEqual({
      pairs: [
        { customer: 'ada', positive: true, stable: 0.35, candidate: 0.51 },
        { customer: 'bob', positive: false, stable: 0.4, candidate: 0.6 },
      ],
      problems: [],
      withoutCandidate: 0,
    });
  });

  test('a latest one without the candidate\'s score gives its place to the one before, and is counted', () => {
    const journal = [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.35, { missing: 'Timeout' }), record('b1', 'bob', 0.4, undefined)];
    expect(expectedPairs({ ...given, journal })).toEqual({ pairs: [{ customer: 'ada', positive: true, stable: 0.3, candidate: 0.5 }], problems: [], withoutCandidate: 2 });
  });

  test.each([
    { name: 'a prediction that is not in the journal', journal: [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.35, by(0.5))], says: '1 of 3 predictions are not in the journal, such as b1' },
    { name: 'another probability than the caller was told', journal: [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.36, by(0.5)), record('b1', 'bob', 0.4, by(0.6))], says: 'a2: journal says 0.36 of ada, the caller was told 0.35 of ada' },
    { name: 'another customer', journal: [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.35, by(0.5)), record('b1', 'eve', 0.4, by(0.6))], says: 'b1: journal says 0.4 of eve, the caller was told 0.4 of bob' },
    { name: 'another score of the candidate than scikit-learn\'s', journal: [record('a1', 'ada', 0.3, by(0.5)), record('a2', 'ada', 0.35, by(0.5)), record('b1', 'bob', 0.4, by(0.7))], says: 'b1: the candidate says 0.7, scikit-learn 0.6' },
  ])('$name is told', ({ journal, says }) => expect(expectedPairs({ ...given, journal }).problems).toEqual([says]));
});

// printf '%s' ada | (printf '\x00\x01'; cat) | sha256sum | cut -c1-16
test('lines of the pairs file', () => expect(expectedLines([{ customer: 'ada', positive: true, stable: 0.35, candidate: 0.51 }], '0001')).toEqual(['287e5b700781aed7,1,0.35,0.51']));

test('what one list has and the other has not, as often', () => expect(without(['a', 'a', 'b'], ['a', 'c'])).toEqual(['a', 'b']));
