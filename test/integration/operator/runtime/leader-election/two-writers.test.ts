import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LEASES, recordOf } from '../../../../../operator/runtime/leader-election/lease.ts';
import { parseStored } from '../../../../../operator/runtime/object-parsing.ts';
import { configMapKind, eventually, openCluster, type Cluster } from '../cluster.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..', '..');
let cluster: Cluster;
const children: ChildProcess[] = [];
beforeAll(async () => {
  cluster = await openCluster();
  await cluster.client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'written', namespace: cluster.namespace } }, cluster.signal);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.end();
});

function start(name: string): ChildProcess {
  const args = [join(import.meta.dirname, 'writer.ts'), process.env['CHURNOPS_KUBECONFIG'] ?? '', cluster.namespace, name];
  const child = spawn(join(root, 'hack', 'node'), args, { stdio: 'ignore' });
  children.push(child);
  return child;
}

/** Every write that took effect, in the order in which it did: the API server's own watch tells. */
async function followWriters(seen: string[], signal: AbortSignal): Promise<void> {
  const { items, resourceVersion } = await cluster.client.list(configMapKind, { namespace: cluster.namespace }, signal);
  expect(items.some(({ metadata }) => metadata.name === 'written')).toBe(true);
  for await (const event of cluster.client.watch(configMapKind, { namespace: cluster.namespace }, { resourceVersion, timeoutSeconds: 300, idleMs: 60_000 }, signal)) {
    if (event.type === 'BOOKMARK') continue;
    const parsed = parseStored(configMapKind, event.object);
    if ('object' in parsed && parsed.object.metadata.name === 'written') seen.push(parsed.object.data?.['writer'] ?? '');
  }
}

async function holder(): Promise<string> {
  const lease = await cluster.client.get(LEASES, { namespace: cluster.namespace, name: 'writers' }, cluster.signal);
  return lease === undefined ? '' : recordOf(lease).holder;
}

test('a leader that is stopped (SIGSTOP) and goes on has written its last; one that ends in good order gives the lease back', async () => {
  const seen: string[] = [];
  const watching = new AbortController();
  const followed = followWriters(seen, watching.signal).catch((error: unknown) => {
    if (!watching.signal.aborted) throw error;
  });
  const first = start('first');
  await eventually(() => seen.length, (count) => count > 20);
  const second = start('second');
  first.kill('SIGSTOP');
  await eventually(() => seen.filter((writer) => writer === 'second').length, (count) => count > 20);
  const ended = once(first, 'exit');
  first.kill('SIGCONT');
  expect(await ended).toEqual([1, null]);
  const countNow = seen.length;
  await eventually(() => seen.length, (count) => count > countNow + 50);

  const stoppedAt = seen.indexOf('second');
  const late = seen.slice(stoppedAt).filter((writer) => writer === 'first').length;
  expect({ before: [...new Set(seen.slice(0, stoppedAt))], holder: await holder() }).toEqual({ before: ['first'], holder: 'second' });
  // One that writes without a pause is sometimes stopped between its last look and the system call: that one write leaves when it goes on
  // (docs/decisions/0010). Without the fence it would go on writing.
  expect(late).toBeLessThanOrEqual(1);

  const third = start('third');
  const stopped = once(second, 'exit');
  second.kill('SIGTERM');
  expect(await stopped).toEqual([0, null]);
  await eventually(() => seen.filter((writer) => writer === 'third').length, (count) => count > 5);
  expect([...new Set(seen.slice(seen.indexOf('third')))]).toEqual(['third']);
  const gone = once(third, 'exit');
  third.kill('SIGTERM');
  await gone;
  expect(await holder()).toBe('');
  watching.abort();
  await followed;
});
