import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RecordBuffer } from '../../../../server/journal/record-buffer.ts';

const HOUR_MS = 3_600_000;

test('lines come out in order, by the hour, byte for byte, and never more than fit', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), text: fc.string({ unit: 'grapheme', maxLength: 30 }), atMs: fc.integer({ min: 0, max: 3 * HOUR_MS - 1 }) }),
    fc.record({ kind: fc.constantFrom('take' as const, 'release' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffer = new RecordBuffer(128);
      let waiting: { line: string; hourMs: number }[] = [];
      let taken = false;
      for (const each of steps) {
        if (each.kind === 'append') {
          const line = `${each.text}\n`;
          const fits = buffer.sizeBytes + Buffer.byteLength(line) <= 128;
          expect(buffer.append(line, each.atMs)).toBe(fits);
          if (fits) waiting.push({ line, hourMs: Math.floor(each.atMs / HOUR_MS) * HOUR_MS });
        } else if (each.kind === 'take') {
          const spans = buffer.take();
          if (taken) {
            expect(spans).toEqual([]);
            continue;
          }
          expect(Buffer.concat(spans.map(({ bytes }) => bytes)).toString('utf8')).toBe(waiting.map(({ line }) => line).join(''));
          expect(spans.flatMap(({ hourMs, rows }) => Array.from({ length: rows }, () => hourMs))).toEqual(waiting.map(({ hourMs }) => hourMs));
          expect(spans.every(({ hourMs }, index) => hourMs !== spans[index - 1]?.hourMs)).toBe(true);
          taken = waiting.length > 0;
          waiting = [];
        } else {
          buffer.release();
          taken = false;
        }
      }
    }),
  );
});
