import { afterAll, afterEach } from '@jest/globals';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import type { Prediction } from '../../../../contracts/prediction.ts';
import type { TrafficPolicy } from '../../../../contracts/traffic.ts';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import type { ColumnBatch, Engine } from '../../../../server/engine/engine.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort, DataPortOptions } from '../../../../server/serving/data-port.ts';
import type { ServingModel } from '../../../../server/serving/serving-model.ts';
import type { ObservedPrediction, PredictionObserver } from '../../../../server/prediction/observed-prediction.ts';
import { Traffic } from '../../../../server/traffic/traffic.ts';
import { keptLogger, tinyCard } from '../tiny-package.ts';
import { policy, STABLE } from './policy.ts';
import { until } from '../../until.ts';

export const PREDICT = '/v1/models/tiny-churn:predict';
export const INFER = '/v2/models/tiny-churn/infer';

/** What a pod of a test serves: the tiny card with a score that is plain to see, tenure / 100, 0 where that is missing. */
export const ENGINE: Engine = {
  name: 'onnx',
  close: async () => undefined,
  score: async ({ rows, columns: [tenure] }: ColumnBatch) => Float64Array.from({ length: rows }, (_, row) => (Number(tenure?.[row]) || 0) / 100),
};

export function servingModel(change: Partial<ServingModel> = {}): ServingModel {
  return { namespace: 'retention', name: 'tiny-churn', version: 'v1', hash: STABLE, digest: 'd'.repeat(64), threshold: 0.5, engine: 'onnx', card: tinyCard, experiment: undefined, ...change };
}

const agent = new Agent({ connections: 64 });
const ports: DataPort[] = [];
afterEach(async () => {
  for (const { server, traffic } of ports.splice(0)) {
    await closeGracefully(server, 0);
    await traffic.close();
  }
});
afterAll(async () => agent.destroy());

/** A customer of the tiny model; `tenure` is 100 times the score of the stable version. */
export function customer(customerID: string | null, tenure: number): Readonly<Record<string, unknown>> {
  return { customerID, tenure, MonthlyCharges: 70.5, Contract: 'One year', shoeSize: 44 };
}

export type Sent = Readonly<{ status: number; headers: Readonly<Record<string, string | readonly string[] | undefined>>; text: string }>;

/** A pod of a test. */
export type StablePod = Readonly<{
  data: DataPort;
  traffic: Traffic;
  port: number;
  registry: Registry;
  observed: readonly ObservedPrediction[];
  lines: readonly string[];
  post: (path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>) => Promise<Sent>;
  predict: (instances: readonly unknown[], headers?: Readonly<Record<string, string>>) => Promise<Readonly<{ predictions: readonly Prediction[]; headers: Sent['headers'] }>>;
  follow: (candidate: Readonly<{ host: string; port: number }>, change?: Partial<TrafficPolicy>) => Promise<void>;
}>;

export type StablePodOptions = Readonly<{ model?: Partial<ServingModel>; observe?: false; random?: () => number; forwardTimeoutMs?: number; data?: Partial<DataPortOptions> }>;

/** A busy machine must not turn answers into timeouts; what hangs is given up sooner by tests of that. */
const LONG_MS = 30_000;

/** A pod on a port of its own; it finds its candidate's pod where `follow` says. */
export async function stablePod({ model, observe, random = () => 0, forwardTimeoutMs = LONG_MS, data: more = {} }: StablePodOptions = {}): Promise<StablePod> {
  const { logger, lines } = keptLogger();
  const registry = new Registry();
  const served = servingModel(model);
  let hosts: readonly string[] = [];
  const traffic = new Traffic({ model: served, registry, logger, random, forwardTimeoutMs, resolve: async () => hosts });
  const observed: ObservedPrediction[] = [];
  const observer: PredictionObserver = { observe: (prediction) => observed.push(prediction) };
  const data = createDataPort({ model: served, engine: ENGINE, registry, logger, state: () => 'Ready', traffic, ...(observe === false ? {} : { observer }), ...more });
  ports.push(data);
  const port = await listen(data.server, 0, '127.0.0.1');
  const post: StablePod['post'] = async (path, body, headers = {}) => {
    const answer = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  };
  return {
    data,
    traffic,
    port,
    registry,
    observed,
    lines,
    post,
    predict: async (instances, headers) => {
      const { status, headers: given, text } = await post(PREDICT, JSON.stringify({ instances }), headers);
      if (status !== 200) throw new Error(`${status}: ${text}`);
      return { predictions: PredictResponse.parse(JSON.parse(text)).predictions, headers: given };
    },
    follow: async (candidate, change) => {
      hosts = [candidate.host];
      traffic.read(JSON.stringify(policy({ candidateAddress: `candidate.test:${candidate.port}`, ...change })));
      await until(() => traffic.followed?.link.pods.hosts.length !== 0);
    },
  };
}
