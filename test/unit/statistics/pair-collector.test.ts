import { expect, test } from '@jest/globals';
import { PairCollector } from '../../../statistics/pair-collector.ts';
import { InvalidSample } from '../../../statistics/sample.ts';

test('gives back what was added, in its order, however much', () => {
  const collector = new PairCollector();
  const rows = Array.from({ length: 5000 }, (_, index) => ({ positive: index % 7 === 0, stable: index / 5000, candidate: 1 - index / 5000 }));
  for (const { positive, stable, candidate } of rows) collector.add(positive, stable, candidate);
  const pairs = collector.pairs();
  expect(collector.size).toBe(5000);
  expect([...pairs.positive]).toEqual(rows.map(({ positive }) => (positive ? 1 : 0)));
  expect([...pairs.stable]).toEqual(rows.map(({ stable }) => stable));
  expect([...pairs.candidate]).toEqual(rows.map(({ candidate }) => candidate));
});

test('of nothing it gives nothing', () => expect(new PairCollector().pairs()).toEqual({ positive: new Uint8Array(0), stable: new Float64Array(0), candidate: new Float64Array(0) }));

test('says which score is no number', () => {
  const collector = new PairCollector();
  collector.add(true, 0.1, 0.2);
  collector.add(false, 0.1, Number.NaN);
  expect(() => collector.pairs()).toThrow(new InvalidSample('ScoreNotFinite', 'candidate[1] is NaN: expected a finite number'));
});
