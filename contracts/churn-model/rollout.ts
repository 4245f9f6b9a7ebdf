import { z } from 'zod';
import { durationText, rules, storeUrl } from './field-types.ts';

/** How a gate looks: at any time, once at a lower bound, once at the estimate. */
export const GateMode = z.enum(['Anytime', 'LowerBound', 'Point']);
export type GateMode = z.infer<typeof GateMode>;

/** `spec.rollout.gate`: what a candidate must prove. */
export const Gate = z
  .object({
    minAUC: z.number().min(0.5).max(1).default(0.8).describe('Smallest ROC AUC to prove; 0.5 is chance.'),
    labels: z.enum(['Replay', 'Feedback']).describe('Replay: a labelled set sent through the candidate. Feedback: live traffic joined with labels.'),
    replay: z
      .object({ dataset: storeUrl('Labelled CSV: newer than, and unreadable to, training.') })
      .describe('The labelled set of a Replay gate.')
      .optional(),
    mode: GateMode.describe('Feedback: Anytime (default), LowerBound or Point at a preset count. Replay: LowerBound (default) or Point.').optional(),
    confidence: z.number().min(0.5).max(0.999).default(0.95).describe('Confidence of the interval.'),
    maxRegression: z.number().min(0).max(0.5).default(0.02).describe('How much AUC the candidate may lose against stable on the same customers.'),
    minPositives: z.int32().min(10).max(1_000_000).default(50).describe('Known leavers needed for a verdict.'),
    minNegatives: z.int32().min(10).max(1_000_000).default(50).describe('Known stayers needed for a verdict.'),
    interval: durationText('How often the gate is evaluated.').default('1h'),
  })
  .meta(
    rules(
      { rule: "self.labels != 'Replay' || has(self.replay)", message: 'labels: Replay needs replay.dataset' },
      { rule: "self.labels != 'Feedback' || !has(self.replay)", message: 'replay belongs to labels: Replay; remove it or change labels' },
      { rule: "self.labels != 'Replay' || !has(self.mode) || self.mode != 'Anytime'", message: 'mode: Anytime is for repeated looks; Replay looks once: use LowerBound or Point' },
    ),
  )
  .describe('What a candidate must prove before traffic moves.');
export type Gate = z.infer<typeof Gate>;

/** The mode of a gate, and what it is where none is written. */
export function gateMode({ mode, labels }: Readonly<Pick<Gate, 'mode' | 'labels'>>): GateMode {
  return mode ?? (labels === 'Feedback' ? 'Anytime' : 'LowerBound');
}

const Shadow = z
  .object({
    percent: z.number().min(0.1).max(100).default(100).describe('Share of requests that is mirrored, in percent.'),
    minDuration: durationText('Shortest time in Shadow.').default('10m'),
    deadline: durationText('Longest time in Shadow; unset: none.').optional(),
    onDeadline: z.enum(['Reject', 'Hold']).default('Reject').describe('What happens at the deadline.'),
  })
  .meta(rules({ fieldPath: '.deadline', rule: '!has(self.deadline) || duration(self.deadline) > duration(self.minDuration)', message: 'deadline must be longer than minDuration' }));

const CanaryStep = z.object({
  weight: z.int32().min(1).max(99).describe('Share of callers that the candidate answers, in percent.'),
  duration: durationText('Shortest time of the step.'),
  minRequests: z.int32().min(0).max(1_000_000_000).default(0).describe('Requests the candidate must have served in this step.'),
}).describe('A step of the canary.');

const Canary = z
  .object({
    steps: z
      .array(CanaryStep)
      .min(1)
      .max(20)
      .meta({ 'x-kubernetes-list-type': 'atomic', ...rules({ rule: 'self.map(s, s.weight).isSorted() && self.all(s, self.exists_one(o, o.weight == s.weight))', message: 'weights must grow from step to step' }) })
      .describe('Steps, by growing weight; the move to 100 is the promotion.'),
    maxErrorPercent: z.number().min(0).max(100).default(1).describe("Share of the candidate's answers that may be errors, in percent."),
    maxLatencyRatio: z.number().min(1).max(100).default(1.5).describe("Candidate's p99 over stable's, each side's own handler time."),
  })
  .describe('How callers move, step by step.');

/** `spec.rollout`: how a new version earns traffic. */
export const Rollout = z
  .object({
    offline: z
      .object({ minAUC: z.number().min(0.5).max(1).describe("Smallest test AUC of the model card; measured on the training side's test set.") })
      .describe('Asked before anything is deployed.')
      .optional(),
    shadow: Shadow.describe('How long and how much is mirrored.').optional(),
    gate: Gate.optional(),
    canary: Canary.optional(),
    promotion: z.enum(['Automatic', 'Manual']).describe('Automatic (default with a gate): the last step promotes. Manual (default without): a person does.').optional(),
    rollbackWindow: durationText('How long the previous version can come back without gates.').default('24h'),
    supersede: z.enum(['Immediate', 'AfterDecision']).describe('What a newer version does to a running rollout; default AfterDecision for `latest`, else Immediate.').optional(),
    suspend: z.boolean().default(false).describe('Hold the rollout where it is; rolling back is still allowed.'),
  })
  .meta(rules({ fieldPath: '.promotion', rule: "!has(self.promotion) || self.promotion != 'Automatic' || has(self.gate)", message: 'promotion: Automatic needs a gate; without one a person promotes' }))
  .describe('How a new version earns traffic.');
