import type { Json } from './structural-schema.ts';

type JsonObject = { readonly [key: string]: Json };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeOf(node: JsonObject): string {
  if (node['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (Array.isArray(node['enum'])) return node['enum'].map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (node['type'] === 'array') return isObject(node['items']) ? `list of ${typeOf(node['items'])}` : 'list';
  if (node['type'] === 'object' && isObject(node['additionalProperties'])) return `map of ${typeOf(node['additionalProperties'])}`;
  return typeof node['type'] === 'string' ? node['type'] : 'any';
}

function bounds(node: JsonObject): string {
  const parts: string[] = [];
  const range = (low: string, high: string, unit: string): void => {
    const from = node[low];
    const to = node[high];
    if (from !== undefined && to !== undefined) parts.push(`${JSON.stringify(from)} to ${JSON.stringify(to)}${unit}`);
    else if (from !== undefined) parts.push(`from ${JSON.stringify(from)}${unit}`);
    else if (to !== undefined) parts.push(`up to ${JSON.stringify(to)}${unit}`);
  };
  range('minimum', 'maximum', '');
  range('minLength', 'maxLength', ' characters');
  range('minItems', 'maxItems', ' entries');
  if (node['maxProperties'] !== undefined) parts.push(`up to ${JSON.stringify(node['maxProperties'])} entries`);
  return parts.join('; ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

function* rows(node: JsonObject, path: string, required: boolean): Generator<string> {
  const description = typeof node['description'] === 'string' ? node['description'] : '';
  const messages = Array.isArray(node['x-kubernetes-validations']) ? node['x-kubernetes-validations'].flatMap((rule) => (isObject(rule) && typeof rule['message'] === 'string' ? [rule['message']] : [])) : [];
  const byDefault = node['default'] === undefined ? (required ? '**required**' : '') : `\`${JSON.stringify(node['default'])}\``;
  yield `| \`${path}\` | ${cell(typeOf(node))} | ${cell(byDefault)} | ${cell([description, bounds(node), ...messages.map((message) => `*${message}*`)].filter((part) => part !== '').join(' · '))} |`;
  const child = node['type'] === 'array' && isObject(node['items']) ? node['items'] : node;
  const suffix = child === node ? '' : '[]';
  const needed = Array.isArray(child['required']) ? child['required'] : [];
  if (isObject(child['properties'])) {
    for (const [name, property] of Object.entries(child['properties'])) if (isObject(property)) yield* rows(property, `${path}${suffix}.${name}`, needed.includes(name));
  }
}

/** Markdown table of every field below `root` of a structural schema. */
export function fieldReference(schema: Json, root: string): string {
  if (!isObject(schema)) throw new TypeError('a schema is an object');
  return ['| field | type | default | meaning, bounds, rules |', '| --- | --- | --- | --- |', ...rows(schema, root, false)].join('\n');
}
