import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { asObject, isSameJson, mergePatchBetween } from '../../../../operator/runtime/json-merge-patch.ts';

test.each<{ name: string; from: unknown; to: object; patch: object | undefined }>([
  { name: 'nothing', from: { a: 1 }, to: { a: 1 }, patch: undefined },
  { name: 'nothing, in another order', from: { a: 1, b: { c: 1, d: 2 } }, to: { b: { d: 2, c: 1 }, a: 1 }, patch: undefined },
  { name: 'from nothing', from: undefined, to: { a: 1 }, patch: { a: 1 } },
  { name: 'a removal', from: { a: 1, b: 2 }, to: { b: 2 }, patch: { a: null } },
  { name: 'undefined removes', from: { a: 1 }, to: { a: undefined }, patch: { a: null } },
  { name: 'undefined that was not there', from: {}, to: { a: undefined }, patch: undefined },
  { name: 'a change deep down', from: { a: { b: 1, c: 2 } }, to: { a: { b: 1, c: 3 } }, patch: { a: { c: 3 } } },
  { name: 'a list, whole', from: { a: [1, { b: 2 }] }, to: { a: [1, { b: 3 }] }, patch: { a: [1, { b: 3 }] } },
  { name: 'an object for a value', from: { a: 1 }, to: { a: { b: 1 } }, patch: { a: { b: 1 } } },
])('$name', ({ from, to, patch }) => expect(mergePatchBetween(from, to)).toEqual(patch));

/** RFC 7386, section 2, word by word. */
function applyPatch(target: unknown, patch: unknown): unknown {
  const changes = asObject(patch);
  if (changes === undefined) return patch;
  const result = asObject(target) ?? {};
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = applyPatch(result[key], value);
  }
  return result;
}

const field = fc.constantFrom('a', 'b', 'c');
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer({ max: 3 }), fc.string({ maxLength: 1 }), fc.array(tie('value'), { maxLength: 2 }), tie('object')),
  object: fc.dictionary(field, tie('value'), { noNullPrototype: true }),
})).object;

test('the patch leads from one to the other, and to nowhere from the same', () => {
  fc.assert(
    fc.property(json, json, (from, to) => {
      const patch = mergePatchBetween(from, to);
      return mergePatchBetween(to, to) === undefined && isSameJson(patch === undefined ? from : applyPatch(from, patch), to);
    }),
  );
});
