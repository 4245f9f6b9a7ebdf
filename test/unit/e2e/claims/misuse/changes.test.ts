import { beforeAll, describe, expect, test } from '@jest/globals';
import { changesOf, type Change } from '../../../../e2e/claims/misuse/changes.ts';
import { specSchema, patternsOf, type SchemaNode } from '../../../../e2e/claims/misuse/schema.ts';
import { valueAt } from '../../../../e2e/claims/misuse/paths.ts';
import type { Json } from '../../../../e2e/claims/misuse/values.ts';
import { seededRandom } from '../../../../e2e/seeded-random.ts';

const small: SchemaNode = {
  type: 'object',
  required: ['model'],
  properties: {
    model: { type: 'object', required: ['version'], properties: { version: { type: 'string', maxLength: 20, 'x-kubernetes-validations': [{ rule: "self.matches('^[0-9]{8}-[0-9]{4}$')" }] } } },
    size: { type: 'integer', minimum: 1, maximum: 9 },
    steps: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'object', required: ['weight'], properties: { weight: { type: 'integer', minimum: 1 }, note: { type: 'string' } } } },
    labels: { type: 'object', maxProperties: 2, additionalProperties: { type: 'string' } },
    mode: { type: 'string', enum: ['On', 'Off'] },
  },
};
const base: Json = { model: { version: '20261001-0300' }, size: 4 };
const named = (changes: readonly Change[], name: string): Json | undefined => changes.find((change) => change.name === name)?.spec;

describe('changes of a small schema', () => {
  const changes = changesOf(small, base, {}, seededRandom(1));

  test.each<{ name: string; spec: Json }>([
    { name: 'spec.size Valid 2', spec: { ...base, size: 2 } },
    { name: 'spec.size AtBound maximum', spec: { ...base, size: 9 } },
    { name: 'spec.size BeyondBound minimum', spec: { ...base, size: 0 } },
    { name: 'spec.size WrongType "many"', spec: { ...base, size: 'many' } },
    { name: 'spec.size Removed ', spec: { model: { version: '20261001-0300' } } },
    { name: 'spec.model.version Valid "20261101-0300"', spec: { ...base, model: { version: '20261101-0300' } } },
    { name: 'spec.model Unknown misspelt', spec: { ...base, model: { version: '20261001-0300', misspelt: 'x' } } },
    { name: 'spec.mode Valid "Off"', spec: { ...base, mode: 'Off' } },
    { name: 'spec.mode BeyondBound enum', spec: { ...base, mode: 'Nonsense' } },
    { name: 'spec.steps[].note Valid "sample"', spec: { ...base, steps: [{ weight: 2, note: 'sample' }] } },
    { name: 'spec.steps[].weight AtBound minimum', spec: { ...base, steps: [{ weight: 1 }] } },
    { name: 'spec.steps Empty []', spec: { ...base, steps: [] } },
    { name: 'spec.labels.sample Valid "another"', spec: { ...base, labels: { sample: 'another' } } },
    { name: 'spec.labels BeyondBound maxProperties', spec: { ...base, labels: { key0: 'sample', key1: 'sample', key2: 'sample' } } },
  ])('$name', ({ name, spec }) => expect(named(changes, name)).toEqual(spec));

  test('a pair changes two fields', () => {
    const pair = changes.find(({ kind }) => kind === 'Pair');
    expect(pair?.fields).toHaveLength(2);
    for (const [index, path] of (pair?.paths ?? []).entries()) expect(valueAt(pair?.spec ?? null, path)).toEqual(pair?.values[index]);
  });

  test('what a field needs beside it is set or removed with it', () => {
    const companions = { 'spec.mode': { 'spec.size': null, 'spec.labels.sample': 'yes' } };
    expect(named(changesOf(small, base, companions, seededRandom(1)), 'spec.mode Valid "On"')).toEqual({ model: { version: '20261001-0300' }, labels: { sample: 'yes' }, mode: 'On' });
  });
});

describe('changes of the committed CRD', () => {
  let schema: SchemaNode = {};
  beforeAll(async () => {
    schema = await specSchema();
  });

  test('every field with a form has a value in stock that matches', () => {
    const without = (node: SchemaNode, path: string): string[] => [
      ...(node.type === 'string' && node.enum === undefined && !changesOf({ type: 'object', properties: { it: node } }, {}, {}, seededRandom(1)).some(({ kind }) => kind === 'Valid') ? [`${path} ${patternsOf(node).join(' ')}`] : []),
      ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => without(child, `${path}.${name}`)),
      ...(node.items === undefined ? [] : without(node.items, `${path}[]`)),
      ...(node.additionalProperties === undefined ? [] : without(node.additionalProperties, `${path}.*`)),
    ];
    expect(without(schema, 'spec')).toEqual([]);
  });

  test('every field is changed in several ways, and no change is named twice', () => {
    const changes = changesOf(schema, base, {}, seededRandom(1));
    expect(new Set(changes.map(({ name }) => name)).size).toBe(changes.length);
    expect(changes.length).toBeGreaterThan(800);
    for (const field of ['spec.serving.replicas', 'spec.rollout.canary.steps[].weight', 'spec.batch[].select.minProbability', 'spec.serving.scheduling.affinity']) {
      expect(changes.filter(({ fields }) => fields[0] === field).length).toBeGreaterThan(2);
    }
  });

  test('no change asks for more than a few pods', () => {
    for (const { spec } of changesOf(schema, base, {}, seededRandom(1)).filter(({ expected }) => expected === 'Either')) {
      const replicas = valueAt(spec, ['serving', 'replicas']);
      expect(typeof replicas === 'number' ? replicas : 0).toBeLessThan(4);
    }
  });
});
