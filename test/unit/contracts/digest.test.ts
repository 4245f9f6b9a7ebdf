import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { candidateHash, canonicalJson, isCandidateHash, isPackageDigest, packageDigest, sha256Hex, shortHash } from '../../../contracts/digest.ts';

describe('canonical JSON (RFC 8785)', () => {
  test.each<{ name: string; json: string; expected: string }>([
    // Section 3.2.2 and 3.2.3
    {
      name: 'the example of the RFC',
      json: '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      expected: '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    },
    {
      name: 'keys by UTF-16 code units',
      json: '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
      expected:
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    },
    // Appendix B
    { name: 'numbers', json: '[-0, 5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 0.000001, 1e-7, 1e21, 123456789012345680000]', expected: '[0,5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000,0.000001,1e-7,1e+21,123456789012345680000]' },
    { name: 'no spaces, nested', json: '{ "b": [ { "z": 1, "a": null } ], "a": {} }', expected: '{"a":{},"b":[{"a":null,"z":1}]}' },
  ])('$name', ({ json, expected }) => expect(canonicalJson(JSON.parse(json))).toBe(expected));

  test.each<{ name: string; value: unknown }>([
    { name: 'undefined', value: undefined },
    { name: 'a function', value: () => 1 },
    { name: 'NaN', value: Number.NaN },
    { name: 'infinity', value: Number.POSITIVE_INFINITY },
  ])('$name has no form', ({ value }) => expect(() => canonicalJson(value)).toThrow());

  test('is the same value, and blind to the order of keys', () => {
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme', noUnicodeString: false })), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(canonicalJson(Object.fromEntries(Object.entries(value).toReversed()))).toBe(text);
    }));
  });
});

describe('identities', () => {
  // echo -n abc | sha256sum
  test('sha256', () => expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'));

  test('a package is its card, whatever the spaces and the order', () => {
    // echo -n '{"a":1,"b":2}' | sha256sum
    expect(packageDigest(JSON.parse('{ "b": 2,\n "a": 1.0 }'))).toBe('43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777');
  });

  test('a candidate is package and entity column', () => {
    const digest = packageDigest({});
    const hashes = [candidateHash(digest, null), candidateHash(digest, 'customerID'), candidateHash(digest, ''), candidateHash(packageDigest({ a: 1 }), null)];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes[0]).toBe(sha256Hex(`{"entityColumn":null,"packageDigest":"${digest}"}`));
  });

  test.each<{ text: string; expected: boolean }>([
    { text: 'a'.repeat(64), expected: true },
    { text: 'A'.repeat(64), expected: false },
    { text: 'a'.repeat(63), expected: false },
    { text: `${'a'.repeat(64)}\n`, expected: false },
    { text: 'g'.repeat(64), expected: false },
  ])('$text is a digest: $expected', ({ text, expected }) => expect([isPackageDigest(text), isCandidateHash(text)]).toEqual([expected, expected]));

  test('names carry eight digits', () => expect(shortHash(candidateHash(packageDigest({}), null))).toMatch(/^[0-9a-f]{8}$/));
});
