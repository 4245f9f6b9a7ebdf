import { z } from 'zod';

/**
 * Values of the Helm chart: types and bounds. Words and defaults stand in charts/churnops/values.yaml; `npm run generate` makes
 * values.schema.json and the table of the chart's README from both, and a test holds the two together.
 */

const labels = () => z.record(z.string(), z.string());
const objects = () => z.array(z.looseObject({}));
const namespace = () => z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const logLevel = () => z.enum(['debug', 'info', 'warn', 'error']);
const seconds = () => z.int().min(1).max(3600);
/** As Prometheus reads it. */
const duration = () => z.string().regex(/^([0-9]+(h|m|s|ms))+$/);

const Resources = z.strictObject({
  requests: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  limits: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  claims: objects().optional(),
});

const any = () => z.record(z.string(), z.unknown()).optional();
const Affinity = z.strictObject({ nodeAffinity: any(), podAffinity: any(), podAntiAffinity: any() });

const Image = z.strictObject({
  repository: z.string().min(1),
  tag: z.string(),
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
});

const Monitor = z.strictObject({ enabled: z.boolean(), labels: labels(), interval: duration() });

/** The chart's values. In a file of a user every field is optional; in values.yaml each is there. */
export const ChartValues = z.strictObject({
  fullnameOverride: z.string().regex(/^([a-z]([-a-z0-9]{0,48}[a-z0-9])?)?$/),
  commonLabels: labels(),
  crds: z.strictObject({ enabled: z.boolean(), keep: z.boolean() }),
  images: z.strictObject({
    registry: z.string().regex(/^([^/].*[^/])?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(z.strictObject({ name: z.string().min(1) })),
    operator: Image,
    server: Image,
    s3: Image,
  }),
  models: z.strictObject({ logLevel: logLevel() }),
  operator: z.strictObject({
    replicas: z.int().min(0).max(5),
    logLevel: logLevel(),
    workers: z.int().min(1).max(64),
    updateStrategy: z.enum(['', 'Recreate']),
    watchNamespaces: z.array(namespace()),
    class: z.string().regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/),
    leaderElection: z.strictObject({
      enabled: z.boolean(),
      leaseName: z.string().regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$/),
      leaseDurationSeconds: seconds(),
      renewDeadlineSeconds: seconds(),
      retryPeriodSeconds: seconds(),
    }),
    resources: Resources,
    // What the operator takes at most with the default lease is 33 s: killed before, it would not give the lease back.
    terminationGracePeriodSeconds: z.int().min(35).max(600),
    disruptionBudget: z.strictObject({ enabled: z.boolean() }),
    topologySpreadConstraints: objects(),
    nodeSelector: labels(),
    tolerations: objects(),
    affinity: Affinity,
    priorityClassName: z.string(),
    podAnnotations: labels(),
    podLabels: labels(),
    extraEnv: z.array(z.looseObject({ name: z.string().min(1) })),
    extraVolumes: z.array(z.looseObject({ name: z.string().min(1) })),
    extraVolumeMounts: z.array(z.looseObject({ name: z.string().min(1), mountPath: z.string().min(1) })),
  }),
  serviceAccount: z.strictObject({ name: z.string(), create: z.boolean(), annotations: labels() }),
  rbac: z.strictObject({ create: z.boolean(), scope: z.enum(['cluster', 'namespaces']), aggregate: z.boolean() }),
  networkPolicy: z.strictObject({
    enabled: z.boolean(),
    from: objects(),
    egress: objects(),
    models: z.strictObject({ enabled: z.boolean(), monitoringNamespaces: z.array(namespace()) }),
  }),
  monitoring: z.strictObject({
    serviceMonitor: Monitor,
    podMonitor: Monitor,
    prometheusRule: z.strictObject({ enabled: z.boolean(), labels: labels(), runbookUrl: z.string().regex(/^(https?:\/\/.*[^/])?$/) }),
  }),
  s3: z.strictObject({
    enabled: z.boolean(),
    secretName: z.string().min(1).max(253),
    region: z.string().min(1),
    persistence: z.strictObject({
      enabled: z.boolean(),
      size: z.string().regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$/),
      storageClass: z.string(),
      existingClaim: z.string(),
    }),
    resources: Resources,
  }),
  extraObjects: z.array(z.looseObject({ apiVersion: z.string().min(1), kind: z.string().min(1), metadata: z.looseObject({ name: z.string().min(1) }) })),
});
export type ChartValues = z.infer<typeof ChartValues>;
