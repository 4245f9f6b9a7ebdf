import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { FeedbackResponse } from '../../contracts/feedback.ts';
import type { LabelRecord } from '../../contracts/journal.ts';
import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';
import { publicError } from '../http/answers.ts';
import type { RouteRequest } from '../http/express-app.ts';
import { assertJsonType, declaredLength, parseJson } from '../http/request-checks.ts';
import type { FeedbackMetrics } from '../telemetry/feedback-metrics.ts';
import { assertToken } from './bearer-token.ts';
import { checkLabels } from './label-check.ts';
import type { LabelContext } from './label-check.ts';
import type { LabelLog } from './label-log.ts';

/** Bodies that are read and checked at once, together: a fraction of what those of predictions may have. */
const MAX_BYTES = 16 << 20;
/** Requests in flight; how many bytes the labels may have that wait for the store is the log's to say. */
const MAX_IN_FLIGHT = 1024;

/** What feedback is made of. */
export type FeedbackOptions = Readonly<{
  /** Undefined: the pod has no store to keep labels in. */
  log: Pick<LabelLog, 'store'> | undefined;
  /** The tokens that are good now. */
  tokens: () => Promise<readonly string[]>;
  labels: LabelContext['labels'];
  standing: LabelContext['standing'];
  customers: LabelContext['customers'];
  metrics: FeedbackMetrics;
  now?: () => number;
}>;

/** Takes labels for the predictions of one model: `POST /v1/models/<name>:feedback`. */
export class Feedback {
  readonly #options: FeedbackOptions;
  #inFlight = 0;
  #bytes = 0;

  constructor(options: FeedbackOptions) {
    this.#options = options;
  }

  /**
   * Gives an answer once the store has all labels of the request. The body is read only of who has a token.
   * @throws ChurnOpsError FeedbackUnavailable, TokenRequired, TokenInvalid, Overloaded, LabelsNotStored, and what is wrong with the body
   */
  async take(request: RouteRequest): Promise<FeedbackResponse> {
    const startedMs = performance.now();
    try {
      const response = await this.#stored(request);
      this.#options.metrics.stored(response.stored, (performance.now() - startedMs) / 1000);
      return response;
    } catch (thrown) {
      const error = publicError(thrown);
      this.#options.metrics.failed(error.code, error.status);
      throw error;
    }
  }

  async #stored({ headers, readBody }: RouteRequest): Promise<FeedbackResponse> {
    const { log } = this.#options;
    const tokens = await this.#options.tokens();
    if (tokens.length === 0) throw new ChurnOpsError('FeedbackUnavailable', 'The Secret with the token of this model is not mounted.');
    assertToken(headers.authorization, tokens);
    if (log === undefined) throw new ChurnOpsError('FeedbackUnavailable', 'The pod has no object store to keep labels in.');
    assertJsonType(headers['content-type']);
    if (this.#inFlight >= MAX_IN_FLIGHT) throw new ChurnOpsError('Overloaded', `${MAX_IN_FLIGHT} feedback requests are in flight.`);
    this.#inFlight += 1;
    try {
      const records = await this.#checked(headers, readBody);
      await log.store(records);
      return { stored: records.length };
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #checked(headers: RouteRequest['headers'], readBody: RouteRequest['readBody']): Promise<readonly LabelRecord[]> {
    const { labels, standing, customers, now = Date.now } = this.#options;
    // As it was sent, and plain.
    const reservedBytes = (declaredLength({ headers }) ?? MAX_BODY_BYTES) + (headers['content-encoding'] === undefined ? 0 : MAX_BODY_BYTES);
    if (this.#bytes + reservedBytes > MAX_BYTES) throw new ChurnOpsError('Overloaded', 'The feedback requests in flight fill the memory set aside for them.');
    this.#bytes += reservedBytes;
    try {
      return checkLabels(parseJson(await readBody(), (text) => text), { labels, standing, customers, nowMs: now() });
    } finally {
      this.#bytes -= reservedBytes;
    }
  }
}
