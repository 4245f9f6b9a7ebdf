import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isSameQuantity, parseQuantity, quantityNumber } from '../../../../operator/runtime/quantity.ts';

test.each<{ a: string | number; b: string | number }>([
  { a: '0.5', b: '500m' },
  { a: 0.5, b: '500m' },
  { a: 1, b: '1' },
  { a: '1Gi', b: '1024Mi' },
  { a: '1024', b: '1Ki' },
  { a: '1.5Gi', b: '1536Mi' },
  { a: '1e3', b: '1k' },
  { a: '1E3', b: '1000' },
  { a: '12e-1', b: '1200m' },
  { a: '.5', b: '500m' },
  { a: '5.', b: '5' },
  { a: '+5', b: '5' },
  { a: '-0', b: '0' },
  { a: '1E', b: '1e18' },
  { a: '0.1n', b: '1n' },
  { a: '-0.1n', b: '-1n' },
])('$a is $b', ({ a, b }) => expect(isSameQuantity(a, b)).toBe(true));

test.each(['', '.', 'm', '1 Gi', '1gi', '0x10', '1e', '1e3Ki', 'one', '1..2', '--1', '1K', 'NaN', 'Infinity'])('"%s" is none', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
  expect(isSameQuantity(text, text)).toBe(false);
});

test('as numbers: cores and bytes', () => {
  expect(['250m', '2', '1Gi', 'x'].map(quantityNumber)).toEqual([0.25, 2, 1_073_741_824, undefined]);
});

test('any way to write a number of thousandths is the same quantity', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (milli) => {
      const decimal = `${Math.floor(milli / 1000)}.${String(milli % 1000).padStart(3, '0')}`;
      return isSameQuantity(`${milli}m`, decimal) && isSameQuantity(`${milli}m`, `${milli}e-3`) && !isSameQuantity(`${milli}m`, `${milli + 1}m`);
    }),
  );
});

test('any text is a quantity or none, and never an exception', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof parseQuantity(text) !== 'string'));
});
