import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { documentedValues } from '../../../../contracts/chart/documented-values.ts';
import { ChartValues } from '../../../../contracts/chart/values.ts';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { VERSION } from '../../../../contracts/version.ts';
import { valuesSchema } from '../../../../contracts/generate/chart.ts';

const Chart = z.looseObject({ annotations: z.record(z.string(), z.string()) });
const root = join(import.meta.dirname, '../../../..');
const text = readFileSync(join(root, 'charts/churnops/values.yaml'), 'utf8');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

test('values.yaml has every value, and each is within its own bounds', () => {
  expect(ChartValues.safeParse(load(text)).error).toBeUndefined();
});

test('every value is documented: what no comment speaks of is part of one that has words', () => {
  const documented = documentedValues(text).map(({ path }) => path);
  const undocumented = (value: unknown, path: string): readonly string[] => {
    if (documented.includes(path)) return [];
    if (!isRecord(value)) return [path];
    return Object.entries(value).flatMap(([name, child]) => undocumented(child, path === '' ? name : `${path}.${name}`));
  };
  expect(undocumented(load(text), '')).toEqual([]);
  expect(new Set(documented).size).toBe(documented.length);
});

test('a value is found with its default and its words', () => {
  const yaml = ['# about it all', 'a:', '  # -- The b.', '  b: 2', '  c:', '    # -- The d.', '    d: { e: 1 }', '# -- A list.', 'f: [1]', ''].join('\n');
  expect(documentedValues(yaml)).toEqual([
    { path: 'a.b', default: 2, words: 'The b.' },
    { path: 'a.c.d', default: { e: 1 }, words: 'The d.' },
    { path: 'f', default: [1], words: 'A list.' },
  ]);
});

test('keys below a documented value are its default', () => {
  expect(documentedValues('# -- All of it.\nresources:\n  requests: { cpu: 1 }\n# -- Next.\nb: 1\n')).toEqual([
    { path: 'resources', default: { requests: { cpu: 1 } }, words: 'All of it.' },
    { path: 'b', default: 1, words: 'Next.' },
  ]);
});

test('a value without words is an error that names it', () => {
  expect(() => documentedValues('a:\n  b: 1\n')).toThrow('a.b has no comment');
});

test('the schema takes no unknown value and asks for none', () => {
  const strict: string[] = [];
  const asks: string[] = [];
  const look = (node: unknown, path: string): void => {
    if (!isRecord(node)) return;
    // The chart's own objects; what is Kubernetes' (tolerations, resources of a name) may hold more.
    if (isRecord(node['properties'])) {
      if (node['additionalProperties'] !== false && !path.includes('[]')) strict.push(path);
      if (node['required'] !== undefined && !path.includes('[]')) asks.push(path);
      for (const [name, child] of Object.entries(node['properties'])) look(child, `${path}.${name}`);
    }
    look(node['items'], `${path}[]`);
  };
  look(JSON.parse(valuesSchema(text)), '');
  expect({ strict, asks }).toEqual({ strict: [], asks: [] });
});

test('examples in Chart.yaml are of the schema, every field of theirs', () => {
  const { annotations } = Chart.parse(load(readFileSync(join(root, 'charts/churnops/Chart.yaml'), 'utf8')));
  const examples = z.array(z.strictObject({ apiVersion: z.literal('churnops.dev/v1alpha1'), kind: z.literal('ChurnModel'), metadata: z.looseObject({}), spec: z.looseObject({}) })).parse(load(annotations['artifacthub.io/crdsExamples'] ?? ''));
  expect(examples.length).toBeGreaterThan(0);
  // A field that the schema does not know would be dropped.
  for (const { spec } of examples) expect(ChurnModelSpec.parse(spec)).toMatchObject(spec);
});

test('chart, application and package are of one version', () => {
  const chart: unknown = load(readFileSync(join(root, 'charts/churnops/Chart.yaml'), 'utf8'));
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(chart).toMatchObject({ version: VERSION, appVersion: VERSION });
  expect(version).toBe(VERSION);
});
