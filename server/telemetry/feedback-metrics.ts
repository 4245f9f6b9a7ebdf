import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';

const PREFIX = 'churnops_feedback_';

/** Metrics of `:feedback`. */
export class FeedbackMetrics {
  readonly #requests: Counter<'code'>;
  readonly #errors: Counter<'code'>;
  readonly #stored: Counter.Internal;
  readonly #duration: Histogram.Internal<string>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({ name: `${PREFIX}requests_total`, help: 'Feedback requests, by HTTP status code.', labelNames: ['code'], registers });
    this.#errors = new Counter({ name: `${PREFIX}errors_total`, help: 'Feedback requests that were refused or failed, by error code.', labelNames: ['code'], registers });
    this.#stored = new Counter({ name: `${PREFIX}labels_total`, help: 'Labels that the store has, those included that were sent again.', registers }).labels();
    this.#duration = new Histogram({ name: `${PREFIX}duration_seconds`, help: 'Time from the head of a feedback request that was stored to its answer.', buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10], registers }).labels();
  }

  stored(labels: number, seconds: number): void {
    this.#requests.labels('200').inc();
    this.#stored.inc(labels);
    this.#duration.observe(seconds);
  }

  failed(code: ErrorCode, status: number): void {
    this.#requests.labels(String(status)).inc();
    this.#errors.labels(code).inc();
  }
}
