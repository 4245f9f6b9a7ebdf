import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import type { Role } from '../../contracts/prediction.ts';
import { LATENCY_BOUNDS_SECONDS } from '../traffic/side-counters.ts';

const PREFIX = 'churnops_';

/** Metrics of a serving pod. `model` and `version` are labels of every series of the registry; `role` is added here. */
export class ServingMetrics {
  readonly #requests: Counter<'role' | 'code'>;
  readonly #errors: Counter<'role' | 'code'>;
  readonly #duration: Histogram.Internal<'role'>;
  readonly #rows: Counter.Internal;
  readonly #unknownColumns: Counter.Internal;
  readonly #ready: Gauge;
  readonly #succeeded: Counter.Internal;
  readonly #role: Role;

  constructor(registry: Registry, role: Role, inFlight: () => number) {
    const registers = [registry];
    this.#role = role;
    this.#requests = new Counter({ name: `${PREFIX}requests_total`, help: 'Predict requests (also for models and versions that are not served), and what was no whole HTTP request, by HTTP status code.', labelNames: ['role', 'code'], registers });
    this.#errors = new Counter({ name: `${PREFIX}errors_total`, help: 'Predict requests that failed, by error code.', labelNames: ['role', 'code'], registers });
    this.#duration = new Histogram({
      name: `${PREFIX}request_duration_seconds`,
      help: 'Time from the whole body received to the answer written.',
      labelNames: ['role'],
      buckets: [...LATENCY_BOUNDS_SECONDS],
      registers,
    }).labels(role);
    this.#rows = new Counter({ name: `${PREFIX}rows_total`, help: 'Rows scored.', labelNames: ['role'], registers }).labels(role);
    this.#unknownColumns = new Counter({ name: `${PREFIX}unknown_columns_total`, help: 'Values of columns that the model does not know; ignored.', labelNames: ['role'], registers }).labels(role);
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
    this.#succeeded = this.#requests.labels(role, '200');
  }

  /** Says which engine scores: `churnops_engine_info{engine, digest} 1`. */
  static engineInfo(registry: Registry, engine: string, digest: string): void {
    new Gauge({ name: `${PREFIX}engine_info`, help: 'The engine that scores, and the package.', labelNames: ['engine', 'digest'], registers: [registry] }).labels(engine, digest).set(1);
  }

  setReady(ready: boolean): void {
    this.#ready.set(ready ? 1 : 0);
  }

  countSuccess(rows: number, unknownColumns: number, seconds: number): void {
    this.#succeeded.inc();
    this.#rows.inc(rows);
    if (unknownColumns > 0) this.#unknownColumns.inc(unknownColumns);
    this.#duration.observe(seconds);
  }

  /** @param seconds undefined where the request failed before its body was there */
  countFailure(code: ErrorCode, status: number, seconds: number | undefined): void {
    this.#requests.labels(this.#role, String(status)).inc();
    this.#errors.labels(this.#role, code).inc();
    if (seconds !== undefined) this.#duration.observe(seconds);
  }
}
