import { collectDefaultMetrics, Registry } from 'prom-client';

/** The one registry of a process, with the default process metrics; `labels` are on every series. */
export function createRegistry(labels: Readonly<Record<string, string>>): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ ...labels });
  collectDefaultMetrics({ register: registry });
  return registry;
}
