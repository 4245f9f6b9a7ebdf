import { z } from 'zod';
import { ConfigMapName, cronSchedule, durationText, rules, storeUrl, text } from './field-types.ts';
import { NodeSelector, Tolerations } from './serving.ts';

const Spot = z
  .object({
    platform: z.enum(['EKS', 'GKE', 'AKS', 'Karpenter', 'Custom']).describe('Whose spot labels and taints to use.'),
    nodeSelector: NodeSelector.describe('Custom only: labels of spot nodes.').optional(),
    tolerations: Tolerations.describe('Custom only: taints of spot nodes.').optional(),
    fallback: z.enum(['OnDemand', 'None']).default('OnDemand').describe('Where to go when spot fails.'),
    fallbackAfter: z.int32().min(1).max(20).default(3).describe('Interruptions until the fallback.'),
    maxPending: durationText('Longest wait for a spot node.').default('15m'),
  })
  .meta(
    rules(
      { rule: "self.platform != 'Custom' || has(self.nodeSelector)", message: 'platform: Custom needs nodeSelector' },
      { rule: "self.platform == 'Custom' || !(has(self.nodeSelector) || has(self.tolerations))", message: 'nodeSelector and tolerations belong to platform: Custom; the other platforms bring their own' },
    ),
  );

/** `spec.retraining`: when and how to train again. */
export const Retraining = z
  .object({
    schedule: cronSchedule('When to train.'),
    timeZone: text({ pattern: /^[A-Za-z][A-Za-z0-9_+/-]*$/, message: 'write a time zone such as Etc/UTC or Europe/Berlin', max: 64, description: 'Time zone of the schedules.' }).default('Etc/UTC'),
    prepare: z
      .object({ schedule: cronSchedule('When to clean.'), source: storeUrl('Folder with raw files.') })
      .describe('Cleans raw files into the data set.')
      .optional(),
    dataset: storeUrl('Folder with the data set.'),
    recipe: z.object({ configMap: ConfigMapName }).describe('How to train.'),
    trials: z.int32().min(1).max(10_000).default(40).describe('Tries of the hyper-parameter search.'),
    deadline: durationText('Longest time of a training.').default('4h'),
    triggers: z
      .object({
        minAUC: z.number().min(0.5).max(1).describe('Train when the weekly AUC is below this, with confidence.').optional(),
        maxDrop: z.number().min(0.001).max(0.5).describe('Train when the AUC dropped by this much since the promotion.').optional(),
        driftedFeatures: z.int32().min(1).max(1000).describe('Train when this many columns drifted.').optional(),
        cooldown: durationText('Shortest time between two triggered trainings.').default('168h'),
      })
      .describe('What else starts a training.')
      .optional(),
    spot: Spot.describe('Spot nodes and what to do without them.').optional(),
  })
  .describe('When and how to train again.');
