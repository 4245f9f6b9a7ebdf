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
  expect(body.bytes().toString()).toBe('hello');
});

test('a million chunks of a byte take two buffers of a body at most', () => {
  const body = new RequestBody(undefined);
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < MAX_BODY_BYTES; index += 1) body.append(Buffer.from(' '));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MAX_BODY_BYTES);
  expect(body.bytes()).toHaveLength(MAX_BODY_BYTES);
  expect(body.append(Buffer.from(' '))).toBe(false);
  expect(body.bytes().buffer.byteLength).toBeLessThan(MAX_BODY_BYTES);
});

test.each([
  { text: '', rows: 1 },
  { text: '{"instances":[{"a":1},{"a":2}]}', rows: 2 },
  { text: '{"instances":[{"a":"{"},{"a":{}}]}', rows: 4 },
  { text: '{'.repeat(5000), rows: 1024 },
])('$text has at most $rows rows', ({ text, rows }) => expect(rowsAtMost(Buffer.from(text), 1024)).toBe(rows));
