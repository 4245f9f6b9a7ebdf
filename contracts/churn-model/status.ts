import { z } from 'zod';

/** Phases of a ChurnModel (DESIGN section 4). */
export const Phase = z.enum(['Pending', 'Initializing', 'Stable', 'Shadow', 'Canary', 'Promoting', 'RolledBack']);
export type Phase = z.infer<typeof Phase>;

/** Conditions of a ChurnModel, all of positive polarity. */
export const CONDITION_TYPES = ['Ready', 'Available', 'Progressing', 'ScalingActive', 'GatePassed', 'PolicySpread', 'RetrainingScheduled', 'RetentionScheduled', 'MonitoringConfigured', 'SpecHonoured'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const Time = z.string().max(35).describe('RFC 3339.');
const HEX64 = /^[0-9a-f]{64}$/;
const Hash = z.string().max(64).regex(HEX64).describe('Candidate hash, 64 hex digits.');
const Digest = z.string().max(64).regex(HEX64).describe('Package digest, 64 hex digits.');
const Version = z.string().max(63).describe('The version: a sub-folder of the repository.');
const Message = z.string().max(1024).describe('For people; nothing branches on it.');

export const Condition = z.object({
  type: z.string().max(64).describe('What it is about; all are of positive polarity.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().min(1).max(64).describe('Why, in one word: the same in events, logs and metrics.'),
  message: Message,
  observedGeneration: z.int().min(0).describe('Generation of the spec that this is about.'),
  lastTransitionTime: Time.describe('When the status changed last; RFC 3339.'),
}).describe('One thing that holds or does not.');
export type Condition = z.infer<typeof Condition>;

/** Where an inspection stands. `key` names its inputs: another version, gate or repository is another inspection. */
export const Inspection = z.object({
  key: z.string().max(64).describe('Digest of what is inspected.'),
  attempt: z.int32().min(1).describe('Which try this is.'),
  verdict: z.enum(['Pass', 'Fail', 'Error']).describe('Of the newest finished try.').optional(),
  reason: z.string().max(64).describe('Why the newest finished try ended so, in one word.').optional(),
  code: z.string().max(64).describe('Code of the error catalogue.').optional(),
  message: Message.optional(),
  finishedAt: Time.optional(),
  nextTryAt: Time.describe('When an Error is tried again.').optional(),
  report: z.string().max(512).describe('Path of the whole report in the store.').optional(),
}).describe('Where the inspection stands.');
export type Inspection = z.infer<typeof Inspection>;

const identity = {
  repository: z.string().max(1024).describe('Where the package is.'),
  requested: Version.describe('spec.model.version as it was when this version was asked for; differs from version for `latest`.'),
  version: Version,
  digest: Digest,
  hash: Hash,
  entityColumn: z.string().max(128).describe('Column that names the customer; absent where rows have none.').optional(),
  testAUC: z.number().describe("ROC AUC on the training side's test set, from the card.").optional(),
};

/** The version that answers callers. */
export const StableVersion = z
  .object({
    ...identity,
    startedAt: Time.describe('When the Service selected it.'),
    downSince: Time.describe('Since when none of its pods has been ready; after 30 s a candidate that passed and has a ready pod takes over.').optional(),
  })
  .describe('The version that answers callers.');
export type StableVersion = z.infer<typeof StableVersion>;

const Bounds = { value: z.number().describe('The estimate.'), lower: z.number().describe('Lower bound of the interval.'), upper: z.number().describe('Upper bound of the interval.') };
const Count = z.int().min(0);

const Evidence = z.object({ path: z.string().max(512).describe('URL of the file in the store.'), sha256: z.string().max(64).regex(HEX64).describe('Digest of the file.') });

/** Where the gate stands: what it found at its newest look, and when it looks again. */
export const GateStatus = z.object({
  key: z.string().max(64).describe('Digest of what a verdict depends on; another gate asks anew.'),
  run: z.int32().min(1).describe('Looks and tries so far.'),
  runningSince: Time.describe('While a look is taken: since when.').optional(),
  nextRunAt: Time.describe('When it looks again; absent while a look is taken, and for a gate that looks once and has looked.').optional(),
  verdict: z.enum(['Pass', 'Fail', 'Inconclusive']).describe('Of the newest look; absent before the first.').optional(),
  reason: z.string().max(64).describe('Why, in one word.').optional(),
  message: Message.optional(),
  finishedAt: Time.describe("When that look ended, by its Job's clock.").optional(),
  auc: z.number().describe('Measured ROC AUC.').optional(),
  lower: z.number().describe('Lower bound of its interval.').optional(),
  upper: z.number().describe('Upper bound of its interval.').optional(),
  rows: Count.describe('Customers (or predictions, where rows name none) that were compared.').optional(),
  positives: Count.describe('Known leavers among them.').optional(),
  negatives: Count.describe('Known stayers among them.').optional(),
  difference: z.object(Bounds).describe('AUC of the candidate minus that of stable, on the same customers.').optional(),
  missing: z
    .object({ positives: Count.describe('Until minPositives.'), negatives: Count.describe('Until minNegatives.'), labels: Count.describe('About so many more decide; absent: nobody can say.').optional() })
    .describe('What an Inconclusive gate waits for.')
    .optional(),
  expectedDecisionAt: Time.describe('When it expects to decide, from the rate of labels.').optional(),
  evidence: Evidence.describe('The file behind the verdict.').optional(),
  passed: z
    .object({ at: Time.describe("When that look ended, by its Job's clock."), reason: z.string().max(64).describe('Why, in one word.'), message: Message, evidence: Evidence.describe('The file behind the Pass.').optional() })
    .describe('The look by which it passed. It stands, whatever later looks find, until one of them ends in Fail.')
    .optional(),
  failures: z.int32().min(1).describe('Tries in a row that failed since then.').optional(),
  failure: z.object({ code: z.string().max(64).describe('Code of the error catalogue.'), message: Message, at: Time.describe('When it failed.') }).describe('Why the newest try failed.').optional(),
}).describe('Where the gate stands.');
export type GateStatus = z.infer<typeof GateStatus>;

/** The version on its way. Digest and hash are known once it is inspected. */
export const CandidateVersion = z.object({
  ...identity,
  digest: identity.digest.optional(),
  hash: identity.hash.optional(),
  startedAt: Time.describe('When it was asked for; RFC 3339.'),
  deployedAt: Time.describe('When its pods were asked for, moved on by the time that something outside held them up.').optional(),
  heldAt: Time.describe('Since when something outside (store, Secret, node), or a size that is not written yet, holds its pods up; the deadline stands still.').optional(),
  heldBy: z.string().max(64).describe('Code of what holds them up; ScalingUp: all it has are ready, and it is to have more.').optional(),
  inspection: Inspection.optional(),
  readyAt: Time.describe('Beside stable: when all its pods were ready for the first time.').optional(),
  downSince: Time.describe('Beside stable: since when none of its pods has been ready, by its own fault; after 10 minutes it is rejected.').optional(),
  step: z.int32().min(1).describe('Canary step, from 1.').optional(),
  stepStartedAt: Time.describe('When the step began; RFC 3339.').optional(),
  weight: z.int32().min(0).max(100).describe('Share of callers it answers, in percent; 0: none, it is in Shadow.').optional(),
  gate: GateStatus.optional(),
}).describe('The version on its way.');
export type CandidateVersion = z.infer<typeof CandidateVersion>;

/** The version before this one; it can come back without gates until the window ends. */
export const PreviousVersion = z.object({ ...identity, replacedAt: Time.describe('When the Service left it.') }).describe('The version before; it can come back without gates until the window ends.');
export type PreviousVersion = z.infer<typeof PreviousVersion>;

/** A version that may not come back by applying the same manifest again. */
export const RejectedVersion = z.object({
  version: Version,
  hash: Hash.optional(),
  key: z.string().max(64).describe('Inspection key it was rejected under.'),
  reason: z.string().max(64).describe('Why, in one word.'),
  message: Message,
  at: Time.describe('When it was rejected; RFC 3339.'),
}).describe('A version that may not come back by applying the same manifest again.');
export type RejectedVersion = z.infer<typeof RejectedVersion>;

/** What `latest` is, and when that was found out. */
export const LatestVersion = z.object({
  key: z.string().max(64).describe('Digest of what an inspection of it depends on: gate, store, permissions.'),
  version: Version.describe('What it was when it was resolved last.'),
  checkedAt: Time.describe('When it was resolved last; RFC 3339.'),
  nextCheckAt: Time.describe('When it is resolved again; RFC 3339.'),
  failures: z.int32().min(1).describe('Tries since then that failed.').optional(),
  code: z.string().max(64).describe('Code of the error catalogue: why the last try failed.').optional(),
  message: Message.optional(),
}).describe('What spec.model.version: latest is; absent for a pinned version.');
export type LatestVersion = z.infer<typeof LatestVersion>;

const Percent = z.number().min(0).max(100);

const SIDE = { requests: Count.describe('All of them.'), errors: Count.describe('Those that failed.') };

/** What stable's pods are told about the candidate beside them, and what they make of it. */
export const TrafficStatus = z.object({
  revision: z.int().min(1).describe('Of the newest traffic policy; grows from rollout to rollout.'),
  writtenAt: Time.describe('When it was written onto the pods; RFC 3339.'),
  policy: z
    .object({
      mode: z.enum(['Shadow', 'Canary']).describe('Shadow: requests are mirrored. Canary: a share of callers gets the candidate.'),
      percent: Percent.describe('Share of requests that is mirrored, or of callers by entity, in percent.'),
      stableHash: Hash.describe('Candidate hash of the pods that it is for.'),
      candidateHash: Hash,
      candidateVersion: Version,
      candidateAddress: z.string().max(253).describe("host:port of the candidate's headless Service."),
      maxErrorPercent: Percent.describe('Share of 50 forwards that may fail before the breaker opens, in percent.'),
    })
    .describe('What it says; absent: no pod has one.')
    .optional(),
  pods: z
    .object({ asked: Count.describe('Ready pods of stable that were there when it was written; where none of those is left, all that are ready.'), following: Count.describe('Those among them that follow it.') })
    .describe('How far it has come.')
    .optional(),
  counters: z
    .object({
      at: Time.describe('When they were read; RFC 3339.'),
      own: z.object(SIDE).describe('Requests that reached the scoring of stable.'),
      candidate: z
        .object({ ...SIDE, fallbacks: Count.describe("Rows meant for the candidate that were answered with stable's score."), dropped: Count.describe('Requests that were to be mirrored and were not: too much waited.') })
        .describe('Requests that stable sent to the candidate.'),
    })
    .describe('Of this revision, over the pods that follow it; not newer than half a minute.')
    .optional(),
}).describe("What stable's pods are told about the candidate, and what they make of it.");
export type TrafficStatus = z.infer<typeof TrafficStatus>;

/** What the newest run of the retention Job ended with. */
export const RetentionRun = z.object({
  outcome: z.enum(['Done', 'Failed']).describe('Whether all that was expired is gone.'),
  reason: z.string().max(64).describe('Why, in one word.'),
  message: Message,
  startedAt: Time.describe('When its Job was made, by the clock of the API server; runs are told apart and ordered by it.').optional(),
  finishedAt: Time.describe('When it ended, by the clock of its node; RFC 3339.'),
}).describe('What the newest run of the retention Job ended with.');
export type RetentionRun = z.infer<typeof RetentionRun>;

/** `status` of a ChurnModel: it belongs to the operator, at most 32 KiB. */
export const ChurnModelStatus = z
  .object({
    observedGeneration: z.int().min(0).describe('Generation of the spec that this status is about.').optional(),
    phase: Phase.describe('Where the rollout stands.').optional(),
    message: Message.describe('What happens now and what happens next.').optional(),
    auc: z.string().max(16).describe('ROC AUC that the phase looks at: the gate\'s while a candidate is measured, else of stable, three decimals.').optional(),
    conditions: z.array(Condition).max(16).meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }).describe('What holds and what does not.').optional(),
    stable: StableVersion.optional(),
    candidate: CandidateVersion.optional(),
    previous: PreviousVersion.optional(),
    latest: LatestVersion.optional(),
    traffic: TrafficStatus.optional(),
    rejected: z.array(RejectedVersion).max(10).meta({ 'x-kubernetes-list-type': 'atomic' }).describe('Newest first, at most ten.').optional(),
    retention: RetentionRun.optional(),
  })
  .describe('What is. Written by the operator.');
export type ChurnModelStatus = z.infer<typeof ChurnModelStatus>;
