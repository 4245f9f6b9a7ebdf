import { z } from 'zod';

const Node: z.ZodType<SchemaNode> = z.looseObject({
  properties: z.lazy(() => z.record(z.string(), Node)).optional(),
  items: z.lazy(() => Node).optional(),
  additionalProperties: z.lazy(() => z.union([z.boolean(), Node])).optional(),
});
type SchemaNode = Readonly<{
  properties?: Readonly<Record<string, SchemaNode>> | undefined;
  items?: SchemaNode | undefined;
  additionalProperties?: boolean | SchemaNode | undefined;
}>;

/** Every field that a schema names, as `spec.rollout.canary.steps[].weight`; `*` stands for the names of a map. */
export function fieldsOf(schema: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (node: SchemaNode, path: string): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const field = path === '' ? name : `${path}.${name}`;
      found.add(field);
      look(child, field);
    }
    if (node.items !== undefined) look(node.items, `${path}[]`);
    if (typeof node.additionalProperties === 'object') look(node.additionalProperties, `${path}.*`);
  };
  look(Node.parse(schema), '');
  return found;
}

/** Fields of spec and status that the operator knows and the served schema does not: the API server drops them from every object. */
export function missingFields(own: unknown, served: unknown): readonly string[] {
  const there = fieldsOf(served);
  const missing = [...fieldsOf(own)].filter((field) => /^(spec|status)/.test(field) && !there.has(field));
  // What is below a missing field is missing with it.
  return missing.filter((field) => !missing.some((other) => other !== field && (field.startsWith(`${other}.`) || field.startsWith(`${other}[]`))));
}
