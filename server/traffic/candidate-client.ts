import type { CandidateAbsence, TrafficPolicy } from '../../contracts/traffic.ts';
import type { TrafficMetrics } from '../telemetry/traffic-metrics.ts';
import { handlerSeconds, isItsFault, readCandidateAnswer } from './candidate-answer.ts';
import type { CandidateIdentity, CandidateScore } from './candidate-answer.ts';
import type { CandidatePods, Exchange } from './candidate-pods.ts';
import type { CandidateTally } from './candidate-tally.ts';
import type { RowsBody } from './row-bodies.ts';

/** A row's score by the candidate, or why there is none. */
export type RowOutcome = CandidateScore | CandidateAbsence;

/** Rows to be scored, and how long to wait for it. */
export type ScoreRequest = Readonly<{ rows: RowsBody; requestId: string; timeoutMs: number }>;

/** What a client is made of. */
export type CandidateClientOptions = Readonly<{
  pods: CandidatePods;
  identity: CandidateIdentity;
  mode: TrafficPolicy['mode'];
  tally: CandidateTally;
  metrics: TrafficMetrics;
}>;

const MILLISECONDS = 1000;

/** Asks the candidate for scores, and counts what came of it for one policy revision. */
export class CandidateClient {
  readonly #options: CandidateClientOptions;

  constructor(options: CandidateClientOptions) {
    this.#options = options;
  }

  /** A score for each row of the body, or the one reason why there is none. Never rejects. */
  async score({ rows, requestId, timeoutMs }: ScoreRequest): Promise<readonly CandidateScore[] | CandidateAbsence> {
    const { pods, tally, metrics, mode } = this.#options;
    const sentMs = performance.now();
    const exchange = await pods.post({ body: rows.body, sizeBytes: rows.sizeBytes, requestId }, timeoutMs);
    const outcome = this.#read(exchange, rows.rows.length);
    const named = typeof outcome === 'string' ? outcome : 'Scored';
    const isSent = exchange.end !== 'NotSent';
    metrics.countRequest(mode, named, isSent ? (performance.now() - sentMs) / MILLISECONDS : undefined);
    if (isSent) tally.sent(exchange.end === 'Answered' ? handlerSeconds(exchange.serverTiming) : undefined, named !== 'Scored' && isItsFault(named));
    return outcome;
  }

  #read(exchange: Exchange, rows: number): readonly CandidateScore[] | CandidateAbsence {
    switch (exchange.end) {
      case 'Answered':
        return readCandidateAnswer(exchange.status, exchange.body, rows, this.#options.identity);
      case 'NotSent':
        return exchange.why;
      case 'Broken':
        return 'InvalidAnswer';
      case 'Timeout':
      case 'Unreachable':
        return exchange.end;
    }
  }
}
