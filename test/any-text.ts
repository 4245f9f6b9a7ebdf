import * as fc from 'fast-check';

const SURROGATES = { from: 0xd8_00, count: 0x8_00 } as const;
const CODE_POINTS = 0x11_00_00 - SURROGATES.count;

/** Any character of Unicode but half surrogates. */
const character = fc.nat({ max: CODE_POINTS - 1 }).map((nth) => String.fromCodePoint(nth < SURROGATES.from ? nth : nth + SURROGATES.count));

/**
 * Any text, and now and then a word that means something to JavaScript (`__proto__`). What `fc.string({ unit: 'binary' })` gives, without
 * the table of a million characters that it builds first, in every suite anew: 0.8 s of processor.
 * @param limits characters, not UTF-16 units
 */
export function anyText(limits: Readonly<{ minLength?: number; maxLength?: number }> = {}): fc.Arbitrary<string> {
  return fc.oneof({ weight: 4, arbitrary: fc.array(character, limits).map((characters) => characters.join('')) }, { weight: 1, arbitrary: fc.string(limits) });
}
