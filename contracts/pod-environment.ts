import { z } from 'zod';
import { durationMs } from './duration.ts';
import { EvaluationRequest } from './evaluation-request.ts';
import { jsonOrUndefined } from './json.ts';

const Text = z.string().min(1);

/** The store as a pod reaches it. Keys come from the Secret in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, as the AWS SDK reads them. */
const StoreEnvironment = z.object({
  CHURNOPS_REPOSITORY: Text.describe('spec.model.repository: s3://bucket/prefix or file:///folder.'),
  CHURNOPS_VOLUME: Text.optional().describe('Where the volume of a file:// repository is mounted: file:///folder is the folder below it. Unset: this machine, from its root.'),
  CHURNOPS_STORE_ENDPOINT: Text.optional().describe('spec.storage.endpoint; unset: AWS itself.'),
  CHURNOPS_STORE_REGION: Text.optional().describe('spec.storage.region.'),
});

const Identity = z.object({
  CHURNOPS_NAMESPACE: Text,
  CHURNOPS_MODEL: Text.describe('ChurnModel name.'),
  CHURNOPS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Environment of `server inspect`. */
export const InspectEnvironment = Identity.extend(StoreEnvironment.shape).extend({
  CHURNOPS_VERSION: Text.describe('spec.model.version; `latest` is resolved here.'),
  CHURNOPS_OFFLINE_MIN_AUC: z.coerce.number().min(0.5).max(1).optional().describe('spec.rollout.offline.minAUC; unset: no offline gate.'),
  CHURNOPS_STABLE_VERSION: Text.optional().describe('Version whose input columns the new one must be compatible with.'),
  CHURNOPS_STABLE_REPOSITORY: Text.optional().describe('Repository of that version, in the same store; unset: CHURNOPS_REPOSITORY.'),
  CHURNOPS_STABLE_DIGEST: Text.optional().describe('Package digest of that version.'),
  CHURNOPS_KNOWN_VERSIONS: z
    .string()
    .default('')
    .transform((names) => names.split(',').filter((name) => name !== ''))
    .describe('Versions that are decided about, separated by commas: `latest` that is one of them is not inspected again.'),
  CHURNOPS_ALLOW_SCHEMA_CHANGE: Text.optional().describe('Candidate hash (whole or its first 8 digits) that may ask for a new required column.'),
});
export type InspectEnvironment = z.infer<typeof InspectEnvironment>;

/** Environment of `server pull`. */
export const PullEnvironment = Identity.extend(StoreEnvironment.shape).extend({
  CHURNOPS_VERSION: Text.describe('A resolved version, never `latest`.'),
  CHURNOPS_PACKAGE_DIGEST: Text.describe('What inspection found; anything else is refused.'),
});
export type PullEnvironment = z.infer<typeof PullEnvironment>;

const Duration = z
  .string()
  .refine((text) => /^([0-9]{1,6}(h|m|s)){1,3}$/.test(text), 'is no duration such as 2160h')
  .transform((text) => durationMs(text))
  .optional();

/** Environment of `server retain`. What has no duration is kept for ever. */
export const RetainEnvironment = Identity.extend(StoreEnvironment.shape).extend({
  CHURNOPS_RETAIN_RAW: Duration.describe('spec.retention.raw.'),
  CHURNOPS_RETAIN_PREDICTIONS: Duration.describe('spec.retention.predictions; labels are kept as long.'),
  CHURNOPS_RETAIN_EVALUATIONS: Duration.describe('spec.retention.evaluations.'),
  CHURNOPS_KEEP_SINCE: z
    .string()
    .refine((text) => !Number.isNaN(Date.parse(text)), 'is no RFC 3339 instant')
    .transform((text) => Date.parse(text))
    .optional()
    .describe('RFC 3339; from the day of this instant on everything is kept: an open gate needs it.'),
});
export type RetainEnvironment = z.infer<typeof RetainEnvironment>;

const Request = z.string().transform((text, context) => {
  const parsed = EvaluationRequest.safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: `is no EvaluationRequest: ${parsed.error.issues.map((issue) => `${z.core.toDotPath(issue.path) || '(root)'}: ${issue.message}`).slice(0, 3).join('; ')}` });
  return z.NEVER;
});

/**
 * Environment of `server evaluate`. CHURNOPS_REPOSITORY is the candidate's: evidence goes to its store. Its pod has PATHS.scratch, an empty
 * volume with room for the journal of the gate's time, and PATHS.predictionKeys as serving pods have it.
 */
export const EvaluateEnvironment = Identity.extend(StoreEnvironment.shape).extend({
  CHURNOPS_EVALUATION: Request.describe('EvaluationRequest as JSON.'),
});
export type EvaluateEnvironment = z.infer<typeof EvaluateEnvironment>;

/** Environment of `server evaluate --verify`: the store. Evidence says the rest. */
export const VerifyEnvironment = z.object(StoreEnvironment.shape);
export type VerifyEnvironment = z.infer<typeof VerifyEnvironment>;

const Switch = z.enum(['true', 'false']).transform((text) => text === 'true');

const ColumnNames = z.string().transform((text, context) => {
  const parsed = z.array(z.string()).safeParse(jsonOrUndefined(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'is no JSON array of column names' });
  return z.NEVER;
});

/** Environment of `server serve`. Without a store nothing is journaled and no label is taken; predictions need none. */
export const ServeEnvironment = Identity.extend(StoreEnvironment.partial().shape).extend({
  CHURNOPS_POD: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,252}$/, 'is no name of a pod')
    .optional()
    .describe('metadata.name of the pod, for the names of what it writes; unset: the name of the host.'),
  CHURNOPS_JOURNAL_SAMPLE_PERCENT: z.coerce.number().min(0).max(100).default(100).describe('spec.journal.samplePercent.'),
  CHURNOPS_JOURNAL_FEATURES: Switch.default(true).describe('spec.journal.features.'),
  CHURNOPS_JOURNAL_REDACT: ColumnNames.default([]).describe('spec.journal.redact as a JSON array: a column may have any name.'),
  CHURNOPS_VERSION: Text,
  CHURNOPS_PACKAGE_DIGEST: Text,
  CHURNOPS_CANDIDATE_HASH: Text,
  CHURNOPS_DECISION_THRESHOLD: z.coerce.number().min(0).max(1).optional().describe('spec.serving.decisionThreshold; unset: the card\'s.'),
  CHURNOPS_EXPERIMENT_NAME: Text.optional().describe('spec.experiment.name; unset: no experiment.'),
  CHURNOPS_EXPERIMENT_CONTROL_PERCENT: z.coerce.number().min(0).max(100).optional().describe('spec.experiment.controlPercent.'),
}).refine((given) => (given.CHURNOPS_EXPERIMENT_NAME === undefined) === (given.CHURNOPS_EXPERIMENT_CONTROL_PERCENT === undefined), {
  path: ['CHURNOPS_EXPERIMENT_CONTROL_PERCENT'],
  message: 'set CHURNOPS_EXPERIMENT_NAME and CHURNOPS_EXPERIMENT_CONTROL_PERCENT, or neither',
});
export type ServeEnvironment = z.infer<typeof ServeEnvironment>;
