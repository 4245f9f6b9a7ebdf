import type { ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import type { Connection } from '../../../../operator/runtime/connection.ts';
import { StoredObject, type ObjectRef } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { byLabel } from '../../../../operator/runtime/index-keys.ts';
import { WatchCache } from '../../../../operator/runtime/watch-cache.ts';
import { ManualClock, eventually } from './manual-clock.ts';
import { RecordingLogger } from './recording-logger.ts';
import { ScriptedServer, answer, listOf, type Handler } from './scripted-server.ts';

export const ConfigMap = StoredObject.extend({ data: z.record(z.string(), z.string()).optional() });
export type ConfigMap = z.infer<typeof ConfigMap>;
export const configMapKind: ResourceKind<ConfigMap> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, schema: ConfigMap };

/** Ref of a ConfigMap in the tests' namespace. */
export const ref = (name: string): ObjectRef => ({ namespace: 'shop', name });

/** A cache before a scripted server, and everything around it. */
export class CacheBench {
  readonly server: ScriptedServer;
  readonly clock = new ManualClock(1_000);
  readonly registry = new Registry();
  readonly logger = new RecordingLogger();
  readonly stop = new AbortController();
  readonly cache: WatchCache<ConfigMap>;
  /** `name before>after`, in the order of the calls. */
  readonly changes: string[] = [];
  /** Open watches. */
  readonly watches: ServerResponse[] = [];
  running: Promise<void> | undefined;

  private constructor(server: ScriptedServer, transport: Connection, idleMs: number) {
    this.server = server;
    this.cache = new WatchCache({
      client: new ApiClient({ transport, fieldManager: 'churnops' }),
      kind: configMapKind,
      scope: { namespace: 'shop', labelSelector: 'app' },
      indexes: { app: byLabel('app') },
      clock: this.clock,
      random: () => 0.5,
      logger: this.logger,
      metrics: new RuntimeMetrics(this.registry),
      idleMs,
    });
    this.cache.onChange((previous, current, initial) => {
      this.changes.push(`${(current ?? previous)?.metadata.name} ${versionOf(previous)}>${versionOf(current)}${initial ? ' initial' : ''}`);
    });
  }

  static async open(idleMs = 60_000): Promise<CacheBench> {
    const server = new ScriptedServer();
    return new CacheBench(server, await server.start(), idleMs);
  }

  start(): void {
    this.running = this.cache.run(this.stop.signal);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.server.stop();
  }

  /** Answers lists from `lists` in turn (the last one for ever); watches stay open, in `watches`. */
  serve(...lists: object[]): Handler {
    let served = 0;
    this.server.handler = ({ url }, response) => {
      if (url.searchParams.get('watch') !== 'true') {
        answer(response, 200, lists[Math.min(served++, lists.length - 1)] ?? listOf(1));
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.watches.push(response);
    };
    return this.server.handler;
  }

  /** The n-th watch, once it is open; backoffs pass meanwhile. */
  async watch(count: number): Promise<ServerResponse> {
    const open = await eventually(
      () => {
        if (this.watches.length < count && this.clock.pending > 0) this.clock.advance(60_000);
        return this.watches[count - 1];
      },
      (response) => response !== undefined,
    );
    if (open === undefined) throw new Error('unreachable');
    return open;
  }

  /** What was asked: `list`, or `watch` with its version. */
  get queries(): readonly string[] {
    return this.server.requests.map(({ url: { searchParams } }) => (searchParams.get('watch') === 'true' ? `watch ${searchParams.get('resourceVersion')}` : 'list'));
  }
}

function versionOf(object: ConfigMap | undefined): string {
  return object === undefined ? '-' : object.metadata.resourceVersion;
}
