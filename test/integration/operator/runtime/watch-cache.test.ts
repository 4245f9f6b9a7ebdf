import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import { systemClock } from '../../../../operator/runtime/clock.ts';
import { apiVersionOf } from '../../../../operator/runtime/resource-kind.ts';
import type { ApiRequest, ApiStream, Transport } from '../../../../operator/runtime/transport.ts';
import { byLabel } from '../../../../operator/runtime/index-keys.ts';
import { WatchCache } from '../../../../operator/runtime/watch-cache.ts';
import { configMapKind, eventually, openCluster, silent, youngKind, type Cluster } from './cluster.ts';

type ConfigMap = (typeof configMapKind)['schema']['_output'];

/** Cuts watches, or makes the next one ask for a version that the API server has long forgotten. */
class Saboteur implements Transport {
  readonly #inner: Transport;
  readonly requests: ApiRequest[] = [];
  #cut = new AbortController();
  #nextFrom: string | undefined;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  cutWatches(nextFrom?: string): void {
    this.#nextFrom = nextFrom;
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  async send(...[request, signal]: Parameters<Transport['send']>): ReturnType<Transport['send']> {
    this.requests.push(request);
    return this.#inner.send(request, signal);
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<ApiStream> {
    const resourceVersion = this.#nextFrom;
    this.#nextFrom = undefined;
    this.requests.push(request);
    const sent = resourceVersion === undefined ? request : { ...request, query: { ...request.query, resourceVersion } };
    return this.#inner.stream(sent, AbortSignal.any([signal, this.#cut.signal]));
  }
}

let cluster: Cluster;
let stop = new AbortController();
let running: Promise<void> | undefined;
beforeAll(async () => {
  cluster = await openCluster();
});
afterEach(async () => {
  stop.abort();
  await running;
  stop = new AbortController();
});
afterAll(async () => cluster.end());

function start(transport: Transport, kind = configMapKind): WatchCache<ConfigMap> {
  const cache = new WatchCache({
    client: new ApiClient({ transport, fieldManager: 'churnops-integration', pageSize: 2 }),
    kind,
    scope: { namespace: cluster.namespace, labelSelector: 'watched' },
    indexes: { watched: byLabel('watched') },
    clock: systemClock,
    random: () => 0.5,
    logger: silent,
    metrics: cluster.metrics,
  });
  running = cache.run(stop.signal);
  return cache;
}

async function apply(name: string, value: string, label = 'yes', kind = configMapKind): Promise<ConfigMap> {
  const metadata = { name, namespace: cluster.namespace, labels: { watched: label } };
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, data: { value } };
  return cluster.client.apply(kind, object, {}, cluster.signal);
}

const ref = (name: string): { namespace: string; name: string } => ({ namespace: cluster.namespace, name });

test('lists, follows, forgets what left the selector, and is stale until an own write came back', async () => {
  await apply('before-1', '1');
  await apply('before-2', '1');
  await apply('before-3', '1');
  const cache = start(cluster.connection);
  await cache.synced(AbortSignal.timeout(10_000));
  expect(cache.list().length).toBe(3);
  const written = await apply('before-1', '2');
  cache.recordWrite(written);
  await eventually(() => cache.isStale(ref('before-1')), (stale) => !stale);
  expect(cache.get(ref('before-1'))?.data).toEqual({ value: '2' });
  await apply('before-2', '1', 'other');
  await eventually(() => cache.byIndex('watched', 'other').length, (count) => count === 1);
  expect(cache.byIndex('watched', 'yes').length).toBe(2);
  await cluster.client.patchMetadata(configMapKind, ref('before-2'), { labels: { watched: null } }, {}, cluster.signal);
  await eventually(() => cache.get(ref('before-2')), (object) => object === undefined);
  cache.recordDelete(written);
  await cluster.client.delete(configMapKind, ref('before-1'), {}, cluster.signal);
  await eventually(() => cache.isStale(ref('before-1')), (stale) => !stale);
});

test('a cut watch goes on where it was, without a new list', async () => {
  const saboteur = new Saboteur(cluster.connection);
  const cache = start(saboteur);
  await cache.synced(AbortSignal.timeout(10_000));
  await eventually(() => saboteur.requests.at(-1)?.verb, (verb) => verb === 'watch');
  saboteur.cutWatches();
  await apply('while-cut', '1');
  await eventually(() => cache.get(ref('while-cut')), (object) => object !== undefined);
  const lists = saboteur.requests.filter(({ verb, query }) => verb === 'list' && query?.['continue'] === undefined);
  expect(lists.length).toBe(1);
});

test('a version that the API server has forgotten is a new list, in which deletions are found', async () => {
  const kind = await youngKind(cluster);
  await apply('ghost', '1', 'yes', kind);
  const saboteur = new Saboteur(cluster.connection);
  const cache = start(saboteur, kind);
  await cache.synced(AbortSignal.timeout(10_000));
  await eventually(() => saboteur.requests.at(-1)?.verb, (verb) => verb === 'watch');
  const gone: string[] = [];
  cache.onChange((previous, current) => {
    if (previous !== undefined && current === undefined) gone.push(previous.metadata.name);
  });
  saboteur.cutWatches('1');
  await cluster.client.delete(kind, ref('ghost'), {}, cluster.signal);
  await eventually(() => gone, (names) => names.includes('ghost'));
  const lists = saboteur.requests.filter(({ verb, query }) => verb === 'list' && query?.['continue'] === undefined);
  expect(lists.length).toBe(2);
});
