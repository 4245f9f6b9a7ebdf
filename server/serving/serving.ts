import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeEnvironment } from '../../contracts/pod-environment.ts';
import { closeGracefully, listen } from '../../platform/http/listener.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { createRegistry } from '../../platform/telemetry/registry.ts';
import { assertParity } from '../engine/golden-parity.ts';
import type { Engine } from '../engine/engine.ts';
import { OnnxEngine } from '../engine/onnx.ts';
import { controlRoutes } from '../http/control-routes.ts';
import { createHttpServer } from '../http/data-server.ts';
import type { ConnectionLimits } from '../http/data-server.ts';
import { createApp } from '../http/express-app.ts';
import { SampledLog } from '../http/sampled-log.ts';
import type { AdmissionLimits } from '../http/limits.ts';
import { readLocalPackage } from '../package/local-package.ts';
import { ServingMetrics } from '../telemetry/serving-metrics.ts';
import type { Experiment } from '../traffic/experiment.ts';
import { PolicyFile } from '../traffic/policy-file.ts';
import { Traffic } from '../traffic/traffic.ts';
import { createDataPort } from './data-port.ts';
import { JOURNAL_FOLDERS, openJournaling } from './journaling.ts';
import type { Journaling, JournalFolders } from './journaling.ts';
import type { ServingModel, ServingState } from './serving-model.ts';
import { warmUp } from './warm-up.ts';

/** How long a drain takes (DESIGN section 3). */
export type DrainTimes = Readonly<{
  /** New connections are still answered for this long: endpoints and proxies need it to look elsewhere. */
  lingerMs: number;
  /** Then requests in flight have this long. */
  graceMs: number;
  /** Then copies for the candidate have this long to become pairs. */
  copiesMs: number;
  /** The journal ships what it has until so long after the drain began: with the pod goes its volume. */
  journalUntilMs: number;
}>;

/** Within the 45 s that the operator gives to a pod. */
export const DRAIN: DrainTimes = { lingerMs: 5000, graceMs: 20_000, copiesMs: 2500, journalUntilMs: 40_000 };

/** Where and what to serve. Ports may be 0 in tests. */
export type ServingOptions = Readonly<{
  environment: ServeEnvironment;
  packageFolder: string;
  /** Undefined: all addresses there are. */
  host: string | undefined;
  dataPort: number;
  controlPort: number;
  /** Where the traffic policy is; without the file the pod serves its own version only. */
  policyFile: string;
  logger: Logger;
  folders?: JournalFolders;
  drain?: DrainTimes;
  admission?: AdmissionLimits;
  connection?: ConnectionLimits;
}>;

/** A serving process that is Ready. */
export type Serving = Readonly<{
  dataPort: number;
  controlPort: number;
  model: ServingModel;
  state: () => ServingState;
  /**
   * Fails readiness, lingers, finishes what is in flight, closes both ports. `hurry` ends the lingering. A second call waits for the first.
   */
  drain: (hurry: AbortSignal) => Promise<void>;
}>;

/**
 * Opens the control port, loads and checks the package, proves golden parity in this very process, warms up, and only then opens the data
 * port and is Ready.
 * @throws ChurnOpsError as readLocalPackage, OnnxEngine.load and assertParity; the signal's reason
 */
