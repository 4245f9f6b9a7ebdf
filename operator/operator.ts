import { randomUUID } from 'node:crypto';
import { ANNOTATIONS, FIELD_MANAGER, GROUP } from '../contracts/names.ts';
import { VERSION } from '../contracts/version.ts';
import { closeGracefully, listen } from '../platform/http/listener.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/telemetry/registry.ts';
import { Caches } from './caches.ts';
import { ChildrenWriter } from './children.ts';
import { churnModelReconciler, CONTROLLER } from './controller.ts';
import { followDefinition, missingFieldsGauge } from './definition/served.ts';
import { healthServer, readinessOf } from './health-server.ts';
import { ModelSecrets } from './model-secrets.ts';
import { modelMetrics } from './model-metrics.ts';
import { resyncPeriodically } from './resync.ts';
import { ApiClient } from './runtime/api-client.ts';
import { systemClock } from './runtime/clock.ts';
import { connect } from './runtime/connection.ts';
import { countingTransport } from './runtime/counting-transport.ts';
import { EventRecorder } from './runtime/event-recorder.ts';
import { refOfKey } from './runtime/kube-object.ts';
import { LeaderElector, type Leadership } from './runtime/leader-election/elector.ts';
import { Fence, systemClocks } from './runtime/leader-election/fence.ts';
import { fencedTransport } from './runtime/leader-election/fenced-transport.ts';
import { writeTimeoutMs } from './runtime/leader-election/lease-timing.ts';
import { OwnedApply } from './runtime/owned-apply.ts';
import { ReconcilerLoop } from './runtime/reconciler-loop.ts';
import { retryingTransport } from './runtime/retrying-transport.ts';
import { RuntimeMetrics } from './runtime/runtime-metrics.ts';
import { timedTransport } from './runtime/transport.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { podControl } from './traffic/pod-control.ts';
import { TrafficReader } from './traffic/traffic-reader.ts';
import { childSettings, leaseTiming, type OperatorEnvironment } from './settings.ts';

/** Time for running reconciles to finish after SIGTERM; the pod's grace period must be longer. */
const GRACE_MS = 20_000;
const FLUSH_MS = 5_000;
/** A watch is renewed after ten minutes at most and sends bookmarks about every minute: a longer silence is a broken one. */
const SILENCE_MS = 15 * 60_000;

/** How an operator came to its end. */
export type OperatorEnd = 'Stopped' | 'LeadershipLost';

type OperatorInput = Readonly<{ environment: OperatorEnvironment; logger: Logger; stop: AbortSignal }>;

/**
 * Runs until `stop` aborts or leadership is lost: follows the API server from the start, works only while it leads.
 * @throws ApiError or ChurnOpsError when it cannot begin
 */
