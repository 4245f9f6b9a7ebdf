import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { ROOT } from '../../command.ts';

/** A part of the CRD's schema, as far as changes are made from it. */
export type SchemaNode = Readonly<{
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | undefined;
  properties?: Readonly<Record<string, SchemaNode>> | undefined;
  required?: readonly string[] | undefined;
  items?: SchemaNode | undefined;
  additionalProperties?: SchemaNode | undefined;
  enum?: readonly string[] | undefined;
  default?: unknown;
  minimum?: number | undefined;
  maximum?: number | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  maxProperties?: number | undefined;
  pattern?: string | undefined;
  'x-kubernetes-int-or-string'?: boolean | undefined;
  'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  'x-kubernetes-validations'?: readonly Readonly<{ rule: string }>[] | undefined;
}>;

const SchemaNode: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({
    type: z.enum(['object', 'array', 'string', 'integer', 'number', 'boolean']).optional(),
    properties: z.record(z.string(), SchemaNode).optional(),
    required: z.array(z.string()).optional(),
    items: SchemaNode.optional(),
    additionalProperties: SchemaNode.optional(),
    enum: z.array(z.string()).optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    maxProperties: z.number().optional(),
    pattern: z.string().optional(),
    'x-kubernetes-int-or-string': z.boolean().optional(),
    'x-kubernetes-preserve-unknown-fields': z.boolean().optional(),
    'x-kubernetes-validations': z.array(z.looseObject({ rule: z.string() })).optional(),
  }),
);

const Crd = z.looseObject({ spec: z.looseObject({ versions: z.array(z.looseObject({ schema: z.looseObject({ openAPIV3Schema: z.looseObject({ properties: z.looseObject({ spec: SchemaNode }) }) }) })).min(1) }) });

/** The schema of `spec`, from the committed CRD. */
export async function specSchema(): Promise<SchemaNode> {
  const crd = Crd.parse(load(await readFile(join(ROOT, 'crds/churnops.dev_churnmodels.yaml'), 'utf8')));
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  return version.schema.openAPIV3Schema.properties.spec;
}

/** The patterns that a text must match: `pattern`, and CEL rules that are nothing but `self.matches('...')`. */
export function patternsOf(node: SchemaNode): readonly RegExp[] {
  const rules = (node['x-kubernetes-validations'] ?? []).flatMap(({ rule }) => /^self\.matches\('((?:[^'\\]|\\.)*)'\)$/.exec(rule)?.[1] ?? []);
  return [...(node.pattern === undefined ? [] : [node.pattern]), ...rules.map((text) => text.replaceAll('\\\\', '\\'))].map((source) => new RegExp(source));
}
