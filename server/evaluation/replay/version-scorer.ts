import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { jsonOrUndefined } from '../../../contracts/json.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { retry } from '../../../platform/retry/retry.ts';
import type { RetryPolicy } from '../../../platform/retry/retry.ts';
import { readCandidateAnswer } from '../../traffic/candidate-answer.ts';
import { CandidatePods } from '../../traffic/candidate-pods.ts';
import type { Exchange, Resolve } from '../../traffic/candidate-pods.ts';
import { rowBodies } from '../../traffic/row-bodies.ts';
import type { RowsBody } from '../../traffic/row-bodies.ts';

/** A version's pods, as they are asked. */
export type ScorerOptions = Readonly<{
  model: string;
  version: string;
  hash: string;
  /** host:port. */
  address: string;
  logger: Logger;
  /** How long a pod that goes away or has too much to do is waited for. */
  patience: Omit<RetryPolicy, 'isTransient'>;
  resolve?: Resolve;
}>;

/** A row's probability, or what the version has against it. */
export type Scored = Readonly<{ probability: number } | { refusal: string }>;

/** A row as a version takes it. */
export type Instance = Readonly<Record<string, string | number | null>>;

const TIMEOUT_MS = 10_000;
/** Nobody waits longer for callers' sake. */
const MOST_PAUSE_MS = 1000;
const MAX_SHOWN = 200;

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string(), details: z.array(z.object({ path: z.string(), message: z.string() })).default([]) }) });

/** No score, and not because of a row: another try may get one. */
class NoScores extends ChurnOpsError {
  constructor(message: string) {
    super('ReplayFailed', message);
  }
}

function hasNoScores(thrown: unknown): boolean {
  return thrown instanceof NoScores;
}

/**
 * Has rows scored by the pods of one version: by the path, the container and the checks that callers' rows go through. Requests name the
 * hash they are meant for, so that nobody journals or forwards them and another version's pod refuses them.
 *
 * One request at a time, and then a pause as long as it took: callers lose at most half of one pod.
 */
export class VersionScorer {
  readonly #options: ScorerOptions;
  readonly #pods: CandidatePods;

  constructor(options: ScorerOptions) {
    this.#options = options;
    const { model, address, hash, logger, resolve } = options;
    this.#pods = new CandidatePods({ model, address, candidateHash: hash, logger, ...(resolve === undefined ? {} : { resolve }) });
  }

  /**
   * Scores rows, in their order.
   * @throws ChurnOpsError ReplayFailed where the version gives no scores for as long as patience lasts; the signal's reason
   */
  async score(rows: readonly Instance[]): Promise<readonly Scored[]> {
    const scored: Scored[] = rows.map(() => ({ refusal: 'is too long for a request' }));
    let left = [...rows.keys()];
    while (left.length > 0) {
      const refused = new Set<number>();
      const { bodies } = rowBodies(left, (row) => rows[row] ?? {});
      for (const body of bodies) for (const [row, outcome] of await this.#scoreBody(body)) {
        if (outcome === undefined) refused.add(row);
        else scored[row] = outcome;
      }
      // A request is scored as a whole: what was in it beside a bad row goes again without it.
      left = left.filter((row) => refused.has(row));
    }
    return scored;
  }

  async close(): Promise<void> {
    await this.#pods.destroy();
  }

  /** An outcome for each row; undefined: it was not scored, as another row of the request is bad. */
  async #scoreBody(body: RowsBody): Promise<readonly (readonly [number, Scored | undefined])[]> {
    const { patience, logger, version } = this.#options;
    const onRetry = (error: unknown, attempt: number, waitMs: number): void => logger.warn({ error, attempt, waitMs, version }, 'rows were not scored, trying again');
    return retry(() => this.#post(body), { ...patience, isTransient: hasNoScores, onRetry });
  }

  async #post({ rows, body, sizeBytes }: RowsBody): Promise<readonly (readonly [number, Scored | undefined])[]> {
    const { version, hash, patience } = this.#options;
    const startedMs = performance.now();
    const exchange = await this.#pods.post({ body, sizeBytes, requestId: `replay-${hash.slice(0, 8)}` }, TIMEOUT_MS);
    await sleep(Math.min(MOST_PAUSE_MS, performance.now() - startedMs), undefined, { signal: patience.signal });
    if (exchange.end !== 'Answered') throw new NoScores(`Version ${version} gave no scores (${exchange.end === 'NotSent' ? exchange.why : exchange.end}).`);
    const scores = readCandidateAnswer(exchange.status, exchange.body, rows.length, { version, hash });
    if (typeof scores !== 'string') return rows.map((row, at) => [row, { probability: scores[at]?.probability ?? Number.NaN }] as const);
    const refusals = refusalsOf(exchange, rows.length);
    if (refusals.size === 0) throw new NoScores(`Version ${version} gave no scores (${scores}${told(exchange)}).`);
    return rows.map((row, at) => [row, refusals.has(at) ? { refusal: refusals.get(at) ?? '' } : undefined] as const);
  }
}

/** Rows that a pod has something against, by their place in the request: column and reason, never the value. */
function refusalsOf({ status, body }: Extract<Exchange, { end: 'Answered' }>, rows: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  if (status !== 422) return found;
  for (const { path, message } of errorOf(body)?.details ?? []) {
    const [, at = '', column = ''] = /^instances\[(\d+)\](.*)$/.exec(path) ?? [];
    if (at !== '' && Number(at) < rows && !found.has(Number(at))) found.set(Number(at), `${column.replace(/^\./, '')}: ${message}`.slice(0, MAX_SHOWN));
  }
  return found;
}

function told({ status, body }: Extract<Exchange, { end: 'Answered' }>): string {
  const error = errorOf(body);
  return error === undefined ? `: ${status}` : `: ${error.code}: ${error.message.slice(0, MAX_SHOWN)}`;
}

function errorOf(body: Buffer): z.infer<typeof Refusal>['error'] | undefined {
  return Refusal.safeParse(jsonOrUndefined(body.toString('utf8'))).data?.error;
}
