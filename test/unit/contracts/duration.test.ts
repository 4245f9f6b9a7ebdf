import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { durationText } from '../../../contracts/churn-model/field-types.ts';
import { durationMs } from '../../../contracts/duration.ts';

describe('durations', () => {
  test.each<{ text: string; ms: number }>([
    { text: '1s', ms: 1000 },
    { text: '10m', ms: 600_000 },
    { text: '1h30m', ms: 5_400_000 },
    { text: '720h', ms: 2_592_000_000 },
    { text: '1h1m1s', ms: 3_661_000 },
    { text: '090s', ms: 90_000 },
  ])('$text', ({ text, ms }) => expect(durationMs(text)).toBe(ms));

  test.each(['', '10', 'm', '1d', '1.5h', '-1h', ' 1h', '1h ', '1h x', '1ms', '1H'])('%j is none', (text) => expect(() => durationMs(text)).toThrow(RangeError));

  test('the message shows a bounded part of the text', () => expect(() => durationMs('x'.repeat(1000))).toThrow(`${'x'.repeat(24)} is no duration such as 10m or 1h30m`));

  test('what the schema takes can be read', () => {
    const schema = durationText('any');
    fc.assert(fc.property(fc.stringMatching(/^([0-9]{1,6}(h|m|s)){1,3}$/), (text) => {
      expect(schema.safeParse(text).success).toBe(text.length <= 24);
      expect(durationMs(text)).toBeGreaterThanOrEqual(0);
    }));
  });
});
