import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { rowBodies } from '../../../../server/traffic/row-bodies.ts';
import { anyText } from '../../../any-text.ts';

const customers = [{ id: 1 }, { id: 22 }, { name: 'Zoë' }, {}];
const rowAt = (row: number) => customers[row] ?? {};

test.each([
  { name: 'all that were asked for', rows: [0, 2, 3], maxBytes: 1000, bodies: ['{"instances":[{"id":1},{"name":"Zoë"},{}]}'], tooLarge: [] },
  { name: 'none', rows: [], maxBytes: 1000, bodies: [], tooLarge: [] },
  { name: 'as many as fit', rows: [0, 1, 3], maxBytes: 33, bodies: ['{"instances":[{"id":1}]}', '{"instances":[{"id":22},{}]}'], tooLarge: [] },
  { name: 'one that is too long', rows: [0, 2, 3], maxBytes: 30, bodies: ['{"instances":[{"id":1},{}]}'], tooLarge: [2] },
])('$name', ({ rows, maxBytes, bodies, tooLarge }) => {
  const made = rowBodies(rows, rowAt, maxBytes);
  expect({ bodies: made.bodies.map(({ body }) => body), tooLarge: made.tooLarge }).toEqual({ bodies, tooLarge });
});

test('each row is in one body or too long; bodies are as long as they say, within the limit, and hold the rows they name', () => {
  const instances = fc.array(fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(anyText({ maxLength: 30 }), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.constant(null))), { maxLength: 20 });
  fc.assert(
    fc.property(instances, fc.integer({ min: 20, max: 200 }), (given, maxBytes) => {
      const asked = given.map((_, row) => row);
      const { bodies, tooLarge } = rowBodies(asked, (row) => given[row] ?? {}, maxBytes);
      expect([...bodies.flatMap(({ rows }) => rows), ...tooLarge].toSorted((a, b) => a - b)).toEqual(asked);
      for (const { rows, body, sizeBytes } of bodies) {
        expect(Buffer.byteLength(body)).toBe(sizeBytes);
        expect(sizeBytes).toBeLessThanOrEqual(maxBytes);
        expect(JSON.parse(String(body))).toEqual(JSON.parse(JSON.stringify({ instances: rows.map((row) => given[row]) })));
      }
      for (const row of tooLarge) expect(Buffer.byteLength(JSON.stringify({ instances: [given[row]] }))).toBeGreaterThan(maxBytes);
    }),
  );
});
