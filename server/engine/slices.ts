import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { Engine } from './engine.ts';
import type { RowBatch } from './row-batch.ts';

/** Rows of one engine call: bounds how long the event loop is away (20 ms for the largest forest of reference/serving.md 1.3). */
export const SLICE_ROWS = 256;
/** float32 softmax may miss 0..1 by a rounding. */
const ROUNDING = 1e-6;

/** Rows [from, to) of one request in a batch. */
export type RowSpan = Readonly<{ from: number; to: number }>;
/** Why the rows of a request have no scores; undefined: they have. */
export type SpanFailure = ChurnOpsError | undefined;

/**
 * Scores a batch that holds several requests, in slices. When the graph fails on a slice, each request in it is scored alone,
 * so that one poisonous row fails its own request only.
 * @param scores receives the probabilities, clamped to 0..1; at least `batch.rows` long
 * @returns for each span, why it failed
 */
export async function scoreSpans(engine: Engine, batch: RowBatch, spans: readonly RowSpan[], scores: Float64Array): Promise<readonly SpanFailure[]> {
  const doubtful = await scoreSlices(engine, batch, { from: 0, to: batch.rows }, scores);
  const failures: SpanFailure[] = [];
  for (const span of spans) {
    const touched = doubtful.find((slice) => slice.from < span.to && span.from < slice.to);
    const failed = touched === undefined ? undefined : await scoreAlone(engine, batch, span, scores);
    failures.push(failed ?? clampSpan(span, scores));
  }
  return failures;
}

async function scoreSlices(engine: Engine, batch: RowBatch, span: RowSpan, scores: Float64Array): Promise<readonly (RowSpan & { thrown: unknown })[]> {
  const failed: (RowSpan & { thrown: unknown })[] = [];
  for (let from = span.from; from < span.to; from += SLICE_ROWS) {
    const to = Math.min(from + SLICE_ROWS, span.to);
    try {
      scores.set(await engine.score(batch.slice(from, to)), from);
    } catch (thrown) {
      failed.push({ from, to, thrown });
    }
  }
  return failed;
}

async function scoreAlone(engine: Engine, batch: RowBatch, span: RowSpan, scores: Float64Array): Promise<SpanFailure> {
  const [first] = await scoreSlices(engine, batch, span, scores);
  if (first === undefined) return undefined;
  return first.thrown instanceof ChurnOpsError ? first.thrown : new ChurnOpsError('ScoringFailed', 'The engine failed.', { cause: first.thrown });
}

function clampSpan({ from, to }: RowSpan, scores: Float64Array): SpanFailure {
  for (let row = from; row < to; row += 1) {
    const score = scores[row] ?? Number.NaN;
    if (!(score >= -ROUNDING && score <= 1 + ROUNDING)) return new ChurnOpsError('ScoringFailed', `The graph gave no probability for instances[${row - from}].`);
    scores[row] = Math.min(1, Math.max(0, score));
  }
  return undefined;
}
