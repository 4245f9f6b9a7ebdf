import type { SchemaNode } from './schema.ts';
import { patternsOf } from './schema.ts';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Texts of every form that the schema asks for; those that match a field's patterns are its samples. */
const TEXTS = [
  'sample', 'another', '20261101-0300', '2h', '45m', '300s', 's3://churn/samples/a', 's3://churn/samples/b', 'http://s3.churnops:7070', 'http://store.example:9000',
  '15 4 * * *', '@weekly', '12.50', 'EUR', 'Europe/Berlin', 'churn.example.com', 'customerID', 'CHURN', '#alerts', 'https://jira.example.com', 'a/b', '0.5', 'x',
] as const;
/** Texts to try first where a rule asks for more than the form: what is kept in the store is kept for a day at least. */
const FIRST_TEXTS: Readonly<Record<string, readonly string[]>> = { raw: ['960h', '1440h'], predictions: ['960h', '1440h'], evaluations: ['960h', '1440h'] };
/** Keys of maps: Kubernetes knows what these mean. */
const MAP_KEYS: Readonly<Record<string, string>> = { requests: 'cpu', limits: 'memory', nodeSelector: 'kubernetes.io/os' };
const QUANTITIES: readonly Json[] = ['350m', '1', 2];

/** Objects whose schema is Kubernetes' own. */
const FREE_OBJECT: Json = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { sample: 'yes' } } } }] } };

/** The key under which a map of this name gets a value. */
export function mapKey(field: string): string {
  return MAP_KEYS[field] ?? 'sample';
}

/** Values that the node's schema takes, different ones where there are; empty where nothing in stock matches its patterns. */
export function validValues(node: SchemaNode, field: string): readonly Json[] {
  if (node.enum !== undefined) return node.enum;
  if (node['x-kubernetes-int-or-string'] === true) return QUANTITIES;
  switch (node.type) {
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'number':
      return numbers(node);
    case 'string':
      return [...(FIRST_TEXTS[field] ?? []), ...TEXTS].filter((text) => isText(node, text));
    case 'array':
      return arrays(node, field);
    case 'object':
      return [smallest(node, field)];
    case undefined:
      return [];
  }
}

function isText(node: SchemaNode, text: string): boolean {
  return text.length >= (node.minLength ?? 0) && text.length <= (node.maxLength ?? Infinity) && patternsOf(node).every((pattern) => pattern.test(text));
}

/** Near the lower bound: the upper one may be a thousand pods. */
function numbers({ minimum = 0, maximum = Infinity, type }: SchemaNode): readonly number[] {
  const step = type === 'integer' ? 1 : Math.min(0.1, (maximum - minimum) / 4);
  return [minimum + step, minimum + 2 * step].map((value) => Number(value.toPrecision(6))).filter((value) => value <= maximum);
}

function arrays(node: SchemaNode, field: string): readonly Json[] {
  const { items } = node;
  if (items === undefined) return [];
  return validValues(items, field).slice(0, 2).map((value) => [value]);
}

/** The smallest object that the schema takes: what is required, and something where nothing is. */
export function smallest(node: SchemaNode, field: string): Json {
  if (node['x-kubernetes-preserve-unknown-fields'] === true && node.properties === undefined) return FREE_OBJECT;
  if (node.additionalProperties !== undefined) return { [mapKey(field)]: validValues(node.additionalProperties, field)[0] ?? null };
  const required = Object.entries(node.properties ?? {}).filter(([name]) => node.required?.includes(name) === true);
  return Object.fromEntries(required.map(([name, child]) => [name, validValues(child, name)[0] ?? null]));
}

/** A value of another type than the schema asks for; undefined where every type is taken. */
export function wrongType(node: SchemaNode): Json | undefined {
  if (node['x-kubernetes-int-or-string'] === true) return { an: 'object' };
  switch (node.type) {
    case 'string':
      return 7;
    case 'boolean':
    case 'integer':
    case 'number':
      return 'many';
    case 'array':
      return { not: 'a list' };
    case 'object':
      return ['not', 'an', 'object'];
    case undefined:
      return undefined;
  }
}

/** Values just inside the bounds of the schema, by the bound's name. */
export function atBounds(node: SchemaNode): readonly Readonly<{ bound: string; value: Json }>[] {
  const { minimum, maximum } = node;
  return [
    ...(minimum === undefined ? [] : [{ bound: 'minimum', value: minimum }]),
    ...(maximum === undefined ? [] : [{ bound: 'maximum', value: maximum }]),
    ...longest(node, node.maxLength).map((value) => ({ bound: 'maxLength', value })),
  ];
}

/** Values just outside of them: none may be taken. */
export function beyondBounds(node: SchemaNode): readonly Readonly<{ bound: string; value: Json }>[] {
  const { minimum, maximum, minLength, maxLength, maxItems, maxProperties, items, additionalProperties, enum: words } = node;
  const item = items === undefined ? undefined : (validValues(items, '')[0] ?? {});
  const entry = additionalProperties === undefined ? undefined : (validValues(additionalProperties, '')[0] ?? '1');
  return [
    ...(minimum === undefined ? [] : [{ bound: 'minimum', value: minimum - 1 }]),
    ...(maximum === undefined ? [] : [{ bound: 'maximum', value: maximum + 1 }]),
    ...(minLength === undefined || minLength === 0 ? [] : [{ bound: 'minLength', value: '' }]),
    ...(maxLength === undefined ? [] : [{ bound: 'maxLength', value: 'a'.repeat(maxLength + 1) }]),
    ...(maxItems === undefined || item === undefined ? [] : [{ bound: 'maxItems', value: Array.from({ length: maxItems + 1 }, () => item) }]),
    ...(maxProperties === undefined || entry === undefined ? [] : [{ bound: 'maxProperties', value: Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, index) => [`key${index}`, entry])) }]),
    ...(words === undefined ? [] : [{ bound: 'enum', value: 'Nonsense' }]),
    ...(patternsOf(node).length === 0 ? [] : [{ bound: 'pattern', value: ' \t' }]),
  ];
}

/** A text of just this length, where some repeated letter or URL matches. */
function longest(node: SchemaNode, length: number | undefined): readonly string[] {
  if (length === undefined || node.type !== 'string') return [];
  return ['', 's3://churn/', 'http://', 'https://'].map((start) => `${start}${'a'.repeat(Math.max(length - start.length, 0))}`).filter((text) => isText(node, text)).slice(0, 1);
}
