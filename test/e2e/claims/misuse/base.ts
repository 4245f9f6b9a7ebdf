import { ON_FAKE_NODES } from '../../fake-nodes.ts';
import { STORAGE, TELCO_REPOSITORY, VERSIONS } from '../../manifest.ts';
import type { Companions } from './changes.ts';
import type { Json } from './values.ts';

/** What every change starts from and goes back to. It sets more than it must, so that there is something to take away. */
export const BASE: Json = {
  model: { repository: TELCO_REPOSITORY, version: VERSIONS.decent },
  storage: { endpoint: STORAGE.endpoint, region: 'us-east-1', credentials: { serving: { secretRef: { name: STORAGE.secret } } } },
  serving: {
    replicas: 1,
    decisionThreshold: 0.4,
    resources: { requests: { cpu: '60m', memory: '0.25Gi' }, limits: { memory: '1Gi' } },
    scheduling: { nodeSelector: { ...ON_FAKE_NODES.nodeSelector }, tolerations: ON_FAKE_NODES.tolerations.map((toleration) => ({ ...toleration })) },
  },
  rollout: { offline: { minAUC: 0.6 }, rollbackWindow: '1m' },
};

const GATE: Json = { labels: 'Replay', replay: { dataset: 's3://churn/holdouts/telco-churn/a.csv' } };

/** Rules between fields that the shape of the schema does not tell: without these a field would only ever be refused. */
export const COMPANIONS: Companions = {
  'spec.serving.autoscaling': { 'spec.serving.replicas': null, 'spec.serving.resources.requests.cpu': '100m' },
  'spec.serving.expose': { 'spec.serving.auth': 'Token' },
  'spec.storage.volumeClaim': { 'spec.model.repository': 'file:///models/telco-churn', 'spec.storage.endpoint': null, 'spec.storage.credentials': null },
  'spec.storage.credentials.serving.serviceAccountName': { 'spec.storage.credentials.serving.secretRef': null },
  'spec.rollout.gate': { 'spec.rollout.gate': GATE },
  'spec.rollout.promotion': { 'spec.rollout.gate': GATE },
  'spec.retraining.spot.nodeSelector': { 'spec.retraining.spot.platform': 'Custom' },
  'spec.retraining.spot.tolerations': { 'spec.retraining.spot.platform': 'Custom', 'spec.retraining.spot.nodeSelector': { pool: 'spot' } },
  'spec.retention.predictions': { 'spec.labels': { horizon: '1h' } },
  'spec.batch': { 'spec.batch': [{ name: 'sample', schedule: '@weekly', input: 's3://churn/raw/cohorts/', output: 's3://churn/scores/telco-churn/' }] },
};

/**
 * Fields, with all below them, that work in time, so that no object need look different: what they do is shown by other claims and by tests.
 * A new field that shows nowhere and stands neither here nor in SpecHonoured fails the claim.
 */
export const IN_TIME: Readonly<Record<string, string>> = {
  'spec.rollout.rollbackWindow': 'how long the version before is kept, once there is one',
  'spec.rollout.supersede': 'Immediate is what happens without it to a pinned version',
  'spec.serving.auth': 'None is what happens without it; Token is told by SpecHonoured until it is there',
  'spec.model.pollInterval': 'when latest is resolved again',
  'spec.rollout.offline': 'asked of the next version',
  'spec.storage.credentials.evaluation': 'used by the next inspection, and by looks at a candidate',
  'spec.labels': 'asked of the next look at a candidate; claim shadow-live',
  'spec.rollout.canary.maxErrorPercent': 'told to stable\'s pods with the next policy; claim split',
};

/** Fields that only a model which begins with them may have, each with what shows them. */
export const FROM_THE_BEGINNING: Readonly<Record<string, string>> = { 'spec.storage.volumeClaim': 'a model stays on its kind of store; claim storage' };

/** What server-side apply itself does not take back, by the name of the change, and what takes it away. */
export const KEPT_BY_KUBERNETES: Readonly<Record<string, Readonly<{ why: string; reset: Json }>>> = {
  'spec.journal.redact Empty []': { why: 'an object that the API server filled with defaults stays, where all that was applied of it was an empty list', reset: { journal: null } },
};
