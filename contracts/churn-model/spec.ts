import { z } from 'zod';
import { rules } from './field-types.ts';
import { Batch, Experiment, Journal, Labels, Retention } from './labels.ts';
import { Model, Storage } from './model.ts';
import { Monitoring } from './monitoring.ts';
import { Retraining } from './retraining.ts';
import { Rollout } from './rollout.ts';
import { Serving } from './serving.ts';

const horizon = "duration(has(self.labels) ? self.labels.horizon : '720h')";

/** `spec` of a ChurnModel (DESIGN section 2.1). It belongs to the user: the operator never writes it. */
export const ChurnModelSpec = z
  .object({
    model: Model,
    storage: Storage.optional(),
    serving: Serving.optional(),
    journal: Journal.optional(),
    labels: Labels.optional(),
    rollout: Rollout.optional(),
    retraining: Retraining.optional(),
    monitoring: Monitoring.optional(),
    retention: Retention.optional(),
    experiment: Experiment.optional(),
    batch: z.array(Batch).max(16).meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }).describe('Scheduled scoring of files.').optional(),
  })
  .meta(
    rules(
      {
        rule: "!self.model.repository.startsWith('file://') || (has(self.storage) && has(self.storage.volumeClaim))",
        fieldPath: '.model.repository',
        message: 'model.repository is on file://: name the claim in storage.volumeClaim',
      },
      {
        rule: "self.model.repository.startsWith('file://') || !has(self.storage) || !has(self.storage.volumeClaim)",
        fieldPath: '.storage.volumeClaim',
        message: 'storage.volumeClaim is for a file:// repository; use endpoint and credentials for s3://',
      },
      {
        rule: "self.model.repository.startsWith('file://') == oldSelf.model.repository.startsWith('file://')",
        fieldPath: '.model.repository',
        message: 'model.repository stays on its kind of store, s3:// or file://: pods of the stable version still fetch their package from there. Make a second ChurnModel and let callers change',
      },
      {
        rule: `!has(self.rollout) || !has(self.rollout.gate) || self.rollout.gate.labels != 'Feedback' || !has(self.rollout.shadow) || !has(self.rollout.shadow.deadline) || duration(self.rollout.shadow.deadline) > ${horizon} + duration(self.rollout.shadow.minDuration)`,
        fieldPath: '.rollout.shadow.deadline',
        message: 'labels: Feedback needs rollout.shadow.deadline longer than labels.horizon + rollout.shadow.minDuration (720h + 10m by default), or no label matures in time',
      },
      {
        rule: `!has(self.retention) || !has(self.retention.predictions) || duration(self.retention.predictions) > ${horizon}`,
        fieldPath: '.retention.predictions',
        message: 'retention.predictions must be longer than labels.horizon (720h by default), or predictions are gone before their label is known',
      },
      {
        rule: `!has(self.retention) || !has(self.retention.predictions) || !has(self.monitoring) || !has(self.monitoring.evaluation) || duration(self.retention.predictions) > ${horizon} + duration(self.monitoring.evaluation.window)`,
        fieldPath: '.retention.predictions',
        message: 'retention.predictions must be longer than labels.horizon + monitoring.evaluation.window (720h + 672h by default), or evaluations find less than their window',
      },
    ),
  )
  .describe('What is wanted.');
export type ChurnModelSpec = z.infer<typeof ChurnModelSpec>;
