import { z } from 'zod';
import { LABELS } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { churnModel, VERSIONS } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';
import type { Store } from '../../store.ts';

const MODEL = 'removed';
const PACKAGE = 'models/telco-churn/packages';

export type Removal = Readonly<{ children: number; tookMs: number; files: number }>;

const Listed = z.object({
  items: z.array(
    z.looseObject({
      kind: z.string(),
      metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).optional(), ownerReferences: z.array(z.looseObject({ kind: z.string(), uid: z.string() })).default([]) }),
    }),
  ),
});
type Item = z.infer<typeof Listed>['items'][number];

/** A model that has served two versions is deleted: everything of it goes, by garbage collection, and the store stays as it is. */
export async function removal(context: ClaimContext): Promise<Removal> {
  const { kube, store, prefix, check, progress } = context;
  const repository = `${prefix}/${MODEL}`;
  for (const version of [VERSIONS.decent, VERSIONS.better]) await store.upload(`${PACKAGE}/${version}`, `${repository}/${version}`);
  const manifest = (version: string) => churnModel({ name: MODEL, version, repository: `s3://${store.bucket}/${repository}`, spec: { serving: { replicas: 2 } } });
  progress('a model that serves one version, then another');
  await kube.apply(manifest(VERSIONS.decent));
  await untilServing(kube, MODEL, { deadlineMs: 180_000, version: VERSIONS.decent });
  await kube.apply(manifest(VERSIONS.better));
  const model = await untilServing(kube, MODEL, { deadlineMs: 180_000, version: VERSIONS.better });

  const children = await ofModel(context);
  const roots = children.filter(({ metadata }) => metadata.ownerReferences.some(({ uid }) => uid === model.metadata.uid));
  const kinds = [...new Set(roots.map(({ kind }) => kind))].toSorted();
  check('children are owned by the model', ['Deployment', 'Job', 'Service', 'ServiceAccount'].every((kind) => kinds.includes(kind)), `${roots.length} objects: ${kinds.join(', ')}; ${children.length} with what those own`);
  const before = await filesOf(store);

  progress('deleting it');
  await kube.delete(MODELS, MODEL);
  const startedMs = Date.now();
  await kube.untilAny({ what: 'every object of the model gone', deadlineMs: 120_000 }, async () => (await ofModel(context)).map(nameOf), (left) => left.length === 0);
  const tookMs = Date.now() - startedMs;
  check('every child goes with the model', true, `${children.map(nameOf).join(', ')}: gone after ${(tookMs / 1000).toFixed(1)} s`);

  const after = await filesOf(store);
  const changed = [...new Set([...before, ...after])].filter((file) => !(before.has(file) && after.has(file)));
  check('no file in the store changes', before.size > 0 && changed.length === 0, changed.length === 0 ? `${before.size} files, the same keys, ETags, sizes and times` : `differ: ${changed.join(', ')}`);
  return { children: children.length, tookMs, files: before.size };
}

/** Objects of every kind there is that are the model's: by its label, by ownership, or by their name. */
async function ofModel({ kube }: ClaimContext): Promise<readonly Item[]> {
  const kinds = (await kube.kubectl('api-resources', '--namespaced', '--verbs=list,delete', '--output=name')).split('\n').filter((kind) => !kind.startsWith('events'));
  const { items } = Listed.parse(JSON.parse(await kube.kubectl('get', kinds.join(','), '--output=json')));
  return items.filter(({ metadata }) => metadata.labels?.[LABELS.model] === MODEL || metadata.name === MODEL || metadata.name.startsWith(`${MODEL}-`));
}

function nameOf({ kind, metadata }: Item): string {
  return `${kind} ${metadata.name}`;
}

/** Packages of all models and everything of this claim; other claims' prefixes come and go. */
async function filesOf(store: Store): Promise<ReadonlySet<string>> {
  const files = [...(await store.list('models/')), ...(await store.list('e2e/')).filter(({ key }) => key.includes(`/${MODEL}/`))];
  return new Set(files.map(({ key, etag, sizeBytes, modifiedAtMs }) => `${key} ${etag} ${sizeBytes} ${modifiedAtMs}`));
}
