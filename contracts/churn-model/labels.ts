import { z } from 'zod';
import { cronSchedule, durationText, rules, storeUrl, text } from './field-types.ts';

const ColumnName = z.string().min(1).max(128).describe('Name of a column.');

/** `spec.journal`: what is kept of predictions. */
export const Journal = z
  .object({
    samplePercent: z.number().min(0).max(100).default(100).describe('Share of predictions that is kept, in percent.'),
    features: z.boolean().default(true).describe('Keep the raw columns too.'),
    redact: z.array(ColumnName).max(256).meta({ 'x-kubernetes-list-type': 'set' }).describe('Columns that are never kept.').optional(),
  })
  .describe('What is kept of predictions.');

/** `spec.labels`: where the truth comes from. */
export const Labels = z
  .object({
    horizon: durationText('How long until silence means "did not happen".').default('720h'),
    import: z
      .object({
        prefix: storeUrl('Folder with outcome files (CSV).'),
        idColumn: ColumnName.describe('Column with the prediction id or the entity.'),
        outcomeColumn: ColumnName.describe('Column with what happened.'),
        timeColumn: ColumnName.describe('Column with when it happened.').optional(),
      })
      .describe('Outcome files to import as labels.')
      .optional(),
    population: z.enum(['All', 'Contacted', 'Control']).default('All').describe('Whom the labels describe.'),
  })
  .describe('Where the truth comes from.');

/** `spec.retention`: how long the store keeps what. */
export const Retention = z
  .object({
    raw: durationText('Raw data, below raw/<model>/dt=YYYY-MM-DD/.', '24h').optional(),
    predictions: durationText('Predictions and labels, below predictions/<model>/ and labels/<model>/.', '24h').optional(),
    evaluations: durationText('Evaluations and evidence, below evaluations/<model>/.', '24h').optional(),
  })
  .describe('How long the store keeps what; a daily Job deletes whole days (UTC) that are older. Unset: for ever.');

/** `spec.experiment`: a control group that is scored but not acted upon. */
export const Experiment = z
  .object({
    name: text({ pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, message: 'write lower-case letters, digits and -', max: 63, description: 'Name; it salts the assignment.' }),
    controlPercent: z.number().min(0.1).max(50).describe('Share of customers in the control group, in percent.'),
  })
  .describe('A control group that is scored but not acted upon.');

/** One entry of `spec.batch`: a scheduled scoring of files. */
export const Batch = z
  .object({
    name: text({ pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, message: 'write lower-case letters, digits and -, starting with a letter', max: 30, description: 'Name of the batch.' }),
    schedule: cronSchedule('When it runs.'),
    input: storeUrl('Folder with rows to score.'),
    output: storeUrl('Folder for the scores.'),
    select: z.object({ minProbability: z.number().min(0).max(1).describe('Only rows with at least this probability are written.') }).describe('Which rows are written; unset: all.').optional(),
  })
  .meta(rules({ rule: 'self.input != self.output', message: 'output must not be the input folder' }))
  .describe('A scheduled scoring of files.');
