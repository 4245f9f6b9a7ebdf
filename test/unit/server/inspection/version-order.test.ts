import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compareVersions } from '../../../../server/inspection/version-order.ts';

test.each([
  { given: ['v10', 'v9', 'v2'], sorted: ['v2', 'v9', 'v10'] },
  { given: ['20261201-0300', '20261101-0300', '20261101-2300'], sorted: ['20261101-0300', '20261101-2300', '20261201-0300'] },
  { given: ['1.10.0', '1.9.0', '1.9'], sorted: ['1.9', '1.9.0', '1.10.0'] },
  { given: ['v01', 'v1', 'v1a', 'a'], sorted: ['a', 'v01', 'v1', 'v1a'] },
])('$sorted', ({ given, sorted }) => expect(given.toSorted(compareVersions)).toEqual(sorted));

test('the order is total', () => {
  const version = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', '.', '-'), maxLength: 6 });
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
      expect(compareVersions(a, b) === 0).toBe(a === b);
      if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) expect(compareVersions(a, c)).toBeLessThan(0);
    }),
  );
});
