import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { MAX_BODY_BYTES } from '../../../../contracts/prediction.ts';
import { answerCoding, compress, decompress, requestCoding } from '../../../../server/http/content-coding.ts';
import type { Coding } from '../../../../server/http/content-coding.ts';

const text = Buffer.from('{"instances":[]}');

function codeOf(task: () => unknown): string {
  try {
    task();
    return 'nothing thrown';
  } catch (thrown) {
    return thrown instanceof ChurnOpsError ? thrown.code : 'another error';
  }
}

test.each<{ accept: string | undefined; expected: Coding | undefined }>([
  { accept: undefined, expected: undefined },
  { accept: '', expected: undefined },
  { accept: 'gzip', expected: 'gzip' },
  { accept: 'deflate', expected: 'deflate' },
  { accept: 'gzip, deflate, br', expected: 'gzip' },
  { accept: 'gzip;q=0.5, deflate;q=0.8', expected: 'deflate' },
  { accept: 'GZIP ; Q=1', expected: 'gzip' },
  { accept: 'gzip;q=0', expected: undefined },
  { accept: '*', expected: 'gzip' },
  { accept: '*;q=0.1, gzip;q=0', expected: 'deflate' },
  { accept: 'br, zstd', expected: undefined },
  { accept: 'gzip;q=much', expected: undefined },
  { accept: 'gzip;q=0.5, identity', expected: undefined },
  { accept: 'gzip;q=0.5, identity;q=0.4', expected: 'gzip' },
  { accept: 'identity;q=0.9, gzip;q=0.5, deflate', expected: 'deflate' },
  { accept: 'identity, gzip', expected: 'gzip' },
  { accept: 'identity;q=0, *;q=0.1', expected: 'gzip' },
  { accept: 'identity', expected: undefined },
])('Accept-Encoding $accept: $expected', ({ accept, expected }) => expect(answerCoding(accept)).toBe(expected));

test.each([
  { header: undefined, expected: undefined },
  { header: 'identity', expected: undefined },
  { header: ' GZip ', expected: 'gzip' },
  { header: 'x-gzip', expected: 'gzip' },
  { header: 'deflate', expected: 'deflate' },
])('Content-Encoding $header: $expected', ({ header, expected }) => expect(requestCoding(header)).toBe(expected));

test.each(['br', 'gzip, gzip', 'toString', '__proto__'])('Content-Encoding %s is refused', (header) => expect(codeOf(() => requestCoding(header))).toBe('UnsupportedMediaType'));

describe('a compressed body', () => {
  test.each([
    { name: 'gzip', coding: 'gzip', body: gzipSync(text) },
    { name: 'gzip in two members', coding: 'gzip', body: Buffer.concat([gzipSync(text.subarray(0, 3)), gzipSync(text.subarray(3))]) },
    { name: 'zlib', coding: 'deflate', body: deflateSync(text) },
  ] as const)('$name is unpacked', ({ coding, body }) => expect(decompress(body, coding)).toEqual(text));

  test.each([
    { name: 'no gzip', coding: 'gzip', body: text },
    { name: 'gzip cut short', coding: 'gzip', body: gzipSync(text).subarray(0, -9) },
    { name: 'gzip with a wrong sum', coding: 'gzip', body: Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8)]) },
    { name: 'nothing', coding: 'gzip', body: Buffer.alloc(0) },
    { name: 'raw deflate', coding: 'deflate', body: deflateRawSync(text) },
    { name: 'gzip that says deflate', coding: 'deflate', body: gzipSync(text) },
  ] as const)('$name is refused', ({ coding, body }) => expect(codeOf(() => decompress(body, coding))).toBe('InvalidEncoding'));

  test.each(['gzip', 'deflate'] as const)('%s of as many bytes as a body may have passes; of one more it is refused, and of a gigabyte no gigabyte is taken', (coding) => {
    expect(decompress(compress(Buffer.alloc(MAX_BODY_BYTES), coding), coding)).toHaveLength(MAX_BODY_BYTES);
    expect(codeOf(() => decompress(compress(Buffer.alloc(MAX_BODY_BYTES + 1), coding), coding))).toBe('BodyTooLarge');
    const member = gzipSync(Buffer.alloc(25 * MAX_BODY_BYTES));
    const bomb = Buffer.concat(Array.from({ length: 40 }, () => member));
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => decompress(bomb, 'gzip'))).toBe('BodyTooLarge');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MAX_BODY_BYTES);
  });
});

test('what is compressed can be read', () => {
  expect(gunzipSync(compress('grüße', 'gzip')).toString()).toBe('grüße');
  expect(inflateSync(compress('grüße', 'deflate')).toString()).toBe('grüße');
});
