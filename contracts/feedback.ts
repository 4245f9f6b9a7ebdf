import { z } from 'zod';
import { MAX_ENTITY_CHARS, MAX_ID_CHARS } from './journal.ts';
import { MAX_ROWS } from './prediction.ts';

/** One label as an application sends it. */
export const FeedbackLabel = z.strictObject({
  id: z.string().min(1).max(MAX_ID_CHARS).optional().describe('Id of the prediction, as :predict gave it.'),
  entity: z.union([z.string().min(1).max(MAX_ENTITY_CHARS), z.number()]).optional().describe('The customer, where the id is not known: means its latest prediction within labels.horizon before observedAt.'),
  label: z.union([z.boolean(), z.string(), z.number()]).describe('What happened: true for the positive class, false for the negative one, or the class itself as `label` of a prediction names it.'),
  observedAt: z.iso.datetime({ offset: true }).optional().describe('When it happened (RFC 3339); the time of receipt where it is missing. Send it: it makes sending twice harmless.'),
});
export type FeedbackLabel = z.infer<typeof FeedbackLabel>;

/** Body of `POST /v1/models/<name>:feedback`. */
export const FeedbackRequest = z.strictObject({ labels: z.array(FeedbackLabel).min(1).max(MAX_ROWS) });
export type FeedbackRequest = z.infer<typeof FeedbackRequest>;

/** Answer of `:feedback`: the object store has all of them. */
export const FeedbackResponse = z.object({ stored: z.int().min(1).describe('Labels that the object store has.') });
export type FeedbackResponse = z.infer<typeof FeedbackResponse>;

/** Most keys that sign, have signed or are going to sign prediction ids. */
export const MAX_PREDICTION_KEYS = 16;

/**
 * The keys of a model's prediction ids, in the Secret `<model>-prediction-keys`. The one with the newest `signFrom` that has come signs;
 * all of them verify. A key is added with a `signFrom` some minutes ahead, so that every pod knows it before the first id made with it
 * comes back, and stays as long as labels of predictions made with it may come.
 */
export const PredictionKeys = z.object({
  schemaVersion: z.literal(1),
  keys: z
    .array(z.object({ secret: z.base64().min(44).max(88).describe('32 to 64 random bytes, base64.'), signFrom: z.iso.datetime({ offset: true }) }))
    .min(1)
    .max(MAX_PREDICTION_KEYS),
});
export type PredictionKeys = z.infer<typeof PredictionKeys>;
