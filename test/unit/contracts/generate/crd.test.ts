import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { churnModelCrd } from '../../../../contracts/generate/crd.ts';
import { generatedDocuments } from '../../../../contracts/generate/documents.ts';
import { structuralSchema } from '../../../../contracts/generate/structural-schema.ts';

const Rule = z.looseObject({ rule: z.string(), message: z.string() });
/** A node of a structural schema; keywords that may not occur are not listed. */
const Node = z.strictObject({
  type: z.enum(['string', 'integer', 'number', 'boolean', 'array', 'object']).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.enum(['int32', 'int64']).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  maxProperties: z.number().optional(),
  pattern: z.string().optional(),
  required: z.array(z.string()).optional(),
  anyOf: z.array(z.strictObject({ type: z.enum(['integer', 'string']) })).optional(),
  get properties() {
    return z.record(z.string(), Node).optional();
  },
  get items() {
    return Node.optional();
  },
  get additionalProperties() {
    return Node.optional();
  },
  'x-kubernetes-validations': z.array(Rule).optional(),
  'x-kubernetes-int-or-string': z.literal(true).optional(),
  'x-kubernetes-preserve-unknown-fields': z.literal(true).optional(),
  'x-kubernetes-list-type': z.enum(['set', 'map', 'atomic']).optional(),
  'x-kubernetes-list-map-keys': z.array(z.string()).optional(),
});
type Node = z.infer<typeof Node>;

const Crd = z.looseObject({ spec: z.looseObject({ versions: z.tuple([z.looseObject({ schema: z.object({ openAPIV3Schema: z.looseObject({ properties: z.looseObject({ spec: Node, status: Node }) }) }) })]) }) });
const { properties } = Crd.parse(churnModelCrd()).spec.versions[0].schema.openAPIV3Schema;

function* fields(node: Node, path: string): Generator<Readonly<{ path: string; node: Node }>> {
  yield { path, node };
  if (node.items !== undefined) yield* fields(node.items, `${path}[]`);
  if (node.additionalProperties !== undefined) yield* fields(node.additionalProperties, `${path}.*`);
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* fields(child, `${path}.${name}`);
}

const all = [...fields(properties.spec, 'spec'), ...fields(properties.status, 'status')];
const offending = (isWrong: (node: Node) => boolean): readonly string[] => all.filter(({ node }) => isWrong(node)).map(({ path }) => path);

describe('the schema of the CRD is structural, bounded and explained', () => {
  test('it has fields', () => expect(all.length).toBeGreaterThan(150));
  test('every field has a type', () => expect(offending((node) => node.type === undefined && node['x-kubernetes-int-or-string'] !== true)).toEqual([]));
  test('every field says what it means', () => expect(offending((node) => (node.description ?? '') === '')).toEqual([]));
  test('lists say of what', () => expect(offending((node) => node.type === 'array' && node.items === undefined)).toEqual([]));
  test('texts have an end', () => expect(offending((node) => node.type === 'string' && node.maxLength === undefined && node.enum === undefined)).toEqual([]));
  test('lists have an end', () => expect(offending((node) => node.type === 'array' && node.maxItems === undefined)).toEqual([]));
  test('maps have an end', () => expect(offending((node) => node.additionalProperties !== undefined && node.maxProperties === undefined)).toEqual([]));
  test('only affinity is left to Kubernetes', () => expect(offending((node) => node['x-kubernetes-preserve-unknown-fields'] === true)).toEqual(['spec.serving.scheduling.affinity']));
  test('integers say how wide they are', () => expect(offending((node) => node.type === 'integer' && node.format === undefined)).toEqual([]));
  test('a field with a default is never required', () => expect(offending((node) => (node.required ?? []).some((name) => node.properties?.[name]?.default !== undefined))).toEqual([]));
  test('what is required is there', () => expect(offending((node) => (node.required ?? []).some((name) => node.properties?.[name] === undefined))).toEqual([]));
  test('objects are fields or a map, not both', () => expect(offending((node) => node.properties !== undefined && node.additionalProperties !== undefined)).toEqual([]));
  test('every rule has a sentence', () => expect(all.flatMap(({ node }) => node['x-kubernetes-validations'] ?? []).filter(({ message }) => message.length < 10 || message.includes('\n'))).toEqual([]));
  test('nothing in status is required of a new object', () => expect(properties.status.required).toBeUndefined());
});

test('a second generation gives the same bytes', () => expect([...generatedDocuments()]).toEqual([...generatedDocuments()]));

describe('what has no structural form is refused by name', () => {
  test.each<{ name: string; schema: z.ZodType; message: string }>([
    { name: 'either of two', schema: z.object({ a: z.union([z.string(), z.object({})]) }), message: 'root.a: anyOf is not structural here; merge the arms' },
    { name: 'anything', schema: z.object({ a: z.array(z.unknown()) }), message: 'root.a[]: every field needs a type' },
  ])('$name', ({ schema, message }) => expect(() => structuralSchema(schema, 'root')).toThrow(message));
});

test('a text with a sentence of its own becomes a CEL rule', () => {
  const schema = z.string().min(1).max(9).regex(/^a'\.$/, 'm').meta({ 'x-message': 'write a' }).describe('d');
  expect(structuralSchema(schema, 'root')).toEqual({ type: 'string', minLength: 1, maxLength: 9, description: 'd', 'x-kubernetes-validations': [{ rule: "self.matches('^a\\'\\\\.$')", message: 'write a' }] });
});
