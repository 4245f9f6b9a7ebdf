import { z } from 'zod';
import { RawValue } from './model-card.ts';

/** Most rows of one request. */
export const MAX_ROWS = 1024;
/** Most bytes of one request body. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Which side a score came from; fallback: the candidate was asked and stable answered (DESIGN section 3). */
export const Role = z.enum(['stable', 'candidate', 'fallback']);
export type Role = z.infer<typeof Role>;

/** Body of `POST /v1/models/<name>:predict`: one object per customer, raw columns by name. Columns that the model does not know are ignored and counted. */
export const PredictRequest = z.object({ instances: z.array(z.record(z.string(), RawValue)).min(1).max(MAX_ROWS) });
export type PredictRequest = z.infer<typeof PredictRequest>;

/** One answer, in the order of the instances. */
export const Prediction = z.object({
  id: z.string().describe('Names this prediction, for feedback.'),
  probability: z.number().min(0).max(1).describe('Probability of the positive class.'),
  decision: z.boolean().nullable().describe('probability >= threshold; null where the caller must not act on it.'),
  label: z.string().describe('The class label that the decision stands for.'),
  version: z.string().describe('Version that scored this row.'),
  role: Role,
});
export type Prediction = z.infer<typeof Prediction>;

/** Answer of `:predict`. */
export const PredictResponse = z.object({ predictions: z.array(Prediction), model: z.object({ name: z.string(), version: z.string() }) });
export type PredictResponse = z.infer<typeof PredictResponse>;
