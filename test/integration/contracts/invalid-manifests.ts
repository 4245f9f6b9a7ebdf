import { z } from 'zod';
import type { DesiredObject } from '../../../operator/runtime/kube-object.ts';
import { tenLines } from './valid-manifests.ts';

/** One change to the ten-line manifest, and what the API server must say of it. */
export type InvalidManifest = Readonly<{
  name: string;
  /** Dotted path from the top of the object; undefined takes the field away. */
  change: Readonly<Record<string, unknown>>;
  /** All that the API server says: the field, and what to do about it. */
  refusal: string;
}>;

const shadow = { labels: 'Feedback' };
const training = { schedule: '0 3 1 * *', dataset: 's3://churn/datasets/telco/', recipe: { configMap: 'recipe' } };
const batch = { name: 'weekly', schedule: '0 5 * * 1', input: 's3://churn/in/', output: 's3://churn/out/' };
const autoscaling = { minReplicas: 2, maxReplicas: 4 };

export const invalidManifests: readonly InvalidManifest[] = [
  // Names
  { name: 'a name of 41 characters', change: { 'metadata.name': 'a'.repeat(41) }, refusal: 'metadata.name: use at most 40 characters, children add to it' },
  { name: 'a name that no Service can have', change: { 'metadata.name': '1-telco' }, refusal: 'metadata.name: start with a letter and use lower-case letters, digits and - only; it becomes the name of a Service' },
  // model
  { name: 'no spec', change: { spec: undefined }, refusal: 'spec: Required value' },
  { name: 'no model', change: { 'spec.model': undefined }, refusal: 'spec.model: Required value' },
  { name: 'no version', change: { 'spec.model.version': undefined }, refusal: 'spec.model.version: Required value' },
  { name: 'a repository that is a web page', change: { 'spec.model.repository': 'https://churn/models' }, refusal: 'spec.model.repository: write s3://bucket/prefix or file:///folder' },
  { name: 'a bucket in capitals', change: { 'spec.model.repository': 's3://Churn/models' }, refusal: 'spec.model.repository: write s3://bucket/prefix or file:///folder' },
  { name: 'a version that climbs out of the repository', change: { 'spec.model.version': '../other' }, refusal: 'spec.model.version: write the name of a sub-folder of the repository (letters, digits, . _ -), or latest' },
  { name: 'a version that YAML read as a number', change: { 'spec.model.version': 20_261_001 }, refusal: 'spec.model.version: spec.model.version in body must be of type string: "integer"' },
  { name: 'polling all the time', change: { 'spec.model.version': 'latest', 'spec.model.pollInterval': '9s' }, refusal: 'spec.model.pollInterval: must be at least 10s' },
  { name: 'a way out of the volume', change: { 'spec.model.repository': 'file:///models/../secrets', 'spec.storage': { volumeClaim: { claimName: 'models' } } }, refusal: 'spec.model.repository: write the path without . and ..' },
  { name: 'a duration in days', change: { 'spec.model.version': 'latest', 'spec.model.pollInterval': '1d' }, refusal: 'spec.model.pollInterval: write a duration such as 30s, 10m, 1h30m or 720h' },
  // storage
  { name: 'an endpoint without scheme', change: { 'spec.storage.endpoint': 's3.churnops:7070' }, refusal: 'spec.storage.endpoint: write http://host:port or https://host, without a path' },
  { name: 'an endpoint with a path', change: { 'spec.storage.endpoint': 'http://s3.churnops:7070/churn' }, refusal: 'spec.storage.endpoint: write http://host:port or https://host, without a path' },
  { name: 'two kinds of credentials', change: { 'spec.storage.credentials.serving.serviceAccountName': 'reader' }, refusal: 'spec.storage.credentials.serving: set secretRef or serviceAccountName, not both' },
  { name: 'a Secret of another namespace', change: { 'spec.storage.credentials.serving.secretRef.name': 'other/secret' }, refusal: 'spec.storage.credentials.serving.secretRef.name: write the name of an object in the same namespace: lower-case letters, digits, - and .' },
  { name: 'a volume and an endpoint', change: { 'spec.model.repository': 'file:///models/telco', 'spec.storage.volumeClaim': { claimName: 'models' } }, refusal: 'spec.storage: volumeClaim is for file://, endpoint and credentials are for s3://; set one side only' },
  { name: 'file:// without a volume', change: { 'spec.model.repository': 'file:///models/telco' }, refusal: 'spec.model.repository: model.repository is on file://: name the claim in storage.volumeClaim' },
  { name: 'a volume for s3://', change: { 'spec.storage': { volumeClaim: { claimName: 'models' } } }, refusal: 'spec.storage.volumeClaim: storage.volumeClaim is for a file:// repository; use endpoint and credentials for s3://' },
  // serving
  { name: 'replicas and autoscaling', change: { 'spec.serving': { replicas: 2, autoscaling, resources: { requests: { cpu: '1' } } } }, refusal: 'spec.serving: set replicas or autoscaling, not both' },
  { name: 'autoscaling without a CPU request', change: { 'spec.serving': { autoscaling } }, refusal: 'spec.serving.autoscaling: autoscaling needs resources.requests.cpu, which the utilisation is a share of' },
  { name: 'autoscaling by a share of nothing', change: { 'spec.serving': { autoscaling, resources: { requests: { cpu: '0' } } } }, refusal: 'spec.serving.autoscaling: autoscaling needs resources.requests.cpu above 0, which the utilisation is a share of' },
  { name: 'an amount that is none', change: { 'spec.serving': { resources: { requests: { cpu: 'banana' } } } }, refusal: 'spec.serving.resources.requests: write quantities such as 200m, 500m, 256Mi or 1Gi' },
  { name: 'autoscaling upside down', change: { 'spec.serving': { autoscaling: { minReplicas: 4, maxReplicas: 2 }, resources: { requests: { cpu: '1' } } } }, refusal: 'spec.serving.autoscaling.minReplicas: minReplicas must not be larger than maxReplicas' },
  { name: 'fewer than no pods', change: { 'spec.serving.replicas': -1 }, refusal: 'spec.serving.replicas: spec.serving.replicas in body should be greater than or equal to 0' },
  { name: 'a threshold in percent', change: { 'spec.serving.decisionThreshold': 42 }, refusal: 'spec.serving.decisionThreshold: spec.serving.decisionThreshold in body should be less than or equal to 1' },
  { name: 'exposed without a token', change: { 'spec.serving.expose': { parentRefs: [{ name: 'gateway' }] } }, refusal: 'spec.serving.expose: expose needs auth: Token' },
  { name: 'an unknown way to authenticate', change: { 'spec.serving.auth': 'Basic' }, refusal: 'spec.serving.auth: Unsupported value: "Basic": supported values: "None", "Token"' },
  { name: 'a host name with a scheme', change: { 'spec.serving': { auth: 'Token', expose: { parentRefs: [], hostnames: ['https://churn.example.com'] } } }, refusal: 'spec.serving.expose.hostnames[0]: write a host name such as churn.example.com' },
  // rollout
  { name: 'Replay without a data set', change: { 'spec.rollout.gate': { labels: 'Replay' } }, refusal: 'spec.rollout.gate: labels: Replay needs replay.dataset' },
  { name: 'Replay that looks anytime', change: { 'spec.rollout.gate': { labels: 'Replay', mode: 'Anytime', replay: { dataset: 's3://churn/holdout.csv' } } }, refusal: 'spec.rollout.gate: mode: Anytime is for repeated looks; Replay looks once: use LowerBound or Point' },
  { name: 'Feedback with a replay set', change: { 'spec.rollout.gate': { labels: 'Feedback', replay: { dataset: 's3://churn/holdout.csv' } } }, refusal: 'spec.rollout.gate: replay belongs to labels: Replay; remove it or change labels' },
  { name: 'a gate without labels', change: { 'spec.rollout.gate': { minAUC: 0.8 } }, refusal: 'spec.rollout.gate.labels: Required value' },
  { name: 'a gate below chance', change: { 'spec.rollout.gate': { ...shadow, minAUC: 0.4 } }, refusal: 'spec.rollout.gate.minAUC: spec.rollout.gate.minAUC in body should be greater than or equal to 0.5' },
  { name: 'Feedback with a deadline before labels mature', change: { 'spec.rollout': { gate: shadow, shadow: { deadline: '72h' } } }, refusal: 'spec.rollout.shadow.deadline: labels: Feedback needs rollout.shadow.deadline longer than labels.horizon + rollout.shadow.minDuration (720h + 10m by default), or no label matures in time' },
  { name: 'a deadline before the shortest time', change: { 'spec.rollout.shadow': { minDuration: '1h', deadline: '30m' } }, refusal: 'spec.rollout.shadow.deadline: deadline must be longer than minDuration' },
  { name: 'canary weights that fall', change: { 'spec.rollout.canary': { steps: [{ weight: 50, duration: '1m' }, { weight: 5, duration: '1m' }] } }, refusal: 'spec.rollout.canary.steps: weights must grow from step to step' },
  { name: 'a canary step of 100', change: { 'spec.rollout.canary': { steps: [{ weight: 100, duration: '1m' }] } }, refusal: 'spec.rollout.canary.steps[0].weight: spec.rollout.canary.steps[0].weight in body should be less than or equal to 99' },
  { name: 'a canary without steps', change: { 'spec.rollout.canary': { steps: [] } }, refusal: 'spec.rollout.canary.steps: spec.rollout.canary.steps in body should have at least 1 items' },
  { name: 'automatic promotion without a gate', change: { 'spec.rollout.promotion': 'Automatic' }, refusal: 'spec.rollout.promotion: promotion: Automatic needs a gate; without one a person promotes' },
  // retraining, monitoring and the rest
  { name: 'a schedule of six fields', change: { 'spec.retraining': { ...training, schedule: '0 0 3 1 * *' } }, refusal: 'spec.retraining.schedule: write a cron schedule of five fields, such as "0 3 1 * *" (minute hour day month weekday)' },
  { name: 'spot nodes of one\'s own without labels', change: { 'spec.retraining': { ...training, spot: { platform: 'Custom' } } }, refusal: 'spec.retraining.spot: platform: Custom needs nodeSelector' },
  { name: 'labels of spot nodes beside a known platform', change: { 'spec.retraining': { ...training, spot: { platform: 'EKS', nodeSelector: { pool: 'spot' } } } }, refusal: 'spec.retraining.spot: nodeSelector and tolerations belong to platform: Custom; the other platforms bring their own' },
  { name: 'drift that acts before it warns', change: { 'spec.monitoring.drift': { warn: 0.3, act: 0.2 } }, refusal: 'spec.monitoring.drift: warn must be smaller than act' },
  { name: 'money as a number with a currency sign', change: { 'spec.monitoring.business.contactCost': '$5' }, refusal: 'spec.monitoring.business.contactCost: write an amount as text, such as "5" or "165.50"' },
  { name: 'a channel without its sign', change: { 'spec.monitoring.alerts.slack': { secretRef: { name: 'slack' }, channel: 'churn alerts' } }, refusal: 'spec.monitoring.alerts.slack.channel: write a channel such as #churn-alerts' },
  { name: 'raw data deleted within the day', change: { 'spec.retention.raw': '23h' }, refusal: 'spec.retention.raw: must be at least 24h' },
  { name: 'predictions deleted before they are evaluated', change: { 'spec.retention.predictions': '1000h', 'spec.monitoring.evaluation': { schedule: '0 6 * * 1' } }, refusal: 'spec.retention.predictions: retention.predictions must be longer than labels.horizon + monitoring.evaluation.window (720h + 672h by default), or evaluations find less than their window' },
  { name: 'predictions deleted before their label is known', change: { 'spec.retention.predictions': '24h' }, refusal: 'spec.retention.predictions: retention.predictions must be longer than labels.horizon (720h by default), or predictions are gone before their label is known' },
  { name: 'a control group of everybody', change: { 'spec.experiment': { name: 'q4', controlPercent: 100 } }, refusal: 'spec.experiment.controlPercent: spec.experiment.controlPercent in body should be less than or equal to 50' },
  { name: 'scores into the input folder', change: { 'spec.batch': [{ ...batch, output: batch.input }] }, refusal: 'spec.batch[0]: output must not be the input folder' },
  { name: 'two batches of one name', change: { 'spec.batch': [batch, batch] }, refusal: 'spec.batch[1]: Duplicate value: {"name":"weekly"}' },
  { name: 'a field that does not exist', change: { 'spec.serving.replica': 2 }, refusal: 'unknown field "spec.serving.replica"' },
];

const Fields = z.record(z.string(), z.unknown());
const Manifest = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }) });

/** The ten-line manifest with the row's change. */
export function changed(row: InvalidManifest): DesiredObject {
  let object = Fields.parse(structuredClone(tenLines));
  for (const [path, value] of Object.entries(row.change)) object = withField(object, path.split('.'), value);
  return Manifest.parse(object);
}

function withField(object: Readonly<Record<string, unknown>>, [first = '', ...rest]: readonly string[], value: unknown): Record<string, unknown> {
  const inner = rest.length === 0 ? value : withField(Fields.parse(object[first] ?? {}), rest, value);
  return Object.fromEntries(Object.entries({ ...object, [first]: inner }).filter(([, member]) => member !== undefined));
}
