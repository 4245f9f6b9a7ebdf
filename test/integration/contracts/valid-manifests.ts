import { API_VERSION } from '../../../contracts/names.ts';
import type { DesiredObject } from '../../../operator/runtime/kube-object.ts';
import type { ModelManifest, SpecText } from '../../e2e/manifest.ts';

const named = (name: string, spec: SpecText): ModelManifest => ({ apiVersion: API_VERSION, kind: 'ChurnModel', metadata: { name }, spec });

/** The smallest manifest that a user would write: README.md shows it, and every invalid one is this with one change. */
export const tenLines: ModelManifest = named('telco-churn', {
  model: { repository: 's3://churn/models/telco-churn', version: '20261001-0300' },
  storage: { endpoint: 'http://s3.churnops:7070', credentials: { serving: { secretRef: { name: 'churn-storage' } } } },
});

/** Every field that there is, as the design shows it. */
export const everyField: ModelManifest = named('telco-churn', {
  model: { repository: 's3://churn/models/telco-churn', version: '20261101-0300', pollInterval: '1h' },
  storage: {
    endpoint: 'http://s3.churnops:7070',
    region: 'us-east-1',
    credentials: { serving: { secretRef: { name: 'churn-storage' } }, evaluation: {}, training: {} },
  },
  serving: {
    replicas: 2,
    decisionThreshold: 0.42,
    resources: {},
    scheduling: { nodeSelector: {}, tolerations: [], affinity: {}, topologySpreadConstraints: [], priorityClassName: '' },
    expose: { parentRefs: [], hostnames: [] },
    auth: 'Token',
  },
  journal: { samplePercent: 100, features: true, redact: [] },
  labels: {
    horizon: '720h',
    import: { prefix: 's3://churn/outcomes/', idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'date' },
    population: 'All',
  },
  rollout: {
    offline: { minAUC: 0.8 },
    shadow: { percent: 100, minDuration: '10m', deadline: '72h', onDeadline: 'Reject' },
    gate: {
      minAUC: 0.8,
      labels: 'Replay',
      replay: { dataset: 's3://churn/holdouts/telco-churn/labelled.csv' },
      mode: 'LowerBound',
      confidence: 0.95,
      maxRegression: 0.02,
      minPositives: 50,
      minNegatives: 50,
      interval: '1h',
    },
    canary: {
      steps: [
        { weight: 5, duration: '10m', minRequests: 100 },
        { weight: 25, duration: '30m' },
        { weight: 50, duration: '1h' },
      ],
      maxErrorPercent: 1,
      maxLatencyRatio: 1.5,
    },
    promotion: 'Automatic',
    rollbackWindow: '24h',
    supersede: 'Immediate',
    suspend: false,
  },
  retraining: {
    schedule: '0 3 1 * *',
    timeZone: 'Etc/UTC',
    prepare: { schedule: '0 1 * * 0', source: 's3://churn/raw/telco-churn/' },
    dataset: 's3://churn/datasets/telco-churn/',
    recipe: { configMap: 'telco-churn-recipe' },
    trials: 40,
    deadline: '4h',
    triggers: { minAUC: 0.8, maxDrop: 0.05, driftedFeatures: 3, cooldown: '168h' },
    spot: { platform: 'Karpenter', fallback: 'OnDemand', fallbackAfter: 3, maxPending: '15m' },
  },
  monitoring: {
    evaluation: { schedule: '0 6 * * 1', window: '672h' },
    drift: { warn: 0.1, act: 0.2, window: '24h' },
    fairness: { columns: ['gender', 'SeniorCitizen'], maxDifference: 0.1 },
    business: { contactCost: '5', conversionValue: '120', currency: 'USD', monthlyBudget: '165', prices: { configMap: 'node-prices' } },
    alerts: {
      pagerDuty: { secretRef: { name: 'pagerduty' } },
      slack: { secretRef: { name: 'slack' }, channel: '#churn-alerts' },
      jira: { url: 'https://example.atlassian.net', project: 'CHURN', secretRef: { name: 'jira' } },
    },
  },
  retention: { raw: '2160h', predictions: '9600h', evaluations: '43800h' },
  experiment: { name: 'q4', controlPercent: 10 },
  batch: [
    { name: 'weekly-cohort', schedule: '0 5 * * 1', input: 's3://churn/raw/cohorts/', output: 's3://churn/scores/telco-churn/', select: { minProbability: 0.42 } },
  ],
});

