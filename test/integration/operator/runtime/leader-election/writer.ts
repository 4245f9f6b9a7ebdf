/**
 * A process that stands for election and writes its name into a ConfigMap, as fast as it can, while it leads:
 * `hack/node writer.ts KUBECONFIG NAMESPACE NAME`. Exit 0 after SIGTERM, 1 when it lost the lease.
 */
import { Registry } from 'prom-client';
import { ApiClient } from '../../../../../operator/runtime/api-client.ts';
import { systemClock } from '../../../../../operator/runtime/clock.ts';
import { connect } from '../../../../../operator/runtime/connection.ts';
import { LeaderElector } from '../../../../../operator/runtime/leader-election/elector.ts';
import { Fence, systemClocks } from '../../../../../operator/runtime/leader-election/fence.ts';
import { fencedTransport } from '../../../../../operator/runtime/leader-election/fenced-transport.ts';
import { writeTimeoutMs } from '../../../../../operator/runtime/leader-election/lease-timing.ts';
import { RuntimeMetrics } from '../../../../../operator/runtime/runtime-metrics.ts';
import { timedTransport } from '../../../../../operator/runtime/transport.ts';
import { configMapKind, silent } from '../cluster.ts';

const [kubeconfig = '', namespace = '', name = ''] = process.argv.slice(2);
const timing = { leaseDurationMs: 6_000, renewDeadlineMs: 3_000, retryPeriodMs: 500 };
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const connection = connect({ kubeconfig, version: 'integration' });
const elections = connect({ kubeconfig, version: 'integration' });
const fence = new Fence({ clocks: systemClocks, openForMs: timing.renewDeadlineMs });
const elector = new LeaderElector({
  client: new ApiClient({ transport: timedTransport(elections, timing.renewDeadlineMs / 2), fieldManager: name }),
  lease: { namespace, name: 'writers' },
  identity: name,
  timing, fence, clock: systemClock, clocks: systemClocks, random: Math.random, logger: silent, metrics: new RuntimeMetrics(new Registry()),
});
const client = new ApiClient({ transport: fencedTransport(connection, fence, { writeTimeoutMs: writeTimeoutMs(timing) }), fieldManager: name });

const leadership = await elector.acquire(stop.signal);
const ends = AbortSignal.any([stop.signal, leadership.lost]);
for (let count = 0; !ends.aborted; count += 1) {
  await client.mergePatch(configMapKind, { namespace, name: 'written' }, { data: { writer: name, count: String(count) } }, {}, ends).catch(() => undefined);
  // A refusal needs no network: without this, timers would never have their turn.
  await new Promise((resolve) => setImmediate(resolve));
}
if (leadership.lost.aborted) process.exit(1);
await leadership.release();
await Promise.all([connection.close(), elections.close()]);
