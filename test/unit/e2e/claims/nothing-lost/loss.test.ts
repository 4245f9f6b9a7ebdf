import { expect, test } from '@jest/globals';
import { lossOf } from '../../../../e2e/claims/nothing-lost/loss.ts';

const label = (id: string, atMs = 0) => ({ id, observedAt: '2026-11-21T07:00:00.000Z', label: true, atMs });
const nothing = { acknowledged: [], answered: [], labels: [], predictions: [], deathsMs: [], heldMs: 1000 };

test('what is there is not lost, in whatever form its instant is written', () => {
  const stored = [{ id: 'a', observedAt: '2026-11-21T08:00:00+01:00', label: true }];
  expect(lossOf({ ...nothing, acknowledged: [label('a')], labels: stored, answered: [{ id: 'p', atMs: 5 }], predictions: [{ id: 'p' }] })).toEqual({ labels: [], predictions: [], unexplained: [], repeatedPredictions: 0, repeatedLabels: 0 });
});

test.each([
  { name: 'another instant', stored: { id: 'a', observedAt: '2026-11-21T07:00:01.000Z', label: true } },
  { name: 'another outcome', stored: { id: 'a', observedAt: '2026-11-21T07:00:00.000Z', label: false } },
  { name: 'another prediction', stored: { id: 'b', observedAt: '2026-11-21T07:00:00.000Z', label: true } },
])('a label with $name is another label', ({ stored }) => expect(lossOf({ ...nothing, acknowledged: [label('a')], labels: [stored] }).labels).toEqual([label('a')]));

test('a prediction that is lost is explained by a death soon after it, by no other', () => {
  const answered = [{ id: 'long before', atMs: 8000 }, { id: 'just before', atMs: 9500 }, { id: 'at it', atMs: 10_000 }, { id: 'after', atMs: 10_001 }];
  const { predictions, unexplained } = lossOf({ ...nothing, answered, deathsMs: [10_000, 50_000] });
  expect(predictions).toEqual(answered);
  expect(unexplained.map(({ id }) => id)).toEqual(['long before', 'after']);
});

test('what came twice is counted', () => {
  const stored = { id: 'a', observedAt: '2026-11-21T07:00:00.000Z', label: true };
  expect(lossOf({ ...nothing, labels: [stored, stored, { ...stored, label: false }], predictions: [{ id: 'p' }, { id: 'p' }, { id: 'p' }] })).toMatchObject({ repeatedPredictions: 2, repeatedLabels: 1 });
});