/** A field of an accepted object that nobody wrote. */
export type DefaultedField = Readonly<{ path: string; value: unknown }>;

/** An accepted manifest, and fields of the answer that it left out. */
export type ValidManifest = Readonly<{ name: string; manifest: DesiredObject; defaults: readonly DefaultedField[] }>;

/** Accepted, each with the defaults that come back. */
export const validManifests: readonly ValidManifest[] = [
  { name: 'ten lines', manifest: tenLines, defaults: [] },
  { name: 'every field', manifest: everyField, defaults: [{ path: 'spec.rollout.canary.steps.1.minRequests', value: 0 }] },
  {
    name: 'empty objects are filled',
    manifest: named('filled', {
      ...tenLines.spec,
      serving: {},
      journal: {},
      labels: {},
      rollout: { shadow: {}, gate: { labels: 'Feedback' }, canary: { steps: [{ weight: 10, duration: '1m' }] } },
      retraining: { schedule: '@monthly', dataset: 's3://churn/datasets/telco/', recipe: { configMap: 'recipe' }, triggers: {}, spot: { platform: 'EKS' } },
      monitoring: { evaluation: { schedule: '0 6 * * 1' }, drift: {}, fairness: { columns: ['gender'] }, business: {} },
    }),
    defaults: [
      { path: 'spec.serving.auth', value: 'None' },
      { path: 'spec.journal.samplePercent', value: 100 },
      { path: 'spec.journal.features', value: true },
      { path: 'spec.labels.horizon', value: '720h' },
      { path: 'spec.labels.population', value: 'All' },
      { path: 'spec.rollout.rollbackWindow', value: '24h' },
      { path: 'spec.rollout.suspend', value: false },
      { path: 'spec.rollout.shadow.percent', value: 100 },
      { path: 'spec.rollout.shadow.minDuration', value: '10m' },
      { path: 'spec.rollout.shadow.onDeadline', value: 'Reject' },
      { path: 'spec.rollout.gate.minAUC', value: 0.8 },
      { path: 'spec.rollout.gate.confidence', value: 0.95 },
      { path: 'spec.rollout.gate.maxRegression', value: 0.02 },
      { path: 'spec.rollout.gate.minPositives', value: 50 },
      { path: 'spec.rollout.gate.interval', value: '1h' },
      { path: 'spec.rollout.canary.maxErrorPercent', value: 1 },
      { path: 'spec.rollout.canary.maxLatencyRatio', value: 1.5 },
      { path: 'spec.retraining.timeZone', value: 'Etc/UTC' },
      { path: 'spec.retraining.trials', value: 40 },
      { path: 'spec.retraining.deadline', value: '4h' },
      { path: 'spec.retraining.triggers.cooldown', value: '168h' },
      { path: 'spec.retraining.spot.fallback', value: 'OnDemand' },
      { path: 'spec.retraining.spot.maxPending', value: '15m' },
      { path: 'spec.monitoring.evaluation.window', value: '672h' },
      { path: 'spec.monitoring.drift.act', value: 0.2 },
      { path: 'spec.monitoring.fairness.maxDifference', value: 0.1 },
      { path: 'spec.monitoring.business.currency', value: 'USD' },
    ],
  },
  {
    name: 'latest on a volume',
    manifest: named('on-a-volume', {
      model: { repository: 'file:///models/telco-churn', version: 'latest', pollInterval: '30s' },
      storage: { volumeClaim: { claimName: 'models' } },
    }),
    defaults: [],
  },
  {
    name: 'autoscaled',
    manifest: named('autoscaled', {
      ...tenLines.spec,
      serving: { autoscaling: { minReplicas: 2, maxReplicas: 8 }, resources: { requests: { cpu: '200m', memory: '256Mi' } } },
    }),
    defaults: [{ path: 'spec.serving.autoscaling.targetCPUUtilizationPercentage', value: 70 }],
  },
  {
    name: 'spot nodes of one\'s own',
    manifest: named('custom-spot', {
      ...tenLines.spec,
      retraining: {
        schedule: '0 3 1 * *',
        dataset: 's3://churn/datasets/telco/',
        recipe: { configMap: 'recipe' },
        spot: { platform: 'Custom', nodeSelector: { pool: 'spot' }, tolerations: [{ key: 'spot', operator: 'Exists', effect: 'NoSchedule' }] },
      },
    }),
    defaults: [{ path: 'spec.retraining.spot.fallbackAfter', value: 3 }],
  },
];
