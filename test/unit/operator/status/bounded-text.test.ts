import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { boundedText } from '../../../../operator/status/bounded-text.ts';
import { texts } from './states.ts';

describe('a text within bounds', () => {
  test.each<{ name: string; text: string; maxBytes: number; expected: string }>([
    { name: 'fits', text: 'abc', maxBytes: 3, expected: 'abc' },
    { name: 'too long', text: 'abcdefgh', maxBytes: 7, expected: 'abcd…' },
    { name: 'two bytes a letter', text: 'ääää', maxBytes: 7, expected: 'ää…' },
    { name: 'never half a character', text: 'a😀😀', maxBytes: 8, expected: 'a😀…' },
    { name: 'never half a character, none fits', text: 'a😀😀', maxBytes: 7, expected: 'a…' },
    { name: 'half a character that came in', text: 'a\uD83D', maxBytes: 100, expected: 'a\uFFFD' },
    { name: 'quotes and line ends cost two bytes in JSON', text: '""\n\n', maxBytes: 7, expected: '""…' },
  ])('$name', ({ text, maxBytes, expected }) => expect(boundedText(text, maxBytes)).toBe(expected));

  test('holds for every text, and a second time changes nothing', () => {
    fc.assert(fc.property(texts(300), fc.integer({ min: 3, max: 400 }), (text, maxBytes) => {
      const bounded = boundedText(text, maxBytes);
      expect(Buffer.byteLength(JSON.stringify(bounded)) - 2).toBeLessThanOrEqual(maxBytes);
      expect(bounded.isWellFormed()).toBe(true);
      expect(boundedText(bounded, maxBytes)).toBe(bounded);
    }));
  });
});
