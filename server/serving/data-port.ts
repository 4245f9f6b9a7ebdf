import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Registry } from 'prom-client';
import { outputNames } from '../../contracts/inference.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Engine } from '../engine/engine.ts';
import { RowBatch } from '../engine/row-batch.ts';
import { createHttpServer } from '../http/data-server.ts';
import type { ConnectionLimits } from '../http/data-server.ts';
import { createApp } from '../http/express-app.ts';
import type { Feedback } from '../feedback/feedback.ts';
import { feedbackRoutes } from '../feedback/feedback-routes.ts';
import { ADMISSION, CONNECTION } from '../http/limits.ts';
import type { AdmissionLimits } from '../http/limits.ts';
import { modelRoutes } from '../http/model-routes.ts';
import { InstancesProtocol } from '../http/instances-protocol.ts';
import { openApiRoute } from '../http/openapi.ts';
import { PredictEndpoint } from '../http/predict-endpoint.ts';
import type { PredictProtocol } from '../http/predict-protocol.ts';
import { PredictionWriter } from '../http/prediction-writer.ts';
import type { RowsFrame } from '../http/answered-rows.ts';
import { SampledLog } from '../http/sampled-log.ts';
import { InferWriter } from '../http/v2/infer-writer.ts';
import { inferenceRoutes } from '../http/v2/inference-routes.ts';
import { TensorsProtocol } from '../http/v2/tensors-protocol.ts';
import { ServingMetrics } from '../telemetry/serving-metrics.ts';
import type { PredictionObserver } from '../prediction/observed-prediction.ts';
import type { NewPredictionId } from '../prediction-id/prediction-ids.ts';
import { Traffic } from '../traffic/traffic.ts';
import { InstanceCheck } from '../validation/instance-check.ts';
import type { ServingModel, ServingState } from './serving-model.ts';

/** The data port and what is told about it elsewhere. */
export type DataPort = Readonly<{ server: Server; metrics: ServingMetrics; traffic: Traffic; inFlight: () => number }>;

/** What a data port is made of. */
export type DataPortOptions = Readonly<{
  model: ServingModel;
  engine: Engine;
  registry: Registry;
  logger: Logger;
  state: () => ServingState;
  /** Takes labels. Default: nobody does. */
  feedback?: Pick<Feedback, 'take'>;
  admission?: AdmissionLimits;
  connection?: ConnectionLimits;
  /** Default: one that follows no policy. */
  traffic?: Traffic;
  /** Told of every row that is answered; default: nobody is. */
  observer?: PredictionObserver;
  /** Default: random UUIDs. */
  newPredictionId?: NewPredictionId;
}>;

/** Builds the server of port 8080: predict in both protocols by string compare on node:http, the rest through Express. It does not listen yet. */
export function createDataPort(options: DataPortOptions): DataPort {
  const { model, engine, registry, logger, state } = options;
  const isDraining = (): boolean => state() === 'Draining';
  const { connection = CONNECTION } = options;
  const { traffic = new Traffic({ model, registry, logger }) } = options;
  const log = new SampledLog(logger);
  const metrics = new ServingMetrics(registry, () => endpoint.inFlight);
  const frame = rowsFrame(model, options.newPredictionId ?? randomUUID);
  const endpoint: PredictEndpoint = new PredictEndpoint({
    engine,
    batch: new RowBatch(model.card.inputs),
    limits: { ...(options.admission ?? ADMISSION), maxPipelined: connection.maxPipelined },
    metrics,
    frame,
    traffic,
    observer: options.observer,
    logger,
    log,
    isDraining,
  });
  const protocols = predictPaths(model, frame);
  const routes = [...feedbackRoutes(model, options.feedback), ...modelRoutes(model, state), ...inferenceRoutes(model, state)];
  const app = createApp([...routes, openApiRoute(model, routes)], {
    isDraining,
    failed: (error, { requestId, method, url }) => {
      const wantedPrediction = method === 'POST' && meansPredict(url);
      if (wantedPrediction) metrics.countFailure('stable', error, undefined);
      if (wantedPrediction || error.status >= 500) log.failed(error, requestId);
    },
  });
  const server = createHttpServer((req, res, pipelined) => {
    const { url = '' } = req;
    if (req.method === 'POST') {
      const plain = protocols.get(url);
      if (plain !== undefined) return endpoint.handle(req, res, { protocol: plain, query: '', pipelined });
      const [pathname = '', query = ''] = url.split('?', 2);
      const protocol = protocols.get(pathname) ?? protocols.get(decoded(pathname));
      if (protocol !== undefined) return endpoint.handle(req, res, { protocol, query, pipelined });
    }
    return app(req, res);
  }, connection, (code, status) => metrics.countFailure('stable', { code, status }, undefined));
  return { server, metrics, traffic, inFlight: () => endpoint.inFlight };
}

function rowsFrame({ name, version, hash, threshold, card, experiment }: ServingModel, nextId: NewPredictionId): RowsFrame {
  return { model: name, version, role: 'stable', threshold, labels: card.labels, nextId, hash, entityColumn: card.entity?.column, experiment };
}

/** Which protocol is spoken at which path. */
function predictPaths({ name, version, card, experiment }: ServingModel, frame: RowsFrame): ReadonlyMap<string, PredictProtocol> {
  const check = new InstanceCheck(card);
  const instances = new InstancesProtocol(check, new PredictionWriter(frame));
  const tensors = new TensorsProtocol(card, check, new InferWriter(frame), outputNames(experiment !== undefined));
  return new Map<string, PredictProtocol>([
    [`/v1/models/${name}:predict`, instances],
    [`/v2/models/${name}/infer`, tensors],
    [`/v2/models/${name}/versions/${version}/infer`, tensors],
  ]);
}

/**
 * Whether who posts here wants a prediction, of whatever model and version. Clients that name a version are all refused once another one
 * has taken over, and that must be seen on the side of the server.
 */
function meansPredict(url: string): boolean {
  const [pathname = ''] = url.split('?', 1);
  return /[:/](?:predict|infer)\/?$/i.test(decoded(pathname));
}

/** A path without its percent signs; as it is where it is not well encoded. */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
