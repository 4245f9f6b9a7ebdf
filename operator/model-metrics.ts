import { Gauge, type Registry } from 'prom-client';
import { ChurnModelStatus } from '../contracts/churn-model/status.ts';
import type { Caches } from './caches.ts';

/**
 * Gauges of models and namespaces, read from the caches at every scrape, so that a model that is gone leaves no series behind.
 * Of models only the leader tells, so that sums over the operator's pods count each once.
 */
export function modelMetrics(registry: Registry, caches: Pick<Caches, 'states'> & Readonly<{ models: Pick<Caches['models'], 'list'> }>, leads: () => boolean): Readonly<{ ready: Gauge; lag: Gauge; synced: Gauge }> {
  const registers = [registry];
  const labelNames = ['namespace', 'name'];
  const ready = new Gauge({
    name: 'churnops_model_ready',
    help: 'Whether the stable version serves (condition Ready): 1 or 0.',
    labelNames,
    registers,
    collect() {
      this.reset();
      lag.reset();
      if (!leads()) return;
      for (const { metadata, status } of caches.models.list()) {
        const labels = { namespace: metadata.namespace ?? '', name: metadata.name };
        const known = ChurnModelStatus.safeParse(status ?? {}).data;
        const isReady = known?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') === true;
        this.set(labels, isReady ? 1 : 0);
        lag.set(labels, Math.max((metadata.generation ?? 0) - (known?.observedGeneration ?? 0), 0));
      }
    },
  });
  const lag = new Gauge({ name: 'churnops_model_generation_lag', help: 'Changes of the spec that the status does not speak of yet.', labelNames, registers });
  const synced = new Gauge({
    name: 'churnops_operator_namespace_synced',
    help: 'Whether the objects of a watched namespace are known: 1, or 0 while they are listed or rights are missing; * where all namespaces are watched together.',
    labelNames: ['namespace'],
    registers,
    collect() {
      this.reset();
      for (const { namespace, state } of caches.states) this.set({ namespace }, state === 'Synced' ? 1 : 0);
    },
  });
  return { ready, lag, synced };
}
