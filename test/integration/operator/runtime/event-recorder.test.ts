import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../../operator/runtime/clock.ts';
import { EventRecorder, eventKind } from '../../../../operator/runtime/event-recorder.ts';
import type { KubeObject } from '../../../../operator/runtime/kube-object.ts';
import { configMapKind, openCluster, silent, type Cluster } from './cluster.ts';

let cluster: Cluster;
let regarding: KubeObject;
beforeAll(async () => {
  cluster = await openCluster();
  const metadata = { name: 'subject', namespace: cluster.namespace };
  regarding = await cluster.client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, cluster.signal);
});
afterAll(async () => cluster.end());

test('an event is written, its repetition becomes a series of the same event, another reason or note another event', async () => {
  const { client, metrics, namespace, signal } = cluster;
  const recorder = new EventRecorder({
    client, metrics, clock: systemClock, random: Math.random, logger: silent,
    reportingController: 'churnops.dev/operator', reportingInstance: 'operator-0',
  });
  const event = { regarding, type: 'Warning', reason: 'GateFailed', action: 'RollBack', note: 'é'.repeat(2000) } as const;
  recorder.record(event);
  recorder.record(event);
  recorder.record(event);
  recorder.record({ ...event, note: 'of another version' });
  recorder.record({ ...event, reason: 'StepServed', type: 'Normal' });
  await recorder.flush(AbortSignal.timeout(10_000));
  const { items } = await client.list(eventKind, { namespace, fieldSelector: 'regarding.name=subject' }, signal);
  const failed = items.filter(({ reason, note }) => reason === 'GateFailed' && note !== 'of another version');
  expect(items.length).toBe(3);
  expect(failed).toMatchObject([{ type: 'Warning', action: 'RollBack', reportingController: 'churnops.dev/operator', series: { count: 3 } }]);
  expect(failed[0]?.eventTime).toMatch(/\.\d{6}Z$/);
  expect(Buffer.byteLength(failed[0]?.note ?? '')).toBeLessThanOrEqual(1024);
});

test('a failure is not the caller’s', async () => {
  const { client, metrics } = cluster;
  const recorder = new EventRecorder({
    client, metrics, clock: systemClock, random: Math.random, logger: silent,
    reportingController: 'churnops.dev/operator', reportingInstance: 'operator-0',
  });
  const elsewhere = { ...regarding, metadata: { ...regarding.metadata, namespace: 'absent' } };
  recorder.record({ regarding: elsewhere, type: 'Normal', reason: 'X', action: 'Y', note: '' });
  await expect(recorder.flush(AbortSignal.timeout(10_000))).resolves.toBeUndefined();
});
