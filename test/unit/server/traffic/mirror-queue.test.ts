import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MirrorQueue } from '../../../../server/traffic/mirror-queue.ts';
import type { Copy } from '../../../../server/traffic/mirror-queue.ts';

const limits = { maxRequests: 3, maxRows: 10, maxBytes: 100 };

test.each<{ name: string; offered: readonly Copy[]; taken: readonly boolean[] }>([
  { name: 'as many as may wait', offered: [{ rows: 1, sizeBytes: 1 }, { rows: 1, sizeBytes: 1 }, { rows: 1, sizeBytes: 1 }, { rows: 1, sizeBytes: 1 }], taken: [true, true, true, false] },
  { name: 'as many rows', offered: [{ rows: 9, sizeBytes: 1 }, { rows: 2, sizeBytes: 1 }, { rows: 1, sizeBytes: 1 }], taken: [true, false, true] },
  { name: 'as many bytes', offered: [{ rows: 1, sizeBytes: 99 }, { rows: 1, sizeBytes: 2 }, { rows: 1, sizeBytes: 1 }], taken: [true, false, true] },
  { name: 'one that is too large by itself', offered: [{ rows: 1, sizeBytes: 101 }, { rows: 11, sizeBytes: 1 }], taken: [false, false] },
])('$name', ({ offered, taken }) => {
  const queue = new MirrorQueue(limits);
  expect(offered.map((copy) => queue.offer(copy))).toEqual(taken);
});

type Step = Readonly<{ offer: Copy } | { do: 'Take' | 'Clear' }>;
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ offer: fc.record({ rows: fc.integer({ min: 1, max: 6 }), sizeBytes: fc.integer({ min: 1, max: 60 }) }) }) },
    { weight: 4, arbitrary: fc.constant<Step>({ do: 'Take' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'Clear' }) },
  ),
  { maxLength: 60 },
);

test('first come, first out; never more than the limits; as a plain list would do it', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const queue = new MirrorQueue(limits);
      let model: Copy[] = [];
      const sum = (of: (copy: Copy) => number): number => model.reduce((total, copy) => total + of(copy), 0);
      for (const step of script) {
        if ('offer' in step) {
          const fits = model.length < 3 && sum(({ rows }) => rows) + step.offer.rows <= 10 && sum(({ sizeBytes }) => sizeBytes) + step.offer.sizeBytes <= 100;
          expect(queue.offer(step.offer)).toBe(fits);
          if (fits) model.push(step.offer);
        } else if (step.do === 'Take') expect(queue.take()).toBe(model.shift());
        else {
          expect(queue.clear()).toEqual(model);
          model = [];
        }
        expect({ length: queue.length, bytes: queue.bytes }).toEqual({ length: model.length, bytes: sum(({ sizeBytes }) => sizeBytes) });
      }
    }),
  );
});
