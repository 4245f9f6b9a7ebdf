import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { KubeObject, ObjectRef } from './kube-object.ts';
import { apiVersionOf, type ResourceKind } from './resource-kind.ts';
import { StringPool } from './string-pool.ts';

/** Of all objects: what one kind says of a model, others say as well. */
const texts = new StringPool();

/** An object that the kind's schema refused: where it is, as far as that can be read, and the first problems. */
export type SkippedObject = Readonly<{ ref: ObjectRef | undefined; resourceVersion: string | undefined; problem: string }>;

/** One object, or why it was refused. */
export type Parsed<T> = Readonly<{ object: T } | { skipped: SkippedObject }>;

/** One page of a list. */
export type ListPage<T> = Readonly<{
  items: readonly T[];
  skipped: readonly SkippedObject[];
  resourceVersion: string;
  continue: string | undefined;
}>;

const ListEnvelope = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});

const Identity = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional(), resourceVersion: z.string().optional() }),
});

/** @throws ApiError Malformed */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError({ code: 'Malformed', message: `${what}: the answer is not JSON`, cause });
  }
}

/**
 * One stored object from JSON text.
 * @throws ApiError Malformed
 */
export function parseObject<T extends KubeObject>(kind: ResourceKind<T>, text: string): T {
  const parsed = parseStored(kind, parseJson(text, kind.kind));
  if ('object' in parsed) return parsed.object;
  throw new ApiError({ code: 'Malformed', message: `${kind.kind}: ${parsed.skipped.problem}` });
}

/**
 * One page from JSON text; objects that do not parse are set aside, so that one of them cannot stop the others.
 * @throws ApiError Malformed when the page itself is broken
 */
export function parseList<T extends KubeObject>(kind: ResourceKind<T>, text: string): ListPage<T> {
  const envelope = ListEnvelope.safeParse(parseJson(text, `${kind.kind}List`));
  if (!envelope.success) throw new ApiError({ code: 'Malformed', message: `${kind.kind}List: ${problemOf(envelope.error)}` });
  const items: T[] = [];
  const skipped: SkippedObject[] = [];
  for (const item of envelope.data.items ?? []) {
    const parsed = parseStored(kind, item);
    if ('object' in parsed) items.push(parsed.object);
    else skipped.push(parsed.skipped);
  }
  const { resourceVersion, continue: next } = envelope.data.metadata;
  return { items, skipped, resourceVersion, continue: next === '' ? undefined : next };
}

/** One stored object from parsed JSON, deeply frozen. Items of lists of built-in kinds carry no apiVersion and kind: they are added. */
export function parseStored<T extends KubeObject>(kind: ResourceKind<T>, value: unknown): Parsed<T> {
  const named = typeof value === 'object' && value !== null ? { apiVersion: apiVersionOf(kind), kind: kind.kind, ...value } : value;
  const parsed = kind.schema.safeParse(named);
  if (parsed.success) return { object: deepFreeze(texts.share(parsed.data)) };
  const identity = Identity.safeParse(value).data?.metadata;
  const ref = identity === undefined ? undefined : { namespace: identity.namespace, name: identity.name };
  return { skipped: { ref, resourceVersion: identity?.resourceVersion, problem: problemOf(parsed.error) } };
}

/** Freezes a JSON value through and through, and returns it. */
export function deepFreeze<V>(value: V): V {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** The first three problems by path; zod never quotes the values themselves. */
function problemOf(error: z.ZodError): string {
  return error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}
