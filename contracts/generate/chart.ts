import { z } from 'zod';
import { documentedValues, type DocumentedValue } from '../chart/documented-values.ts';
import { ChartValues } from '../chart/values.ts';
import { toJson, type Json } from './structural-schema.ts';

const BEGIN = '<!-- values: npm run generate -->';
const END = '<!-- end of values -->';

/** values.schema.json: types and bounds of {@link ChartValues}, words of values.yaml. Nothing is required, nothing unknown is taken. */
export function valuesSchema(valuesYaml: string): string {
  const words = new Map(documentedValues(valuesYaml).map((value) => [value.path, value.words]));
  const schema = optional(toJson(z.toJSONSchema(ChartValues, { target: 'draft-7', io: 'input', unrepresentable: 'throw', reused: 'inline' })), '', words);
  if (!isRecord(schema) || !isRecord(schema['properties'] ?? null)) throw new Error('the values are an object');
  const global = { type: 'object', description: 'Helm passes it to every chart; unused here.' };
  const properties = { ...asRecord(schema['properties']), global };
  return `${JSON.stringify({ ...schema, title: 'Values of the churnops chart', properties }, null, 2)}\n`;
}

/** The README with its table of values as values.yaml says now. */
export function chartReadme(readme: string, valuesYaml: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the chart's README.md has no ${BEGIN} ... ${END}`);
  const rows = documentedValues(valuesYaml).map(row);
  return [`${before}${BEGIN}`, '| value | default | meaning |', '|---|---|---|', ...rows, `${END}${after}`].join('\n');
}

function row({ path, default: value, words }: DocumentedValue): string {
  return `| \`${path}\` | \`${JSON.stringify(value)}\` | ${words.replaceAll('|', '\\|')} |`;
}

type JsonRecord = Readonly<Record<string, Json>>;

function isRecord(value: Json): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asRecord(value: Json | undefined): JsonRecord {
  return value !== undefined && isRecord(value) ? value : {};
}

/** A user's file says what differs from the defaults; maps of the chart's own must not lack what lists of Kubernetes need. */
function optional(node: Json, path: string, words: ReadonlyMap<string, string>): Json {
  if (!isRecord(node)) return node;
  const { required, properties, ...rest } = node;
  const description = words.get(path);
  const strict = node['additionalProperties'] === false;
  return {
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...(required === undefined || (strict && !path.endsWith('[]')) ? {} : { required }),
    ...(node['items'] === undefined ? {} : { items: optional(node['items'], `${path}[]`, words) }),
    ...(properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(asRecord(properties)).map(([name, child]) => [name, optional(child, path === '' ? name : `${path}.${name}`, words)])) }),
  };
}
