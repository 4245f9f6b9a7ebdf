import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Role } from '../../contracts/prediction.ts';
import type { CandidateAbsence, TrafficPolicy } from '../../contracts/traffic.ts';
import { LATENCY_BOUNDS_SECONDS } from '../traffic/side-counters.ts';

const PREFIX = 'churnops_';

/** What the gauges show at a scrape. */
export type TrafficGauges = Readonly<{ revision: number; refused: boolean; breakerOpen: boolean; mirrorWaiting: number }>;

/** Metrics of a pod that asks a candidate, or may come to. */
export class TrafficMetrics {
  readonly #requests: Counter<'mode' | 'outcome'>;
  readonly #roundTrip: Histogram<'mode'>;
  readonly #rows: Counter<'role'>;

  constructor(registry: Registry, gauges: () => TrafficGauges) {
    const registers = [registry];
    this.#requests = new Counter({
      name: `${PREFIX}candidate_requests_total`,
      help: 'Requests for the candidate, by how they ended: Scored, or why there is no score.',
      labelNames: ['mode', 'outcome'],
      registers,
    });
    this.#roundTrip = new Histogram({
      name: `${PREFIX}candidate_round_trip_seconds`,
      help: 'Time from sending a request to the candidate until its answer was there or given up.',
      labelNames: ['mode'],
      buckets: [...LATENCY_BOUNDS_SECONDS],
      registers,
    });
    this.#rows = new Counter({ name: `${PREFIX}canary_rows_total`, help: 'Rows answered while a canary ran, by whose score it was.', labelNames: ['role'], registers });
    const gauge = (name: string, help: string, value: (now: TrafficGauges) => number): void => {
      registry.registerMetric(
        new Gauge({
          name: PREFIX + name,
          help,
          registers: [],
          collect() {
            this.set(value(gauges()));
          },
        }),
      );
    };
    gauge('traffic_policy_revision', 'Revision of the traffic policy that is followed; 0: none.', ({ revision }) => revision);
    gauge('traffic_policy_refused', '1 while the traffic policy that is there is not followed.', ({ refused }) => Number(refused));
    gauge('breaker_open', '1 while no row is forwarded to the candidate but a probe.', ({ breakerOpen }) => Number(breakerOpen));
    gauge('mirror_waiting_requests', 'Copies of requests that wait to be sent to the candidate.', ({ mirrorWaiting }) => mirrorWaiting);
  }

  /** @param seconds undefined where nothing was sent */
  countRequest(mode: TrafficPolicy['mode'], outcome: 'Scored' | CandidateAbsence, seconds: number | undefined): void {
    this.#requests.labels(mode, outcome).inc();
    if (seconds !== undefined) this.#roundTrip.labels(mode).observe(seconds);
  }

  countCanaryRows(role: Role, rows: number): void {
    if (rows > 0) this.#rows.labels(role).inc(rows);
  }
}
