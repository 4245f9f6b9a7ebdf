import { z } from 'zod';
import { RawValue } from './model-card.ts';
import { Role } from './prediction.ts';

/** Most characters of an entity in journal and labels; a longer one is no entity. */
export const MAX_ENTITY_CHARS = 256;
/** Most characters of a prediction id or a request id. */
export const MAX_ID_CHARS = 128;

const Instant = z.iso.datetime({ offset: true }).max(35);
const Id = z.string().min(1).max(MAX_ID_CHARS);
const Entity = z.string().min(1).max(MAX_ENTITY_CHARS);
const Probability = z.number().min(0).max(1);
const Scored = { version: z.string().min(1).max(63), hash: z.string().regex(/^[0-9a-f]{64}$/), probability: Probability, decision: z.boolean().describe("probability >= that version's threshold.") };

/** What the candidate made of a row, or in one word why there is no score of it. */
export const CandidateScore = z.union([
  z.object(Scored),
  z.object({ missing: z.string().regex(/^[A-Z][A-Za-z]{0,63}$/).describe('Why there is no score, such as QueueFull or TimedOut.') }),
]);
export type CandidateScore = z.infer<typeof CandidateScore>;

/**
 * One scored row: a line of `predictions/<model>/dt=.../hour=../<pod>-<n>.ndjson.gz` (DESIGN section 3.3). Delivered at least once: readers
 * drop what has an id that they know. `dt` and `hour` are those of `at`.
 */
export const PredictionRecord = z.object({
  schemaVersion: z.literal(1),
  id: Id.describe('Prediction id, as the caller got it.'),
  requestId: Id,
  entity: Entity.nullable().describe('The customer; null where the row names none, or its column is redacted.'),
  at: Instant.describe('When it was answered.'),
  version: Scored.version.describe('Version of the pod that answered; hash, probability and decision are its, whatever the caller got.'),
  hash: Scored.hash,
  probability: Scored.probability,
  decision: Scored.decision,
  candidate: CandidateScore.optional().describe('The other half of a paired sample; absent while no rollout runs.'),
  answered: z
    .object({ role: Role, decision: z.boolean().nullable(), arm: z.enum(['control', 'treatment']).optional() })
    .describe('What the caller was told: whose score; the decision, null for the control group; the group of the experiment, absent without one.'),
  features: z.record(z.string(), RawValue).optional().describe("The model's columns as received, without redacted ones."),
});
export type PredictionRecord = z.infer<typeof PredictionRecord>;

/**
 * What happened: a line of `labels/<model>/dt=.../<pod>-<n>.ndjson.gz`; `dt` is the day it was received. A label has `id`, `entity` or both:
 * it is about that prediction, and where that is not known about the entity's latest one within the horizon. Delivered at least once: of
 * labels of one id (or entity) and `observedAt` the one received last counts.
 */
export const LabelRecord = z
  .object({
    schemaVersion: z.literal(1),
    id: Id.optional().describe('Prediction id.'),
    entity: Entity.optional(),
    label: z.boolean().describe('Whether the positive class is what happened.'),
    observedAt: Instant.describe('When it happened.'),
    receivedAt: Instant,
    source: z.enum(['feedback', 'import']),
  })
  .refine((label) => label.id !== undefined || label.entity !== undefined, 'id or entity is needed');
export type LabelRecord = z.infer<typeof LabelRecord>;

/**
 * The customer that a raw value names, the same for sides of traffic, records and labels: a text as it is, a number as JSON writes it, so
 * that 7590 and "7590" are the same one. Undefined for what names nobody: nothing, a blank text, one that is too long, and what is neither
 * text nor number.
 */
export function entityName(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' || value.length > MAX_ENTITY_CHARS ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}
