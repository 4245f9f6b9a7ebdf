import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { StoredObject } from '../../../operator/runtime/kube-object.ts';
import { Kube } from '../../e2e/kube.ts';
import { CHURN_MODELS } from '../../e2e/kinds.ts';
import { openCluster, type Cluster } from '../operator/runtime/cluster.ts';
import { changed, invalidManifests } from './invalid-manifests.ts';
import { fieldAt, isRefusedAlike, refusalsOf } from './refusals.ts';
import { validManifests } from './valid-manifests.ts';

const Definition = StoredObject.extend({ status: z.looseObject({ conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).nullish() }).prefault({}) });
const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false, schema: Definition };
const Desired = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) });

let cluster: Cluster;
let kube: Kube;

beforeAll(async () => {
  cluster = await openCluster();
  kube = new Kube({ transport: cluster.connection, namespace: cluster.namespace, signal: cluster.signal });
  // The rules of this tree, whatever the cluster was installed with.
  const crd = Desired.parse(load(await readFile(join(import.meta.dirname, '../../../crds/churnops.dev_churnmodels.yaml'), 'utf8')));
  await cluster.client.apply(definitions, crd, {}, cluster.signal);
  await kube.until(definitions, crd.metadata.name, { what: 'definition established', deadlineMs: 10_000 }, ({ status }) =>
    status.conditions?.some(({ type, status: now }) => type === 'Established' && now === 'True') === true,
  );
  // Served rules follow the definition after a moment: this row's rule is the newest.
  await kube.untilAny({ what: 'the rules of this tree', deadlineMs: 10_000 }, async () => kube.tryCreate(CHURN_MODELS, validManifests[1]?.manifest ?? changed({ name: '', change: {}, refusal: '' })), ({ status }) => status === 201);
}, 60_000);

afterAll(async () => cluster.end());

test.each(invalidManifests)('$name: $refusal', async (row) => {
  const created = await kube.tryCreate(CHURN_MODELS, changed(row));
  expect(refusalsOf(created)).toEqual([row.refusal]);
  const applied = await kube.tryApply(CHURN_MODELS, changed(row));
  expect({ ...applied, alike: isRefusedAlike(created, applied) }).toMatchObject({ alike: true });
});

test.each(validManifests)('$name: accepted, with its defaults', async ({ manifest, defaults }) => {
  for (const answer of [await kube.tryCreate(CHURN_MODELS, manifest), await kube.tryApply(CHURN_MODELS, manifest)]) {
    expect(answer).toMatchObject({ status: 201, message: '' });
    for (const { path, value } of defaults) expect({ path, value: fieldAt(answer.body, path) }).toEqual({ path, value });
  }
});

test('a model that is on S3 stays there: stable still fetches its package', async () => {
  const manifest = changed({ name: '', change: { 'metadata.name': 'stays' }, refusal: '' });
  expect(await kube.applyStrictly(CHURN_MODELS, manifest)).toMatchObject({ status: 201 });
  const moved = changed({ name: '', change: { 'metadata.name': 'stays', 'spec.model.repository': 'file:///models/telco-churn', 'spec.storage': { volumeClaim: { claimName: 'models' } } }, refusal: '' });
  expect(refusalsOf(await kube.tryApply(CHURN_MODELS, moved))).toEqual([expect.stringContaining('spec.model.repository: model.repository stays on its kind of store')]);
});
