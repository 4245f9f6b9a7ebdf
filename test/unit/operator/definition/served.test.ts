import { expect, test } from '@jest/globals';
import { churnModelCrd } from '../../../../contracts/generate/crd.ts';
import { followDefinition, servedDefinition } from '../../../../operator/definition/served.ts';
import { FakeTransport } from '../runtime/fake-transport.ts';
import { ManualClock, settled } from '../runtime/manual-clock.ts';
import { RecordingLogger } from '../runtime/recording-logger.ts';

type Schema = { properties: { status: { properties: Record<string, unknown> } } };

/** The schema of the definition in this tree, as the API server publishes it. */
function published(change: (schema: Schema) => void = () => {}): object {
  const definition: { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } } = JSON.parse(JSON.stringify(churnModelCrd()));
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema;
  if (schema === undefined) throw new Error('the definition has a version');
  change(schema);
  const other = { type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'churnops.dev', kind: 'ChurnModelList', version: 'v1alpha1' }] };
  const ours = { ...schema, 'x-kubernetes-group-version-kind': [{ group: 'churnops.dev', kind: 'ChurnModel', version: 'v1alpha1' }] };
  return { openapi: '3.0.0', components: { schemas: { 'dev.churnops.v1alpha1.ChurnModelList': other, 'dev.churnops.v1alpha1.ChurnModel': ours } } };
}

const withoutPhase = (schema: Schema): void => {
  delete schema.properties.status.properties['phase'];
};

test.each<{ name: string; status: number; body: object; expected: object }>([
  { name: 'our own definition is current', status: 200, body: published(), expected: { served: 'Current' } },
  { name: 'a status field is not known yet', status: 200, body: published(withoutPhase), expected: { served: 'Older', missing: ['status.phase'] } },
  { name: 'not served', status: 404, body: {}, expected: { served: 'Unknown', why: 'the API server does not serve churnops.dev/v1alpha1' } },
  { name: 'discovery is closed', status: 403, body: {}, expected: { served: 'Unknown', why: 'the API server answers 403 for its schema of churnops.dev/v1alpha1' } },
  { name: 'another kind alone', status: 200, body: { components: { schemas: { other: {} } } }, expected: { served: 'Unknown', why: 'the API server describes no ChurnModel' } },
])('$name', async ({ status, body, expected }) => {
  expect(await servedDefinition(new FakeTransport(() => ({ status, body })), AbortSignal.timeout(60_000))).toEqual(expected);
});

test('tells when it changes, and only then; what looks older is looked at twice', async () => {
  const [current, older] = [published(), published(withoutPhase)];
  // Replaced a moment before; current; then somebody puts an older one back, and a newer one.
  const answers = [older, current, older, older, older, current];
  const transport = new FakeTransport(() => ({ status: 200, body: answers[transport.requests.length - 1] ?? {} }));
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const counts: number[] = [];
  const stop = new AbortController();
  const following = followDefinition({ transport, clock, logger, missing: { set: (count) => counts.push(count) } }, stop.signal);
  for (const ms of [5000, 600_000, 5000, 30_000, 30_000]) {
    await settled();
    clock.advance(ms);
  }
  await settled();
  stop.abort();
  await following;
  expect(transport.requests).toHaveLength(6);
  expect(logger.lines.map(({ level, fields }) => [level, fields])).toEqual([['info', {}], ['error', { missing: ['status.phase'], count: 1 }], ['info', {}]]);
  expect(counts).toEqual([0, 1, 0]);
});

test('an answer that is no schema is told, and nothing more', async () => {
  const logger = new RecordingLogger();
  const stop = new AbortController();
  const following = followDefinition({ transport: new FakeTransport(() => ({ status: 200, body: { paths: {} } })), clock: new ManualClock(), logger, missing: { set: () => {} } }, stop.signal);
  await settled();
  stop.abort();
  await following;
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
});
