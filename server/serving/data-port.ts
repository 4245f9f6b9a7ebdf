import type { Server } from 'node:http';
import type { Registry } from 'prom-client';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Engine } from '../engine/engine.ts';
import { createHttpServer } from '../http/data-server.ts';
import type { ConnectionLimits } from '../http/data-server.ts';
import { createApp } from '../http/express-app.ts';
import { ADMISSION, CONNECTION } from '../http/limits.ts';
import type { AdmissionLimits } from '../http/limits.ts';
import { modelRoutes } from '../http/model-routes.ts';
import { PredictEndpoint } from '../http/predict-endpoint.ts';
import { SampledLog } from '../http/sampled-log.ts';
import { ServingMetrics } from '../telemetry/serving-metrics.ts';
import { SideCounters } from '../traffic/side-counters.ts';
import type { ServingModel, ServingState } from './serving-model.ts';

/** The data port and what is told about it elsewhere. */
export type DataPort = Readonly<{ server: Server; metrics: ServingMetrics; counters: SideCounters; inFlight: () => number }>;

/** What a data port is made of. */
export type DataPortOptions = Readonly<{
  model: ServingModel;
  engine: Engine;
  registry: Registry;
  logger: Logger;
  state: () => ServingState;
  admission?: AdmissionLimits;
  connection?: ConnectionLimits;
}>;

/** Builds the server of port 8080: predict by string compare on node:http, the rest through Express. It does not listen yet. */
export function createDataPort(options: DataPortOptions): DataPort {
  const { model, engine, registry, logger, state } = options;
  const isDraining = (): boolean => state() === 'Draining';
  const { connection = CONNECTION } = options;
  const counters = new SideCounters();
  const log = new SampledLog(logger);
  const metrics = new ServingMetrics(registry, 'stable', () => endpoint.inFlight);
  const endpoint: PredictEndpoint = new PredictEndpoint({
    card: model.card,
    engine,
    frame: { model: model.name, version: model.version, role: 'stable', threshold: model.threshold, labels: model.card.labels },
    limits: { ...(options.admission ?? ADMISSION), maxPipelined: connection.maxPipelined },
    metrics,
    counters,
    log,
    isDraining,
  });
  const app = createApp(modelRoutes(model, state), { isDraining, failed: (error, requestId) => log.failed(error, requestId) });
  const path = `/v1/models/${model.name}:predict`;
  const encodedPaths = [path.replace(':', '%3A'), path.replace(':', '%3a')];
  const server = createHttpServer((req, res, pipelined) => {
    const { url = '' } = req;
    if (req.method === 'POST') {
      if (url === path) return endpoint.handle(req, res, { query: '', pipelined });
      const [pathname = '', query = ''] = url.split('?', 2);
      if (pathname === path || encodedPaths.includes(pathname)) return endpoint.handle(req, res, { query, pipelined });
    }
    return app(req, res);
  }, connection, (code, status) => metrics.countFailure(code, status, undefined));
  return { server, metrics, counters, inFlight: () => endpoint.inFlight };
}
