import { expect, test } from '@jest/globals';
import { fieldsOf, missingFields } from '../../../../operator/definition/fields.ts';

const leaf = { type: 'string' };
const object = (properties: object) => ({ type: 'object', properties });

test('fields of objects, lists and maps', () => {
  const schema = object({ spec: object({ a: leaf, list: { type: 'array', items: object({ b: leaf }) }, map: { type: 'object', additionalProperties: object({ c: leaf }) }, free: { type: 'object', additionalProperties: true } }) });
  expect([...fieldsOf(schema)]).toEqual(['spec', 'spec.a', 'spec.list', 'spec.list[].b', 'spec.map', 'spec.map.*.c', 'spec.free']);
});

test.each<{ name: string; own: object; served: object; missing: readonly string[] }>([
  { name: 'the same', own: { spec: object({ a: leaf }) }, served: { spec: object({ a: leaf }) }, missing: [] },
  { name: 'the served one is newer', own: { spec: object({ a: leaf }) }, served: { spec: object({ a: leaf, b: leaf }) }, missing: [] },
  { name: 'a field is missing', own: { spec: object({ a: leaf, b: leaf }) }, served: { spec: object({ a: leaf }) }, missing: ['spec.b'] },
  { name: 'what is below a missing field is told once', own: { status: object({ a: object({ b: leaf, c: { type: 'array', items: object({ d: leaf }) } }), ab: leaf }) }, served: { status: object({ ab: leaf }) }, missing: ['status.a'] },
  { name: 'a field that begins like a missing one is told too', own: { status: object({ a: leaf, ab: leaf }) }, served: { status: object({}) }, missing: ['status.a', 'status.ab'] },
  { name: 'a field inside a list', own: { spec: object({ l: { type: 'array', items: object({ a: leaf }) } }) }, served: { spec: object({ l: { type: 'array', items: object({}) } }) }, missing: ['spec.l[].a'] },
  { name: 'metadata is the API server\'s', own: { metadata: object({ a: leaf }), spec: leaf }, served: { metadata: leaf, spec: leaf }, missing: [] },
])('$name', ({ own, served, missing }) => expect(missingFields(object(own), object(served))).toEqual(missing));
