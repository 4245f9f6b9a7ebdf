import { z } from 'zod';
import { Gate, GateMode } from './churn-model/rollout.ts';
import { Labels } from './churn-model/labels.ts';
import { GateReason, GateVerdict } from './reports.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Instant = z.iso.datetime({ offset: true }).max(35);
const Url = z.string().min(1).max(1024);
const Address = z.string().max(253).regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}$/, 'write host:port');

/** A version as it was inspected. */
export const EvaluatedVersion = z.object({
  repository: Url.describe('Where its package is: spec.model.repository as it was when it was inspected.'),
  version: z.string().min(1).max(63),
  digest: Hash.describe('Package digest; another card in the store is an Error.'),
  hash: Hash.describe('Candidate hash.'),
});
export type EvaluatedVersion = z.infer<typeof EvaluatedVersion>;

/** The newest look that ended in Pass, Fail or Inconclusive, as its report told it. */
export const EarlierLook = z.object({
  at: Instant.describe('finishedAt of its report.'),
  rows: z.int().min(0).describe('candidate.rows of its report.'),
  verdict: GateVerdict.exclude(['Error', 'NotDue']),
  reason: GateReason,
});
export type EarlierLook = z.infer<typeof EarlierLook>;

/**
 * What `server evaluate` is asked, as JSON in one environment variable: everything that decides stands in it, so that the evidence file
 * repeats it word for word. One look at one candidate; the weekly look at stable will be a kind of its own.
 */
export const EvaluationRequest = z
  .object({
    schemaVersion: z.literal(1),
    kind: z.literal('Candidate'),
    candidate: EvaluatedVersion,
    stable: EvaluatedVersion.optional().describe('Absent for a first version: it is measured by itself. Feedback needs it: without it nothing is mirrored.'),
    gate: z
      .object({
        labels: Gate.shape.labels,
        mode: GateMode,
        minAUC: Gate.shape.minAUC.unwrap(),
        confidence: Gate.shape.confidence.unwrap(),
        maxRegression: Gate.shape.maxRegression.unwrap(),
        minPositives: Gate.shape.minPositives.unwrap(),
        minNegatives: Gate.shape.minNegatives.unwrap(),
      })
      .describe('spec.rollout.gate, complete: its mode as gateMode gives it.'),
    decisionThreshold: z.number().min(0).max(1).optional().describe("spec.serving.decisionThreshold; unset: each card's. For agreement only: no gate depends on it."),
    since: Instant.optional().describe("Feedback: when stable's pods were first asked to mirror to this candidate. Predictions from then on count."),
    horizonMs: z.int().min(1000).describe('spec.labels.horizon.'),
    population: Labels.shape.population.unwrap().describe('spec.labels.population.'),
    import: Labels.shape.import.optional().describe('spec.labels.import.'),
    replay: z
      .object({
        dataset: Url.describe('spec.rollout.gate.replay.dataset.'),
        candidateAddress: Address.describe("host:port of the candidate's headless Service."),
        stableAddress: Address.optional().describe('host:port of the Service that selects the stable pods; absent for a first version.'),
      })
      .optional(),
    lastLook: EarlierLook.optional().describe('Of this candidate under this gate; absent before the first, and after the gate was changed.'),
  })
  .refine(({ gate, replay, stable }) => gate.labels !== 'Replay' || (replay !== undefined && (replay.stableAddress === undefined) === (stable === undefined)), {
    path: ['replay'],
    message: 'labels: Replay needs replay, with stableAddress where there is a stable version and only there',
  })
  .refine(({ gate, since, stable }) => gate.labels !== 'Feedback' || (since !== undefined && stable !== undefined), { path: ['since'], message: 'labels: Feedback needs since and stable' })
  .refine(({ gate }) => gate.labels !== 'Replay' || gate.mode !== 'Anytime', { path: ['gate', 'mode'], message: 'Replay looks once: LowerBound or Point' });
export type EvaluationRequest = z.infer<typeof EvaluationRequest>;
