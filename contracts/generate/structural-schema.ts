import { z } from 'zod';

/** A JSON value of a schema. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Any value as plain JSON; undefined members are dropped. */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined).map(([key, member]) => [key, toJson(member)]));
  }
  throw new TypeError(`a schema cannot hold a ${typeof value}`);
}

const SAFE = Number.MAX_SAFE_INTEGER;
const DROPPED = new Set(['$schema', 'additionalProperties', 'examples', 'title', 'readOnly', 'propertyNames', 'x-message', 'x-churnops-preserve', 'format']);

function celString(pattern: string): string {
  return `'${pattern.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Turns one node of zod's JSON Schema into what the API server takes as a structural schema (reference: apiextensions validation). */
function structuralNode(node: JsonObject, path: string): JsonObject {
  if (node['$ref'] !== undefined) throw new Error(`${path}: $ref is not structural`);
  if (node['x-kubernetes-int-or-string'] === true) {
    return { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], ...(node['description'] === undefined ? {} : { description: node['description'] }) };
  }
  if (node['x-churnops-preserve'] === true) {
    return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...(node['description'] === undefined ? {} : { description: node['description'] }) };
  }
  for (const junctor of ['anyOf', 'oneOf', 'allOf', 'not']) {
    if (node[junctor] !== undefined) throw new Error(`${path}: ${junctor} is not structural here; merge the arms`);
  }
  if (typeof node['type'] !== 'string') throw new Error(`${path}: every field needs a type`);
  const result: Record<string, Json> = {};
  const rules: Json[] = Array.isArray(node['x-kubernetes-validations']) ? [...node['x-kubernetes-validations']] : [];
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties' && isObject(value)) {
      result['properties'] = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, structuralChild(child, `${path}.${name}`)]));
    } else if (key === 'items') result['items'] = structuralChild(value, `${path}[]`);
    else if (key === 'pattern' && typeof value === 'string' && typeof node['x-message'] === 'string') rules.unshift({ rule: `self.matches(${celString(value)})`, message: node['x-message'] });
    else if (key === 'x-kubernetes-validations' || DROPPED.has(key)) continue;
    else if ((key === 'minimum' && value === -SAFE) || (key === 'maximum' && value === SAFE)) continue;
    else result[key] = value;
  }
  if (isObject(node['additionalProperties']) && node['properties'] === undefined) result['additionalProperties'] = structuralChild(node['additionalProperties'], `${path}.*`);
  if (node['type'] === 'integer') result['format'] = node['format'] === 'int32' || (typeof node['maximum'] === 'number' && node['maximum'] <= 2 ** 31 - 1) ? 'int32' : 'int64';
  if (rules.length > 0) result['x-kubernetes-validations'] = rules;
  return result;
}

function structuralChild(node: Json | undefined, path: string): Json {
  if (!isObject(node)) throw new Error(`${path}: a schema is needed`);
  return structuralNode(node, path);
}

/**
 * Structural OpenAPI v3 schema of a zod schema, for a CRD.
 * @throws Error naming the field that has no structural form
 */
export function structuralSchema(schema: z.ZodType, path: string): Json {
  return structuralChild(toJson(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'throw', reused: 'inline', cycles: 'throw' })), path);
}
