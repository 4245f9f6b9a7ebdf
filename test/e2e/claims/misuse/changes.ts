import type { Random } from '../../../../operator/runtime/clock.ts';
import { placed, removed, valueAt, type Path } from './paths.ts';
import type { SchemaNode } from './schema.ts';
import { atBounds, beyondBounds, mapKey, smallest, validValues, wrongType, type Json } from './values.ts';

/** One way to change a manifest. */
export type ChangeKind = 'Valid' | 'AtBound' | 'Empty' | 'Removed' | 'Pair' | 'BeyondBound' | 'WrongType' | 'Null' | 'Unknown';

/** A changed spec, and what must come of it. */
export type Change = Readonly<{
  /** For people, and unique: `spec.serving.replicas Valid 2`. */
  name: string;
  kind: ChangeKind;
  /** Dotted, list items as `[]`: `spec.batch[].name`. Two of a pair. */
  fields: readonly string[];
  paths: readonly Path[];
  /** The values that were set, for those that are there. */
  values: readonly Json[];
  spec: Json;
  /** `Refused`: the API server must. `Either`: it may, naming the field. */
  expected: 'Refused' | 'Either';
}>;

/** What must be beside a field for it to be taken, where the schema's shape does not say so: spec paths to set, or to remove (null). */
export type Companions = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** Fields, or whole branches, that are never set alone to a value beyond this: each unit is a pod. */
const POD_COUNTS = /\.(replicas|minReplicas|maxReplicas)$/;
const MOST_PODS = 3;

/** Every change that the schema gives for a base spec, in the order of the schema; pairs last. */
export function changesOf(schema: SchemaNode, base: Json, companions: Companions, random: Random): readonly Change[] {
  const single = nodesOf(schema, []).flatMap(({ node, path }) => changesOfField({ schema, base, companions }, node, path));
  const valid = single.filter(({ kind }) => kind === 'Valid');
  const pairs = valid.flatMap((one) => {
    const other = valid[Math.floor(random() * valid.length)];
    return other === undefined || other.fields[0] === one.fields[0] ? [] : pairOf({ schema, base, companions }, one, other);
  });
  return unique([...single, ...pairs]);
}

type Field = Readonly<{ node: SchemaNode; path: Path }>;
type Input = Readonly<{ schema: SchemaNode; base: Json; companions: Companions }>;

/** Every node below the root, parents before children: objects' fields, the first item of lists, one key of maps. */
function nodesOf(node: SchemaNode, path: Path): readonly Field[] {
  const own = path.length === 0 ? [] : [{ node, path }];
  const last = path.at(-1);
  const field = typeof last === 'string' ? last : '';
  return [
    ...own,
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => nodesOf(child, [...path, name])),
    ...(node.items === undefined ? [] : nodesOf(node.items, [...path, 0])),
    ...(node.additionalProperties === undefined ? [] : nodesOf(node.additionalProperties, [...path, mapKey(field)])),
  ];
}

function changesOfField(input: Input, node: SchemaNode, path: Path): readonly Change[] {
  const field = dotted(path);
  const last = path.at(-1);
  const key = typeof last === 'string' ? last : '';
  const change = (kind: ChangeKind, label: string, value: Json, expected: Change['expected']): Change => ({
    name: `${field} ${kind} ${label}`,
    kind,
    fields: [field],
    paths: [path],
    values: [value],
    spec: accompanied(input, path, value),
    expected,
  });
  const before = valueAt(input.base, path);
  const tooMany = (value: Json): boolean => POD_COUNTS.test(field) && typeof value === 'number' && value > MOST_PODS;
  const valid = validValues(node, key).filter((value) => JSON.stringify(value) !== JSON.stringify(before) && !tooMany(value)).slice(0, 2);
  const bounds = atBounds(node).filter(({ value }) => !tooMany(value));
  const wrong = wrongType(node);
  const empty: readonly Json[] = node.type === 'array' ? [[]] : node.type === 'object' ? [{}] : [];
  return [
    ...valid.map((value) => change('Valid', shown(value), value, 'Either')),
    ...bounds.map(({ bound, value }) => change('AtBound', bound, value, 'Either')),
    ...empty.map((value) => change('Empty', shown(value), value, 'Either')),
    ...(before === undefined ? [] : [{ ...change('Removed', '', null, 'Either'), spec: removed(input.base, path), values: [] }]),
    ...beyondBounds(node).map(({ bound, value }) => change('BeyondBound', bound, value, 'Refused')),
    ...(wrong === undefined ? [] : [change('WrongType', shown(wrong), wrong, 'Refused')]),
    change('Null', 'null', null, 'Either'),
    ...(node.type === 'object' && node.additionalProperties === undefined && node['x-kubernetes-preserve-unknown-fields'] !== true
      ? [{ ...change('Unknown', 'misspelt', 'x', 'Refused'), fields: [`${field}.misspelt`], paths: [[...path, 'misspelt']], spec: placed(accompanied(input, path, present(before, node, key)), [...path, 'misspelt'], 'x', () => ({})) }]
      : []),
  ];
}

function present(before: Json | undefined, node: SchemaNode, key: string): Json {
  return before ?? smallest(node, key);
}

/** The base with a value at a path, what lies between as small as the schema allows, and with what the field needs beside it. */
function accompanied({ schema, base, companions }: Input, path: Path, value: Json): Json {
  const field = dotted(path);
  const needs = Object.entries(companions).filter(([prefix]) => field === prefix || field.startsWith(`${prefix}.`) || field.startsWith(`${prefix}[`));
  let spec = base;
  for (const [, settings] of needs) {
    for (const [where, what] of Object.entries(settings)) {
      const at = where.split('.').slice(1);
      spec = what === null ? removed(spec, at) : placed(spec, at, what, (between) => smallestAt(schema, between));
    }
  }
  return placed(spec, path, value, (between) => smallestAt(schema, between));
}

/** The smallest value for a place of the schema. */
function smallestAt(schema: SchemaNode, path: Path): Json {
  let node: SchemaNode | undefined = schema;
  for (const step of path) node = typeof step === 'number' ? node?.items : (node?.properties?.[step] ?? node?.additionalProperties);
  const last = path.at(-1);
  if (node === undefined) return {};
  return node.type === 'array' ? [] : smallest(node, typeof last === 'string' ? last : '');
}

function pairOf(input: Input, one: Change, other: Change): readonly Change[] {
  const [[first = []], [second = []]] = [one.paths, other.paths];
  // A parent would replace the other's value.
  const shorter = Math.min(first.length, second.length);
  if (first.slice(0, shorter).join('/') === second.slice(0, shorter).join('/')) return [];
  const spec = accompanied({ ...input, base: one.spec }, second, other.values[0] ?? null);
  return [{ name: `${one.name} with ${other.name}`, kind: 'Pair', fields: [...one.fields, ...other.fields], paths: [first, second], values: [...one.values, ...other.values], spec, expected: 'Either' }];
}

/** `spec.batch[].name`. */
function dotted(path: Path): string {
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[]` : `${text}.${step}`), 'spec');
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

function unique(changes: readonly Change[]): readonly Change[] {
  return [...new Map(changes.map((change) => [change.name, change])).values()];
}
