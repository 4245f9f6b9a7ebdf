import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isWithin, shareOf } from '../../../../server/traffic/share.ts';
import { anyText } from '../../../any-text.ts';

const SALT = '3f9a1c2e5d7b8f60a1b2c3d4e5f60718293a4b5c6d7e8f9001122334455667ff';

// python3 -c "import hashlib; s, k = SALT, KEY; print(int.from_bytes(hashlib.sha256(f'{s}\n{k}'.encode()).digest()[:4], 'big') / 2**32)"
test.each([
  { salt: SALT, key: '7590-VHVEG', share: 0.8998696708586067 },
  { salt: SALT, key: 'Zoë', share: 0.8040745402686298 },
  { salt: 'q4', key: '7590-VHVEG', share: 0.6643379745073617 },
  { salt: 'q4', key: '', share: 0.4335693255998194 },
])('$key under $salt stands where any sha256 puts it', ({ salt, key, share }) => expect(shareOf(salt, key)).toBe(share));

test('sides are nested: within a share, within every larger one; 0 is nobody, 100 is everybody', () => {
  fc.assert(
    fc.property(fc.string(), anyText(), fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }), (salt, key, a, b) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)];
      expect(isWithin(small, salt, key) && !isWithin(large, salt, key)).toBe(false);
      expect([isWithin(0, salt, key), isWithin(100, salt, key)]).toEqual([false, true]);
    }),
  );
});

/** 4.9 standard errors of a binomial share: one test in a million is off by chance, and the keys are always the same. */
function bound(percent: number, keys: number): number {
  const share = percent / 100;
  return 4.9 * Math.sqrt((share * (1 - share)) / keys);
}

const KEYS = 20_000;
const customers = Array.from({ length: KEYS }, (_, index) => `${String(1000 + index)}-CUST`);

test.each([1, 5, 25, 50, 99])('%d %% of the customers are on that side, within the bounds of a binomial', (percent) => {
  const share = customers.filter((key) => isWithin(percent, SALT, key)).length / KEYS;
  expect(Math.abs(share - percent / 100)).toBeLessThan(bound(percent, KEYS));
});

test('sides under two salts have nothing to do with each other', () => {
  const inBoth = customers.filter((key) => isWithin(50, SALT, key) && isWithin(20, 'q4', key)).length / KEYS;
  expect(Math.abs(inBoth - 0.1)).toBeLessThan(bound(10, KEYS));
});
