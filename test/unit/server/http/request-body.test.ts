import { expect, test } from '@jest/globals';
import { MAX_BODY_BYTES } from '../../../../contracts/prediction.ts';
import { RequestBody, rowsAtMost } from '../../../../server/http/request-body.ts';

test.each([undefined, 5, 2])('bytes are copied, whatever length was declared: %p', (declaredBytes) => {
  const body = new RequestBody(declaredBytes);
  const chunk = Buffer.from('a');
  for (const letter of 'hello') {
    chunk.write(letter);
    expect(body.append(chunk)).toBe(true);
  }
  expect(body.take().toString()).toBe('hello');
});

test.each([
  { name: 'a declared length is taken at once', declaredBytes: 10_000, pieces: [1, 9999], held: [10_000, 10_000] },
  { name: 'without one the buffer doubles', declaredBytes: undefined, pieces: [1, 4096, 4096], held: [4096, 8192, 16_384] },
])('$name, and what is handed over is held no more', ({ declaredBytes, pieces, held }) => {
  const body = new RequestBody(declaredBytes);
  expect(pieces.map((size) => (body.append(Buffer.alloc(size)) ? body.heldBytes : 0))).toEqual(held);
  expect(body.take()).toHaveLength(pieces.reduce((sum, size) => sum + size));
  expect([body.heldBytes, body.take().length]).toEqual([0, 0]);
});

test('a million chunks of a byte take two buffers of a body at most', () => {
  const body = new RequestBody(undefined);
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < MAX_BODY_BYTES; index += 1) body.append(Buffer.from(' '));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MAX_BODY_BYTES);
  expect(body.heldBytes).toBe(MAX_BODY_BYTES);
  expect(body.append(Buffer.from(' '))).toBe(false);
  expect(body.heldBytes).toBe(0);
});

test.each([
  { text: '', rows: 1 },
  { text: '{"instances":[{"a":1},{"a":2}]}', rows: 2 },
  { text: '{"instances":[{"a":"{"},{"a":{}}]}', rows: 4 },
  { text: '{'.repeat(5000), rows: 1024 },
])('$text has at most $rows rows', ({ text, rows }) => expect(rowsAtMost(Buffer.from(text), 1024)).toBe(rows));
