import { z } from 'zod';

/** Newest card schema that this code writes and reads; the previous one would be read too, once there is one. */
export const MODEL_CARD_SCHEMA_VERSION = 1;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/).describe('sha256, 64 lower-case hex digits.');
const Probability = z.number().min(0).max(1);
const Count = z.int().min(0);
const ColumnName = z.string().min(1).max(128);

const PackageFile = z.object({ sha256: Sha256, sizeBytes: z.int().min(0) });

const Missing = z.object({
  policy: z.enum(['Impute', 'Refuse']).describe('Impute: null or absent is allowed, the graph fills it in. Refuse: a row without it is an error.'),
  meaning: z.string().max(500).describe('What a missing value means, for people.'),
});

export const NumberInput = z.object({
  name: ColumnName,
  type: z.literal('number'),
  missing: Missing,
  range: z.object({ min: z.number(), max: z.number() }).describe('Smallest and largest value seen in training; information, not a bound.'),
  description: z.string().max(500).optional(),
});

export const CategoryInput = z.object({
  name: ColumnName,
  type: z.literal('category'),
  categories: z.array(z.string().max(256)).min(1).max(1000).describe('Values seen in training.'),
  missing: Missing,
  unseen: z.enum(['Ignore', 'Refuse']).describe('Ignore: an unseen category is scored as none of the known ones. Refuse: it is an error.'),
  description: z.string().max(500).optional(),
});

/** One raw input column of the graph. Number: float tensor [N,1], missing = NaN. Category: string tensor [N,1], missing = "". */
export const InputColumn = z.discriminatedUnion('type', [NumberInput, CategoryInput]);
export type InputColumn = z.infer<typeof InputColumn>;

/**
 * `model.json`: what a model package says of itself (DESIGN section 2.2). The sha256 of its canonical form is the version's identity,
 * and it lists the sha256 of every other file of the package.
 */
export const ModelCard = z.object({
  schemaVersion: z.literal(MODEL_CARD_SCHEMA_VERSION),
  kind: z.literal('ModelCard'),
  name: z.string().min(1).max(63),
  version: z.string().min(1).max(63),
  description: z.string().max(2000),
  createdAt: z.string().min(20).max(35).describe('RFC 3339.'),
  files: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/), PackageFile)
    .describe('Every file of the package but model.json itself; model.onnx and golden.json are required.'),
  inputs: z.array(InputColumn).min(1).max(1000).describe('Raw columns, in the order of golden.json.'),
  entity: z.object({ column: ColumnName }).nullable().describe('Column that names the customer; never an input. Null where rows have no entity.'),
  labels: z.object({ column: ColumnName, negative: z.string().max(256), positive: z.string().max(256) }),
  output: z
    .object({ probabilities: z.string().min(1).max(128), positiveIndex: z.int().min(0).max(1) })
    .describe('Graph output with class probabilities, float [N,2], and the column of the positive class.'),
  threshold: z.object({ value: Probability, method: z.string().max(500) }),
  test: z.object({
    rows: Count,
    positives: Count,
    negatives: Count,
    confidence: Probability,
    auc: z.object({ value: Probability, lower: Probability, upper: Probability, method: z.literal('DeLong') }),
    brier: Probability,
    accuracy: Probability,
    precision: Probability,
    recall: Probability,
  }),
  testSet: z.object({ split: z.enum(['Random', 'Time', 'Group']), description: z.string().max(1000), seed: z.int().optional() }),
  trainingEntities: z
    .object({ algorithm: z.literal('sha256-64'), salt: z.string().regex(/^[0-9a-f]{32,128}$/), count: Count, hashes: z.string().max(64 * 1024 * 1024) })
    .nullable()
    .describe('base64 of the sorted 8-byte prefixes of sha256(salt bytes, entity as UTF-8) of every customer trained or tested on.'),
  drift: z.object({
    rows: Count,
    columns: z
      .array(
        z.discriminatedUnion('type', [
          z.object({ name: ColumnName, type: z.literal('number'), edges: z.array(z.number()).max(1000), heavy: z.array(z.number()).max(1000).optional(), counts: z.array(Count).max(2001), heavyCounts: z.array(Count).max(1000).optional(), missing: Count }),
          z.object({ name: ColumnName, type: z.literal('category'), categories: z.array(z.string().max(256)).max(1000), counts: z.array(Count).max(1001), missing: Count }),
        ]),
      )
      .max(1000),
    score: z.object({ edges: z.array(z.number()).max(1000), counts: z.array(Count).max(1001) }),
  }),
  fairness: z
    .array(
      z.object({
        column: ColumnName,
        groups: z
          .array(z.object({ value: z.string().max(256), rows: Count, positiveRate: Probability, selectionRate: Probability, auc: Probability.nullable() }))
          .max(1000),
      }),
    )
    .max(100),
  importance: z.object({ method: z.string().max(100), columns: z.array(z.object({ name: ColumnName, value: z.number() })).max(1000) }),
  training: z.object({
    estimator: z.string().max(200),
    parameters: z.record(z.string().max(128), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    rows: Count,
    positives: Count,
    seed: z.int(),
    labelsShuffled: z.boolean(),
    data: z.object({ sha256: Sha256, rows: Count }),
    recipe: z.object({ sha256: Sha256 }),
    libraries: z.record(z.string().max(128), z.string().max(64)),
    node: z.object({ pool: z.string().max(128), platform: z.string().max(64), interruptions: Count }).nullable().describe('Spot receipt; null where it did not run in a cluster.'),
  }),
  warnings: z.array(z.string().max(1000)).max(100).describe('What a reader should know before trusting this model.'),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** A raw value as a client sends it: a number, a category, or nothing. */
export const RawValue = z.union([z.string(), z.number(), z.null()]);
export type RawValue = z.infer<typeof RawValue>;

/** `golden.json`: rows with the training side's float64 probabilities; the graph must reproduce them (DESIGN section 5, Parity). */
export const GoldenRows = z
  .object({
    schemaVersion: z.literal(1),
    columns: z.array(ColumnName).min(1).max(1000),
    rows: z.array(z.array(RawValue)).min(500).max(100_000),
    kinds: z.array(z.enum(['Real', 'Missing', 'Unseen', 'Straddler', 'Extreme'])),
    probabilities: z.array(Probability),
    labels: z.array(z.union([z.literal(0), z.literal(1), z.null()])),
    threshold: Probability,
  })
  .refine((golden) => golden.kinds.length === golden.rows.length, 'kinds: one per row is needed')
  .refine((golden) => golden.probabilities.length === golden.rows.length, 'probabilities: one per row is needed')
  .refine((golden) => golden.labels.length === golden.rows.length, 'labels: one per row is needed')
  .refine((golden) => golden.rows.every((row) => row.length === golden.columns.length), 'rows: one value per column is needed');
export type GoldenRows = z.infer<typeof GoldenRows>;
