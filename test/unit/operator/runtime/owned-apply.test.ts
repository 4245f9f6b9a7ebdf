import { expect, test } from '@jest/globals';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import { StoredObject, type DesiredObject, type KubeObject } from '../../../../operator/runtime/kube-object.ts';
import { OwnedApply } from '../../../../operator/runtime/owned-apply.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { FakeTransport } from './fake-transport.ts';
import { RecordingLogger } from './recording-logger.ts';

const kind: ResourceKind<KubeObject> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, schema: StoredObject };
const never = new AbortController().signal;
const owner = { apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: 'telco', uid: 'owner-uid', controller: true };
const desired: DesiredObject & { data: object } = {
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop', ownerReferences: [owner] }, data: { a: '1' },
};
/** canonicalize(desired) by sha256sum. */
const digest = '8275eb7026bba473d86ff849f41a5599e4424b7974abd82c2e4165b9ec441845';

function stored(change: Readonly<{ metadata?: object; data?: object }> = {}): KubeObject {
  const metadata = { ...desired.metadata, uid: 'u', resourceVersion: '5', annotations: { 'churnops.dev/applied': digest }, ...change.metadata };
  return StoredObject.parse({ ...desired, data: change.data ?? desired.data, metadata });
}

type Calls = readonly (readonly [verb: string, uid: unknown, force: string | undefined])[];

/** @param live what the server has; its answer to an apply has `version` */
function newBench(live: KubeObject | undefined, version = '6'): Readonly<{ apply: OwnedApply; calls: () => Calls; logger: RecordingLogger }> {
  const transport = new FakeTransport(({ verb }, body) => {
    if (verb === 'get') return live === undefined ? { status: 404, body: {} } : { status: 200, body: live };
    const { metadata } = StoredObject.pick({ metadata: true }).parse({ metadata: { name: 'a', uid: 'u', resourceVersion: version } });
    return { status: 200, body: { ...body, metadata } };
  });
  const logger = new RecordingLogger();
  const apply = new OwnedApply({ client: new ApiClient({ transport, fieldManager: 'churnops' }), annotation: 'churnops.dev/applied', logger });
  const calls = (): Calls => transport.requests.map(({ verb, body, query }) => [verb, JSON.parse(body ?? '{}').metadata?.uid, query?.['force']]);
  return { apply, calls, logger };
}

test.each<{ name: string; current?: KubeObject; live?: KubeObject; version?: string; outcome: string; calls: Calls }>([
  { name: 'nothing there', outcome: 'Created', calls: [['get', undefined, undefined], ['apply', undefined, 'false']] },
  { name: 'there, as wanted', current: stored(), outcome: 'Unchanged', calls: [] },
  { name: 'there, but not in the cache', live: stored(), outcome: 'Unchanged', calls: [['get', undefined, undefined]] },
  { name: 'more than wanted', current: stored({ data: { a: '1', theirs: '2' } }), outcome: 'Unchanged', calls: [] },
  { name: 'changed by hand', current: stored({ data: { a: '2' } }), outcome: 'Updated', calls: [['apply', 'u', 'true']] },
  { name: 'other content applied before', current: stored({ metadata: { annotations: { 'churnops.dev/applied': 'other' } } }), outcome: 'Updated', calls: [['apply', 'u', 'true']] },
  { name: 'no owner', current: stored({ metadata: { ownerReferences: [] } }), outcome: 'Foreign', calls: [] },
  { name: 'another owner', current: stored({ metadata: { ownerReferences: [{ ...owner, uid: 'x' }] } }), outcome: 'Foreign', calls: [] },
  { name: 'ours, but not as its controller', current: stored({ metadata: { ownerReferences: [{ ...owner, controller: false }] } }), outcome: 'Foreign', calls: [] },
  { name: 'going', current: stored({ data: {}, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), outcome: 'Terminating', calls: [] },
  { name: 'an apply that changed nothing', current: stored({ data: { a: '2' } }), version: '5', outcome: 'Unchanged', calls: [['apply', 'u', 'true']] },
])('$name: $outcome', async ({ current, live, version, outcome, calls }) => {
  const bench = newBench(live, version);
  const result = await bench.apply.apply({ kind, ownerUid: 'owner-uid', desired, current }, never);
  expect(result.outcome).toBe(outcome);
  expect(bench.calls()).toEqual(calls);
});

test('an apply that changed nothing names the field, because it costs a call each time', async () => {
  const { apply, logger } = newBench(undefined, '5');
  await apply.apply({ kind, ownerUid: 'owner-uid', desired, current: stored({ data: { a: '2' } }) }, never);
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { kind: 'ConfigMap', name: 'a', difference: '.data.a' } }]);
});

test('a child that does not name its owner is a bug', async () => {
  const { apply } = newBench(undefined);
  const orphan = { ...desired, metadata: { name: 'a', namespace: 'shop' } };
  await expect(apply.apply({ kind, ownerUid: 'owner-uid', desired: orphan, current: undefined }, never)).rejects.toThrow(TypeError);
});
