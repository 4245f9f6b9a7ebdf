import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nanAsNull } from '../../../../../server/http/v2/nan-literals.ts';

test.each([
  { text: '{"data":[NaN, 1, NaN]}', expected: '{"data":[null, 1, null]}' },
  { text: '{"NaN":"NaN \\" NaN","x":NaN}', expected: '{"NaN":"NaN \\" NaN","x":null}' },
  { text: '["\\\\",NaN]', expected: '["\\\\",null]' },
  { text: '["NaN', expected: '["NaN' },
  { text: 'NaNNaN', expected: 'nullnull' },
  { text: 'Na', expected: 'Na' },
  { text: '', expected: '' },
])('$text', ({ text, expected }) => expect(nanAsNull(text)).toBe(expected));

test('JSON is left as it is', () => {
  fc.assert(fc.property(fc.json(), (text) => nanAsNull(text) === text));
});

test('a megabyte of quotes takes one pass', () => {
  const text = '\\"'.repeat(500_000);
  expect(nanAsNull(text)).toBe(text);
});
