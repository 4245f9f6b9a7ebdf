import process from 'node:process';
import { Gauge } from 'prom-client';
import { ANNOTATIONS, FIELD_MANAGER, GROUP } from '../contracts/names.ts';
import { parseEnvironment } from '../platform/configuration/environment.ts';
import { closeGracefully, listen } from '../platform/http/listener.ts';
import { createLogger, loggedError } from '../platform/logging/logger.ts';
import { createRegistry } from '../platform/telemetry/registry.ts';
import { Caches } from './caches.ts';
import { ChildrenWriter } from './children.ts';
import { churnModelReconciler } from './controller.ts';
import { followDefinition } from './definition/served.ts';
import { healthServer } from './health-server.ts';
import { ApiClient } from './runtime/api-client.ts';
import { systemClock } from './runtime/clock.ts';
import { connect } from './runtime/connection.ts';
import { countingTransport } from './runtime/counting-transport.ts';
import { EventRecorder } from './runtime/event-recorder.ts';
import { OwnedApply } from './runtime/owned-apply.ts';
import { ReconcilerLoop } from './runtime/reconciler-loop.ts';
import { retryingTransport } from './runtime/retrying-transport.ts';
import { RuntimeMetrics } from './runtime/runtime-metrics.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { OperatorEnvironment } from './settings.ts';

const VERSION = '0.1.0';
/** Time for running reconciles to finish after SIGTERM. */
const GRACE_MS = 20_000;
/** A watch is renewed after ten minutes at most and sends bookmarks about every minute: a longer silence is a broken one. */
const SILENCE_MS = 15 * 60_000;

async function main(): Promise<void> {
  const environment = parseEnvironment(OperatorEnvironment, process.env);
  const logger = createLogger({ level: environment.CHURNOPS_LOG_LEVEL, fields: { component: 'operator', instance: environment.POD_NAME } });
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.once('SIGINT', () => stop.abort());
  process.on('unhandledRejection', (error) => {
    logger.error({ error: loggedError(error) }, 'unhandled rejection');
    process.exit(1);
  });

  const registry = createRegistry({});
  const metrics = new RuntimeMetrics(registry);
  const clock = systemClock;
  const random = Math.random;
  const connection = connect({ kubeconfig: environment.CHURNOPS_KUBECONFIG, version: VERSION });
  const transport = retryingTransport(countingTransport(connection, metrics), { clock, random, metrics });
  const client = new ApiClient({ transport, fieldManager: FIELD_MANAGER });
  const caches = new Caches({ client, clock, random, logger, metrics });
  const events = new EventRecorder({ client, reportingController: `${GROUP}/operator`, reportingInstance: environment.POD_NAME, clock, random, logger, metrics });
  const settings = { serverImage: environment.CHURNOPS_SERVER_IMAGE, imagePullPolicy: environment.CHURNOPS_SERVER_IMAGE_PULL_POLICY, imagePullSecrets: environment.CHURNOPS_IMAGE_PULL_SECRETS, logLevel: environment.CHURNOPS_LOG_LEVEL };
  const children = new ChildrenWriter({ client, caches, settings, apply: new OwnedApply({ client, annotation: ANNOTATIONS.applied, logger }) });
  const queue = new WorkQueue({ name: 'churnmodel', clock, metrics });
  caches.onChange((key, initial) => queue.add(key, initial ? 'Low' : 'Normal'));
  const loop = new ReconcilerLoop({
    name: 'churnmodel',
    queue,
    reconcile: churnModelReconciler({ client, caches, children, events, clock }),
    workers: environment.CHURNOPS_WORKERS,
    clock,
    random,
    logger,
    metrics,
  });

  const server = healthServer({ ready: () => caches.hasSynced, alive: () => caches.quietMs(clock.nowMs()) < SILENCE_MS }, registry);
  const port = await listen(server, environment.CHURNOPS_CONTROL_PORT, '0.0.0.0');
  logger.info({ version: VERSION, port, serverImage: settings.serverImage }, 'operator started');

  const following = new AbortController();
  const followed = caches.run(following.signal);
  const missing = new Gauge({ name: 'churnops_definition_missing_fields', help: 'Fields of spec and status that the served custom resource definition lacks.', registers: [registry] });
  const definition = followDefinition({ transport, clock, logger, missing }, following.signal);
  try {
    await caches.synced(stop.signal);
    logger.info({}, 'caches synced');
    await loop.run({ stop: stop.signal, graceMs: GRACE_MS });
    await events.flush(AbortSignal.timeout(5000));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    following.abort();
    await Promise.all([followed, definition]);
    await closeGracefully(server, 1000);
    await connection.close();
  }
  logger.info({}, 'operator stopped');
}

try {
  await main();
} catch (error) {
  createLogger({ level: 'info', fields: { component: 'operator' } }).error({ error: loggedError(error) }, 'operator failed');
  process.exitCode = 1;
}