export async function startServing(options: ServingOptions, signal: AbortSignal): Promise<Serving> {
  const { environment, logger, host } = options;
  let state: ServingState = 'Loading';
  let engine: Engine | undefined;
  let journaling: Journaling | undefined;
  const registry = createRegistry({ model: environment.CHURNOPS_MODEL, version: environment.CHURNOPS_VERSION });
  const log = new SampledLog(logger);
  const traffic = new Traffic({
    model: { name: environment.CHURNOPS_MODEL, version: environment.CHURNOPS_VERSION, hash: environment.CHURNOPS_CANDIDATE_HASH },
    registry,
    logger,
  });
  const policyFile = new PolicyFile({ path: options.policyFile, changed: (text) => traffic.read(text), logger });
  const control = createHttpServer(
    createApp(controlRoutes(registry, () => state, () => traffic.state()), {
      isDraining: () => state === 'Draining',
      failed: (error, { requestId }) => {
        if (error.status >= 500 && error.code !== 'NotReady') log.failed(error, requestId);
      },
    }),
  );
  const controlPort = await listen(control, options.controlPort, host);
  try {
    const found = await readLocalPackage(options.packageFolder, environment.CHURNOPS_PACKAGE_DIGEST, signal);
    engine = await OnnxEngine.load(found.graph, found.card);
    const parity = await assertParity(engine, found.card, found.golden);
    const model: ServingModel = {
      namespace: environment.CHURNOPS_NAMESPACE,
      name: environment.CHURNOPS_MODEL,
      version: environment.CHURNOPS_VERSION,
      hash: environment.CHURNOPS_CANDIDATE_HASH,
      digest: found.digest,
      threshold: environment.CHURNOPS_DECISION_THRESHOLD ?? found.card.threshold.value,
      engine: engine.name,
      card: found.card,
      experiment: experimentOf(environment),
    };
    await warmUp(model, engine, found.golden, signal);
    ServingMetrics.engineInfo(registry, engine.name, found.digest);
    journaling = await openJournaling({ environment, card: found.card, registry, logger, folders: options.folders ?? JOURNAL_FOLDERS });
    const { ids, feedback, journal, close: closeJournal } = journaling;
    const opened = createDataPort({
      ...options,
      model,
      engine,
      registry,
      traffic,
      state: () => state,
      newPredictionId: () => ids.issue(Date.now()),
      feedback,
      // Of no row where none is kept: then a pod makes no records either.
      ...(journal === undefined || environment.CHURNOPS_JOURNAL_SAMPLE_PERCENT === 0 ? {} : { observer: journal }),
    });
    // Before the first caller, so that a container that starts again in its pod goes on with the sides that its customers have.
    await policyFile.open();
    const dataPort = await listen(opened.server, options.dataPort, host);
    state = 'Ready';
    opened.metrics.setReady(true);
    logger.info({ dataPort, controlPort, engine: engine.name, digest: found.digest, threshold: model.threshold, parity }, 'ready');
    const drain = once(async (hurry) => {
      state = 'Draining';
      opened.metrics.setReady(false);
      const { lingerMs, graceMs, copiesMs, journalUntilMs } = options.drain ?? DRAIN;
      const journalEnds = AbortSignal.timeout(journalUntilMs);
      logger.info({ lingerMs, graceMs, inFlight: opened.inFlight() }, 'draining');
      journal?.hasten();
      await linger(lingerMs, hurry);
      const outcome = await closeGracefully(opened.server, graceMs);
      await policyFile.close();
      await traffic.close(copiesMs);
      await closeJournal(journalEnds);
      await closeGracefully(control, 0);
      await engine?.close();
      logger.info({ outcome }, 'drained');
    });
    return { dataPort, controlPort, model, state: () => state, drain };
  } catch (thrown) {
    await policyFile.close();
    await traffic.close();
    await closeGracefully(control, 0);
    await journaling?.close(AbortSignal.timeout((options.drain ?? DRAIN).graceMs));
    await engine?.close();
    throw thrown;
  }
}

function experimentOf({ CHURNOPS_EXPERIMENT_NAME: name, CHURNOPS_EXPERIMENT_CONTROL_PERCENT: controlPercent }: ServeEnvironment): Experiment | undefined {
  return name === undefined || controlPercent === undefined ? undefined : { name, controlPercent };
}

async function linger(ms: number, hurry: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: hurry });
  } catch (thrown) {
    if (!hurry.aborted) throw thrown;
  }
}

function once(task: (hurry: AbortSignal) => Promise<void>): (hurry: AbortSignal) => Promise<void> {
  let running: Promise<void> | undefined;
  return async (hurry) => {
    running ??= task(hurry);
    await running;
  };
}
