import { z } from 'zod';
import { shortHash } from '../../contracts/digest.ts';
import { ANNOTATIONS, LABELS, PATHS, PORTS, SECRETS } from '../../contracts/names.ts';
import type { VersionIdentity } from '../rollout/state.ts';
import type { Desired } from './desired.ts';
import { containerBase, identityEnvironment, modelSecretVolume, podBase, resourcesOf, storeEnvironment, variables, volumeParts } from './pod-parts.ts';
import type { EnvironmentVariable, VolumeParts } from './pod-parts.ts';
import type { Settings } from './settings.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';
import { versionRecord } from './version-record.ts';

/** 5 s of answering after SIGTERM, 20 s for calls in flight, and some room (DESIGN section 3). */
const GRACE_SECONDS = 45;
/** A large forest loads in seconds; the kubelet waits five minutes before it starts the container again. */
const STARTUP_TRIES = 300;

/** Segments of the journal take 256 MiB at most by the server's own limit; above this one the kubelet would evict the pod. */
const JOURNAL_SIZE_LIMIT = '384Mi';

/** What a pod keeps of predictions; what the model does not say is the server's to default. */
function journalEnvironment({ spec: { journal } }: Subject): readonly EnvironmentVariable[] {
  if (journal === undefined) return [];
  const { samplePercent, features, redact } = journal;
  return variables({
    CHURNOPS_JOURNAL_SAMPLE_PERCENT: samplePercent.toString(),
    CHURNOPS_JOURNAL_FEATURES: features.toString(),
    CHURNOPS_JOURNAL_REDACT: redact === undefined ? undefined : JSON.stringify(redact),
  });
}

function secretVolumes(subject: Subject) {
  return [modelSecretVolume(subject, 'feedback'), modelSecretVolume(subject, 'predictionKeys')];
}

const Mounting = z.object({ template: z.object({ spec: z.object({ volumes: z.array(z.object({ name: z.string(), secret: z.unknown().optional() })) }) }) });

/** Whether the pods of a Deployment have the Secrets about labels: those of a release before there were any have not. */
export function mountsSecrets({ spec }: Readonly<{ spec: unknown }>): boolean {
  const volumes = Mounting.safeParse(spec).data?.template.spec.volumes ?? [];
  return Object.values(SECRETS).every(({ suffix }) => volumes.some(({ name, secret }) => name === suffix && secret !== undefined));
}

function podLabels(subject: Subject, identity: VersionIdentity): Readonly<Record<string, string>> {
  return { ...childLabels(subject, 'serving'), [LABELS.hash]: shortHash(identity.hash) };
}

function probe(path: string) {
  return { httpGet: { path, port: 'control' }, timeoutSeconds: 2 };
}

function containers(subject: Subject, settings: Settings, identity: VersionIdentity, volume: VolumeParts) {
  const { serving, experiment } = subject.spec;
  const resources = resourcesOf(subject, { memoryLimit: '1Gi' });
  const secrets = secretVolumes(subject);
  const version = variables({ CHURNOPS_VERSION: identity.version, CHURNOPS_PACKAGE_DIGEST: identity.digest });
  return {
    initContainers: [
      {
        ...containerBase(settings, 'pull', 'pull'),
        env: [...identityEnvironment(subject, settings), ...storeEnvironment(subject, identity.repository, 'serving'), ...volume.environment, ...version],
        resources,
        volumeMounts: [
          { name: 'package', mountPath: PATHS.package },
          { name: 'scratch', mountPath: '/tmp' },
          ...volume.mounts,
        ],
      },
    ],
    containers: [
      {
        ...containerBase(settings, 'serve', 'serve'),
        env: [
          ...identityEnvironment(subject, settings),
          ...version,
          ...variables({
            CHURNOPS_CANDIDATE_HASH: identity.hash,
            CHURNOPS_DECISION_THRESHOLD: serving?.decisionThreshold?.toString(),
            CHURNOPS_EXPERIMENT_NAME: experiment?.name,
            CHURNOPS_EXPERIMENT_CONTROL_PERCENT: experiment?.controlPercent.toString(),
          }),
          // Journal and labels go where the version's package came from: that is where a gate looks for what its stable answered.
          ...storeEnvironment(subject, identity.repository, 'serving'),
          ...volume.environment,
          { name: 'CHURNOPS_POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ...journalEnvironment(subject),
        ],
        resources,
        ports: [
          { name: 'http', containerPort: PORTS.http, protocol: 'TCP' },
          { name: 'control', containerPort: PORTS.control, protocol: 'TCP' },
        ],
        startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: STARTUP_TRIES },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 2 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
        volumeMounts: [
          { name: 'package', mountPath: PATHS.package, readOnly: true },
          { name: 'traffic', mountPath: PATHS.traffic, readOnly: true },
          { name: 'scratch', mountPath: '/tmp' },
          { name: 'journal', mountPath: PATHS.journal },
          ...secrets.map(({ mount }) => mount),
          ...volumeParts(subject, identity.repository, 'ReadWrite').mounts,
        ],
      },
    ],
  };
}

/** Over nodes and zones where possible: a lost node must not take all pods. */
function spread(subject: Subject, labels: Readonly<Record<string, string>>) {
  const wanted = subject.spec.serving?.scheduling?.topologySpreadConstraints ?? [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ];
  return wanted.map((constraint) => ({ ...constraint, labelSelector: { matchLabels: labels } }));
}

/**
 * The Deployment of one version. `replicas` is never part of it: the operator writes them through the scale subresource (DESIGN section 3).
 * Threshold, experiment, image, resources and scheduling are not part of the hash: they roll it in place, never below its size.
 */
export function servingDeployment(subject: Subject, settings: Settings, identity: VersionIdentity): Desired {
  const labels = podLabels(subject, identity);
  const selector = { [LABELS.model]: subject.name, [LABELS.hash]: shortHash(identity.hash) };
  const annotations = { [ANNOTATIONS.version]: identity.version };
  // What serves has its package on a disk of its own: `pull` reads the volume, and `serve` writes journal and labels to it.
  const volume = volumeParts(subject, identity.repository, 'Read');
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...childMetadata(subject, shortHash(identity.hash), labels), annotations: { ...annotations, ...versionRecord(identity) } },
    spec: {
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      revisionHistoryLimit: 2,
      template: {
        metadata: { labels: { ...labels, ...volume.labels }, annotations },
        spec: {
          ...podBase(subject, settings, 'serving'),
          terminationGracePeriodSeconds: GRACE_SECONDS,
          ...containers(subject, settings, identity, volume),
          volumes: [
            ...volume.volumes,
            { name: 'package', emptyDir: {} },
            { name: 'scratch', emptyDir: {} },
            { name: 'traffic', downwardAPI: { items: [{ path: 'policy', fieldRef: { fieldPath: `metadata.annotations['${ANNOTATIONS.trafficPolicy}']` } }] } },
            { name: 'journal', emptyDir: { sizeLimit: JOURNAL_SIZE_LIMIT } },
            ...secretVolumes(subject).map((secret) => secret.volume),
          ],
          topologySpreadConstraints: spread(subject, selector),
        },
      },
    },
  };
}
