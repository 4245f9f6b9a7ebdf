import type { Registry } from 'prom-client';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { TrafficState } from '../../contracts/traffic.ts';
import type { ServingState } from '../serving/serving-model.ts';
import type { Route } from './express-app.ts';

const NOT_READY = {
  Loading: 'The package is being loaded and checked.',
  Draining: 'The pod is shutting down.',
} as const satisfies Record<Exclude<ServingState, 'Ready'>, string>;

/** Routes of the control port: for kubelet, Prometheus and operator; not for callers. */
export function controlRoutes(registry: Registry, state: () => ServingState, traffic: () => TrafficState): readonly Route[] {
  return [
    { path: '/healthz', summary: 'Whether the process runs.', reply: () => ({ status: 200, json: { status: 'ok' } }) },
    {
      path: '/readyz',
      summary: 'Whether the Service may send requests here.',
      reply: () => {
        const now = state();
        if (now !== 'Ready') throw new ChurnOpsError('NotReady', NOT_READY[now]);
        return { status: 200, json: { status: 'ok' } };
      },
    },
    {
      path: '/metrics',
      summary: 'Prometheus metrics.',
      reply: async () => ({ status: 200, text: await registry.metrics(), contentType: registry.contentType }),
    },
    {
      path: '/control/traffic',
      summary: 'TrafficState: the policy revision followed, and counters per side.',
      reply: () => {
        if (state() === 'Loading') throw new ChurnOpsError('NotReady', NOT_READY.Loading);
        return { status: 200, json: traffic() };
      },
    },
  ];
}
