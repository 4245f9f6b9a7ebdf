import { Gauge, type Registry } from 'prom-client';
import { ChurnModelStatus } from '../contracts/churn-model/status.ts';
import type { Caches } from './caches.ts';
import { rolloutGauges } from './rollout-metrics.ts';

/**
 * Gauges of models, their rollouts and namespaces, read from the caches at every scrape, so that a model that is gone leaves no series behind.
 * Of models only the leader tells, so that sums over the operator's pods count each once.
 */
export function modelMetrics(registry: Registry, caches: Pick<Caches, 'states'> & Readonly<{ models: Pick<Caches['models'], 'list'> }>, leads: () => boolean): void {
  const labelNames = ['namespace', 'name'];
  // Registered first, so that it is collected first: it fills the others.
  registry.registerMetric(new Gauge({
    name: 'churnops_model_ready',
    help: 'Whether the stable version serves (condition Ready): 1 or 0.',
    labelNames,
    registers: [],
    collect() {
      this.reset();
      lag.reset();
      rollouts.clear();
      if (!leads()) return;
      for (const { metadata, status } of caches.models.list()) {
        const labels = { namespace: metadata.namespace ?? '', name: metadata.name };
        const known = ChurnModelStatus.safeParse(status ?? {}).data;
        if (known !== undefined) rollouts.show(labels, known);
        const isReady = known?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') === true;
        this.set(labels, isReady ? 1 : 0);
        lag.set(labels, Math.max((metadata.generation ?? 0) - (known?.observedGeneration ?? 0), 0));
      }
    },
  }));
  const lag = new Gauge({ name: 'churnops_model_generation_lag', help: 'Changes of the spec that the status does not speak of yet.', labelNames, registers: [registry] });
  const rollouts = rolloutGauges(registry);
  registry.registerMetric(new Gauge({
    name: 'churnops_operator_namespace_synced',
    help: 'Whether the objects of a watched namespace are known: 1, or 0 while they are listed or rights are missing; * where all namespaces are watched together.',
    labelNames: ['namespace'],
    registers: [],
    collect() {
      this.reset();
      for (const { namespace, state } of caches.states) this.set({ namespace }, state === 'Synced' ? 1 : 0);
    },
  }));
}
