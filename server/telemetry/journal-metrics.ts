import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { Left } from '../journal/journal.ts';
import type { DropReason, JournalEvents } from '../journal/segments.ts';

const PREFIX = 'churnops_journal_';

/** Metrics of a pod's journal. A row is written, shipped or dropped; with samplePercent below 100 some are neither. */
export class JournalMetrics implements JournalEvents {
  readonly #dropped: Counter<'reason'>;
  readonly #written: Counter.Internal;
  readonly #shipped: Counter.Internal;
  readonly #torn: Counter.Internal;
  readonly #failures: Counter<'code'>;

  /** @param waiting what is on the volume; undefined while no journal is kept */
  constructor(registry: Registry, waiting: () => Left | undefined) {
    const registers = [registry];
    this.#dropped = new Counter({ name: `${PREFIX}dropped_total`, help: 'Predictions that the journal lost, by reason.', labelNames: ['reason'], registers });
    this.#written = new Counter({ name: `${PREFIX}records_total`, help: 'Predictions written to segments on the volume of the pod.', registers }).labels();
    this.#shipped = new Counter({ name: `${PREFIX}shipped_total`, help: 'Predictions that the store has.', registers }).labels();
    this.#torn = new Counter({ name: `${PREFIX}torn_segments_total`, help: 'Segments that ended in half a line, which was left out.', registers }).labels();
    this.#failures = new Counter({ name: `${PREFIX}ship_failures_total`, help: 'Tries to ship that failed, by error code.', labelNames: ['code'], registers });
    const gauge = (name: string, help: string, value: (left: Left | undefined) => number): void => {
      registry.registerMetric(
        new Gauge({
          name: `${PREFIX}${name}`,
          help,
          registers: [],
          collect() {
            this.set(value(waiting()));
          },
        }),
      );
    };
    gauge('open', '1 while the pod keeps a journal; 0 without a store, or without a folder for segments.', (left) => (left === undefined ? 0 : 1));
    gauge('segments', 'Segments on the volume of the pod.', (left) => left?.segments ?? 0);
    gauge('segments_bytes', 'Bytes of the segments on the volume of the pod.', (left) => left?.sizeBytes ?? 0);
  }

  readonly dropped = (reason: DropReason, rows: number): void => this.#dropped.labels(reason).inc(rows);
  readonly written = (rows: number): void => this.#written.inc(rows);
  readonly shipped = (rows: number): void => this.#shipped.inc(rows);
  readonly torn = (): void => this.#torn.inc();
  readonly shipFailed = (thrown: unknown): void => this.#failures.labels(thrown instanceof ChurnOpsError ? thrown.code : 'Internal').inc();
}
