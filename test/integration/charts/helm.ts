import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { z } from 'zod';

const run = promisify(execFile);

export const CHART = join(import.meta.dirname, '../../../charts/churnops');
export const RELEASE = 'churnops';
export const NAMESPACE = 'system';

/** Sets of values that people install with: charts/churnops/ci. */
export const VALUE_SETS: readonly string[] = readdirSync(join(CHART, 'ci')).toSorted();

const PodSpec = z.looseObject({
  serviceAccountName: z.string().optional(),
  containers: z.array(z.looseObject({ image: z.string(), env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]), ports: z.array(z.looseObject({ name: z.string(), containerPort: z.number() })).default([]) })),
});

/** An object of the chart, as far as tests look into it. */
export const Rendered = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional(), labels: z.record(z.string(), z.string()).default({}), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.unknown().optional(),
});
export type Rendered = z.infer<typeof Rendered>;

const Workload = z.looseObject({
  replicas: z.number().optional(),
  strategy: z.looseObject({ type: z.string().optional() }),
  selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }),
  template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }), spec: PodSpec }),
});

/** A Deployment's spec. */
export function workload(object: Rendered): z.infer<typeof Workload> {
  return Workload.parse(object.spec);
}

/** What a hook pod is. */
export function podSpec(object: Rendered): z.infer<typeof PodSpec> {
  return PodSpec.parse(object.spec);
}

function helm(): string {
  const path = process.env['CHURNOPS_HELM'];
  if (path === undefined || path === '') throw new Error('CHURNOPS_HELM is not set. Name it: export CHURNOPS_HELM=$(hack/tools/build helm)/helm');
  return path;
}

/** What Helm says; @throws Error with its words when it refuses. */
export async function helmSays(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(helm(), [...args], { maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

/** Every object of the chart with a set of values and further arguments. */
export async function rendered(set: string, ...args: readonly string[]): Promise<readonly Rendered[]> {
  const text = await helmSays('template', RELEASE, CHART, '--namespace', NAMESPACE, '--values', join(CHART, 'ci', set), ...args);
  return loadAll(text).filter((document) => document !== null && document !== undefined).map((document) => Rendered.parse(document));
}

/** The only object of a kind, by the end of its name where there are several. */
export function only(objects: readonly Rendered[], kind: string, name = ''): Rendered {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(name));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`there are ${found.length} of kind ${kind} ending in "${name}"`);
  return first;
}

/** Whether labels are selected. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}
