import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PredictionMac } from '../../../../server/prediction-id/prediction-mac.ts';

// RFC 4231, test cases 1 and 2.
test.each([
  { key: Buffer.alloc(20, 0x0b), text: 'Hi There', mac: 'b0344c61d8db38535ca8afce' },
  { key: Buffer.from('Jefe'), text: 'what do ya want for nothing?', mac: '5bdcc146bf60754e6a042426' },
])('$text', ({ key, text, mac }) => {
  expect(new PredictionMac(key).of(text)).toBe(Buffer.from(mac, 'hex').toString('base64url'));
});

test('it is what createHmac gives, one text after the other', () => {
  const texts = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 128 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), texts, (key, given) => {
      const mac = new PredictionMac(key);
      for (const text of given) expect(mac.of(text)).toBe(createHmac('sha256', key).update(text).digest().subarray(0, 12).toString('base64url'));
    }),
  );
});

test('what it cannot do it refuses', () => {
  expect(() => new PredictionMac(Buffer.alloc(0))).toThrow(RangeError);
  expect(() => new PredictionMac(Buffer.alloc(65))).toThrow(RangeError);
  expect(() => new PredictionMac(Buffer.alloc(32)).of('a'.repeat(129))).toThrow(RangeError);
});
