import { z } from 'zod';
import { RawValue } from './model-card.ts';

/** Most rows of one request. */
export const MAX_ROWS = 1024;
/** Most bytes of one request body. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Which side a score came from; fallback: the candidate was asked and stable answered (DESIGN section 3). */
export const Role = z.enum(['stable', 'candidate', 'fallback']);
export type Role = z.infer<typeof Role>;

/** Group of an experiment: control is scored and not to be acted upon. */
export const Arm = z.enum(['control', 'treatment']);
export type Arm = z.infer<typeof Arm>;

/** Body of `POST /v1/models/<name>:predict`: one object per customer, raw columns by name. Columns that the model does not know are ignored and counted. */
export const PredictRequest = z.object({ instances: z.array(z.record(z.string(), RawValue)).min(1).max(MAX_ROWS) });
export type PredictRequest = z.infer<typeof PredictRequest>;

/** One answer, in the order of the instances. */
export const Prediction = z.object({
  id: z.string().describe('Names this prediction, for feedback.'),
  probability: z.number().min(0).max(1).describe('Probability of the positive class.'),
  decision: z.boolean().nullable().describe('probability >= threshold; null where the caller must not act on it.'),
  label: z.string().describe('The class label that the decision stands for; empty where there is none.'),
  version: z.string().describe('Version that scored this row.'),
  role: Role.describe('Which side the score came from; fallback: the candidate was asked and stable answered.'),
  arm: Arm.optional().describe('Group of the experiment that the ChurnModel names: control has no decision. Left out without an experiment, and where the row names no customer.'),
});
export type Prediction = z.infer<typeof Prediction>;

/** Answer of `:predict`. */
export const PredictResponse = z.object({ predictions: z.array(Prediction), model: z.object({ name: z.string(), version: z.string() }) });
export type PredictResponse = z.infer<typeof PredictResponse>;
