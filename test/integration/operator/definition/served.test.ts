import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { servedDefinition } from '../../../../operator/definition/served.ts';
import type { Transport } from '../../../../operator/runtime/transport.ts';
import { openCluster, type Cluster } from '../runtime/cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster();
});
afterAll(async () => cluster.end());

test('the installed definition is read from what the API server publishes: as new as this tree', async () => {
  expect(await servedDefinition(cluster.connection, cluster.signal)).toEqual({ served: 'Current' });
});

test('one that lacks a field of ours is told by that field', async () => {
  // What the API server publishes, less one field: the form of the real answer with an older definition's content.
  const older: Transport = {
    send: async (request, signal) => {
      const answer = await cluster.connection.send(request, signal);
      const document = JSON.parse(answer.text);
      const schemas: Record<string, { properties?: { spec?: { properties: Record<string, unknown> } } }> = document.components.schemas;
      for (const { properties } of Object.values(schemas)) delete properties?.spec?.properties['retention'];
      return { ...answer, text: JSON.stringify(document) };
    },
    stream: async (request, signal) => cluster.connection.stream(request, signal),
  };
  expect(await servedDefinition(older, cluster.signal)).toEqual({ served: 'Older', missing: ['spec.retention'] });
});
