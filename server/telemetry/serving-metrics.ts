import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { Role } from '../../contracts/prediction.ts';
import { LATENCY_BOUNDS_SECONDS } from '../traffic/side-counters.ts';

const PREFIX = 'churnops_';

/** The series of one role. */
type RoleSeries = Readonly<{ succeeded: Counter.Internal; duration: Histogram.Internal<'role'>; rows: Counter.Internal; unknownColumns: Counter.Internal }>;

/** What an answered request was made of. */
export type AnsweredRequestFigures = Readonly<{ rows: number; unknownColumns: number; seconds: number }>;

/**
 * Metrics of a serving pod. `model` and `version` are labels of every series of the registry; `role` is added here: `candidate` for what
 * other pods send, else `stable`.
 */
export class ServingMetrics {
  readonly #requests: Counter<'role' | 'code'>;
  readonly #errors: Counter<'role' | 'code'>;
  readonly #ready: Gauge;
  readonly #ofRole: (role: Role) => RoleSeries;
  readonly #series = new Map<Role, RoleSeries>();

  constructor(registry: Registry, inFlight: () => number) {
    const registers = [registry];
    this.#requests = new Counter({ name: `${PREFIX}requests_total`, help: 'Predict requests (also for models and versions that are not served), and what was no whole HTTP request, by HTTP status code.', labelNames: ['role', 'code'], registers });
    this.#errors = new Counter({ name: `${PREFIX}errors_total`, help: 'Predict requests that failed, by error code.', labelNames: ['role', 'code'], registers });
    const duration = new Histogram({
      name: `${PREFIX}request_duration_seconds`,
      help: 'Time from the whole body received to the answer written.',
      labelNames: ['role'],
      buckets: [...LATENCY_BOUNDS_SECONDS],
      registers,
    });
    const rows = new Counter({ name: `${PREFIX}rows_total`, help: 'Rows scored.', labelNames: ['role'], registers });
    const unknownColumns = new Counter({ name: `${PREFIX}unknown_columns_total`, help: 'Values of columns that the model does not know; ignored.', labelNames: ['role'], registers });
    this.#ready = new Gauge({ name: `${PREFIX}ready`, help: '1 while the pod takes traffic.', registers });
    registry.registerMetric(
      new Gauge({
        name: `${PREFIX}in_flight_requests`,
        help: 'Predict requests being read, scored or answered.',
        registers: [],
        collect() {
          this.set(inFlight());
        },
      }),
    );
    this.#ofRole = (role) => ({ succeeded: this.#requests.labels(role, '200'), duration: duration.labels(role), rows: rows.labels(role), unknownColumns: unknownColumns.labels(role) });
    // There from the start, so that the first request is a rise from zero. Other roles are not, or every pod would seem to be a candidate.
    this.#seriesOf('stable');
  }

  /** Says which engine scores: `churnops_engine_info{engine, digest} 1`. */
  static engineInfo(registry: Registry, engine: string, digest: string): void {
    new Gauge({ name: `${PREFIX}engine_info`, help: 'The engine that scores, and the package.', labelNames: ['engine', 'digest'], registers: [registry] }).labels(engine, digest).set(1);
  }

  setReady(ready: boolean): void {
    this.#ready.set(ready ? 1 : 0);
  }

  countSuccess(role: Role, { rows, unknownColumns, seconds }: AnsweredRequestFigures): void {
    const series = this.#seriesOf(role);
    series.succeeded.inc();
    series.rows.inc(rows);
    if (unknownColumns > 0) series.unknownColumns.inc(unknownColumns);
    series.duration.observe(seconds);
  }

  /** @param seconds undefined where the request failed before its body was there */
  countFailure(role: Role, { code, status }: Pick<ChurnOpsError, 'code' | 'status'>, seconds: number | undefined): void {
    this.#requests.labels(role, String(status)).inc();
    this.#errors.labels(role, code).inc();
    if (seconds !== undefined) this.#seriesOf(role).duration.observe(seconds);
  }

  #seriesOf(role: Role): RoleSeries {
    const known = this.#series.get(role);
    if (known !== undefined) return known;
    const series = this.#ofRole(role);
    this.#series.set(role, series);
    return series;
  }
}