export async function runOperator({ environment, logger, stop }: OperatorInput): Promise<OperatorEnd> {
  const registry = createRegistry({});
  const metrics = new RuntimeMetrics(registry);
  const clock = systemClock;
  const random = Math.random;
  const startedMs = clock.nowMs();
  const kubeconfig = environment.CHURNOPS_KUBECONFIG;
  const connection = connect({ kubeconfig, version: VERSION });
  // Renewals have a connection of their own: they must not wait behind anything.
  const electionConnection = connect({ kubeconfig, version: `${VERSION} leader-election` });
  const timing = leaseTiming(environment);
  const fence = new Fence({ clocks: systemClocks, openForMs: timing.renewDeadlineMs });
  const elector = environment.CHURNOPS_LEADER_ELECTION
    ? new LeaderElector({
        client: new ApiClient({ transport: timedTransport(countingTransport(electionConnection, metrics), timing.renewDeadlineMs / 2), fieldManager: FIELD_MANAGER }),
        lease: { namespace: environment.POD_NAMESPACE, name: environment.CHURNOPS_LEASE_NAME },
        identity: `${environment.POD_NAME}_${randomUUID()}`,
        timing, fence, clock, clocks: systemClocks, random, logger, metrics,
      })
    : undefined;

  const counted = countingTransport(connection, metrics);
  const fenced = elector === undefined ? counted : fencedTransport(counted, fence, { writeTimeoutMs: writeTimeoutMs(timing) });
  const transport = retryingTransport(fenced, { clock, random, metrics });
  const client = new ApiClient({ transport, fieldManager: FIELD_MANAGER });
  const watched = environment.CHURNOPS_WATCH_NAMESPACES;
  const caches = new Caches({ client, clock, random, logger, metrics, namespaces: watched.length === 0 ? 'All' : watched }, environment.CHURNOPS_OPERATOR_CLASS);
  const events = new EventRecorder({ client, reportingController: `${GROUP}/operator`, reportingInstance: environment.POD_NAME, clock, random, logger, metrics });
  const settings = childSettings(environment);
  const children = new ChildrenWriter({ client, caches, settings, clock, secrets: new ModelSecrets({ client, clock, random }), apply: new OwnedApply({ client, annotation: ANNOTATIONS.applied, logger }) });
  const queue = new WorkQueue({ name: CONTROLLER, clock, metrics });
  // A standby keeps the keys, too: once it leads it looks at everything.
  caches.onChange((key, initial) => queue.add(key, initial ? 'Low' : 'Normal'));
  const control = podControl();
  const traffic = new TrafficReader({ read: control.read, clock, wake: (key) => queue.add(key) });
  const loop = new ReconcilerLoop({
    name: CONTROLLER, queue, workers: environment.CHURNOPS_WORKERS, clock, random, logger, metrics,
    reconcile: churnModelReconciler({ client, caches, children, events, clock, traffic }),
    fields: (key) => ({ generation: caches.models.get(refOfKey(key))?.metadata.generation }),
  });
  const leads = (): boolean => elector === undefined || fence.leftMs > 0;
  modelMetrics(registry, caches, leads);

  const server = healthServer({ ready: () => readinessOf(caches.states), alive: () => caches.quietMs(clock.nowMs(), startedMs) < SILENCE_MS }, registry);
  const port = await listen(server, environment.CHURNOPS_CONTROL_PORT);
  logger.info({ version: VERSION, port, serverImage: settings.serverImage, namespaces: watched.length === 0 ? 'all' : watched, operatorClass: environment.CHURNOPS_OPERATOR_CLASS, leaderElection: elector !== undefined }, 'operator started');

  // Who leads before it lists sees all that the leader before it wrote, and need not list again. What is wrong here the next try tells.
  const early = await elector?.tryAcquire(stop).catch(() => undefined);
  let leadership = early;
  const following = new AbortController();
  const followed = Promise.all([caches.run(following.signal), followDefinition({ transport, clock, logger, missing: missingFieldsGauge(registry) }, following.signal)]);
  try {
    await caches.settled(stop);
    logger.info({ namespaces: caches.states }, 'caches synced');
    leadership ??= await elector?.acquire(stop);
    if (leadership !== undefined && early === undefined) await refreshed(caches, AbortSignal.any([stop, leadership.lost]));
    const cancelResync = resyncPeriodically({ caches, queue, clock, random });
    try {
      await work({ loop, traffic, stop, leadership });
    } finally {
      cancelResync();
      // Keys that wait for hours would keep the process alive.
      queue.shutDown();
      if (leadership?.lost.aborted !== true) await events.flush(AbortSignal.timeout(FLUSH_MS)).catch((error: unknown) => logger.warn({ error }, 'some events were not written'));
    }
    return leadership?.lost.aborted === true ? 'LeadershipLost' : 'Stopped';
  } catch (error) {
    if (!stop.aborted) throw error;
    return 'Stopped';
  } finally {
    await leadership?.release();
    following.abort();
    await followed;
    await closeGracefully(server, 1000);
    await Promise.all([connection.close(), electionConnection.close(), control.close()]);
  }
}

/** Looks at everything anew: the leader before may have written since our copies were made. */
async function refreshed(caches: Caches, ends: AbortSignal): Promise<void> {
  try {
    await caches.refresh(ends);
  } catch (error) {
    if (!ends.aborted) throw error;
  }
}

/** Works as long as it leads. */
async function work({ loop, traffic, stop, leadership }: Readonly<{ loop: ReconcilerLoop; traffic: TrafficReader; stop: AbortSignal; leadership: Leadership | undefined }>): Promise<void> {
  const reading = new AbortController();
  const read = traffic.run(AbortSignal.any([reading.signal, stop]));
  await loop.run({ stop, graceMs: GRACE_MS, ...(leadership === undefined ? {} : { halt: leadership.lost }) });
  reading.abort();
  await read;
}
