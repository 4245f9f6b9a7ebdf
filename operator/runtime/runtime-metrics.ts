import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const latencySeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** controller-runtime's: from 10 ns up, by powers of ten. */
const queueSeconds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

/**
 * Every metric of the runtime. Make one per registry and hand it to all parts.
 * Names and labels are those of controller-runtime and client-go, so that published dashboards and alerts work unchanged.
 */
export class RuntimeMetrics {
  readonly requests;
  readonly requestRetries;
  readonly reconciles;
  readonly reconcileErrors;
  readonly terminalErrors;
  readonly panics;
  readonly timeouts;
  readonly reconcileSeconds;
  readonly maxConcurrent;
  readonly activeWorkers;
  readonly queueDepth;
  readonly queueAdds;
  readonly queueSeconds;
  readonly workSeconds;
  readonly unfinishedSeconds;
  readonly longestRunningSeconds;
  readonly queueRetries;
  readonly lists;
  readonly watches;
  readonly watchFailures;
  readonly skippedObjects;
  readonly olderVersions;
  readonly handlerErrors;
  readonly events;
  readonly leading;
  readonly #refreshers = new Set<() => void>();

  constructor(registry: Registry) {
    const registers = [registry];
    const controller = ['controller'] as const;
    const queue = ['name', 'controller'] as const;
    const reflector = ['name'] as const;
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
      new Counter({ name, help, labelNames: [...labelNames], registers });
    const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], collect?: () => void): Gauge<L> =>
      new Gauge({ name, help, labelNames: [...labelNames], registers, ...(collect === undefined ? {} : { collect }) });
    const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> =>
      new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });

    this.requests = counter('rest_client_requests_total', 'Calls to the API server by status code and method; <error> without an answer.', ['code', 'method']);
    this.requestRetries = counter('rest_client_request_retries_total', 'Calls that were repeated.', ['code', 'verb']);

    this.reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by result.', ['controller', 'result']);
    this.reconcileErrors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that threw.', controller);
    this.terminalErrors = counter('controller_runtime_terminal_reconcile_errors_total', 'Reconciles that threw and are not tried again.', controller);
    this.panics = counter('controller_runtime_reconcile_panics_total', 'Reconciles that threw a programming error.', controller);
    this.timeouts = counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that met their deadline.', controller);
    this.reconcileSeconds = histogram('controller_runtime_reconcile_time_seconds', 'Length of a reconcile.', controller, latencySeconds);
    this.maxConcurrent = gauge('controller_runtime_max_concurrent_reconciles', 'Workers.', controller);
    this.activeWorkers = gauge('controller_runtime_active_workers', 'Workers that reconcile now.', controller);

    this.queueDepth = gauge('workqueue_depth', 'Keys waiting, by priority.', ['name', 'controller', 'priority']);
    this.queueAdds = counter('workqueue_adds_total', 'Keys added.', queue);
    this.queueSeconds = histogram('workqueue_queue_duration_seconds', 'Time a key waits.', queue, queueSeconds);
    this.workSeconds = histogram('workqueue_work_duration_seconds', 'Time a key is processed.', queue, queueSeconds);
    this.unfinishedSeconds = gauge('workqueue_unfinished_work_seconds', 'Sum of the ages of keys in process.', queue, () => this.#refresh());
    this.longestRunningSeconds = gauge('workqueue_longest_running_processor_seconds', 'Age of the oldest key in process.', queue);
    this.queueRetries = counter('workqueue_retries_total', 'Keys added again after a failure.', queue);

    this.lists = counter('reflector_lists_total', 'Whole lists read.', reflector);
    this.watches = counter('reflector_watches_total', 'Watches opened.', reflector);
    this.watchFailures = counter('reflector_failures_total', 'Lists and watches that failed, by code.', ['name', 'code']);
    this.skippedObjects = counter('reflector_skipped_objects_total', "Objects that the kind's schema refused.", reflector);
    this.olderVersions = counter('reflector_older_versions_total', 'Events and lists older than what was known: dropped.', reflector);
    this.handlerErrors = counter('reflector_handler_errors_total', 'Change handlers that threw.', reflector);

    this.leading = gauge('leader_election_master_status', 'Whether this process holds the lease: 1 or 0.', reflector);
    this.events = counter('event_recorder_events_total', 'Events by what became of them.', ['outcome']);
  }

  /** Calls `refresh` before the ages of running work are read. */
  onScrape(refresh: () => void): void {
    this.#refreshers.add(refresh);
  }

  #refresh(): void {
    for (const refresh of this.#refreshers) refresh();
  }
}
