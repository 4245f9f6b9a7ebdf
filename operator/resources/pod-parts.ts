import { LABELS, PATHS, SECRETS } from '../../contracts/names.ts';
import { sha256Hex } from '../../contracts/digest.ts';
import type { Settings } from './settings.ts';
import { childName, type Subject } from './subject.ts';

/** User and group of every container; the images know no other. */
const NON_ROOT = 65_532;

/** Pod security of the restricted standard. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: NON_ROOT,
  runAsGroup: NON_ROOT,
  fsGroup: NON_ROOT,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** Container security of the restricted standard. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

/** One environment variable. */
export type EnvironmentVariable = Readonly<{
  name: string;
  value?: string;
  valueFrom?: Readonly<{ secretKeyRef: Readonly<{ name: string; key: string; optional?: boolean }> }> | Readonly<{ fieldRef: Readonly<{ fieldPath: string }> }>;
}>;

/** Variables from a record; undefined ones are left out. */
export function variables(record: Readonly<Record<string, string | undefined>>): readonly EnvironmentVariable[] {
  return Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/** Who asks the store: empty credentials are serving's (DESIGN section 2.1). */
export type StorePurpose = 'serving' | 'evaluation' | 'training';

function credentialsFor(subject: Subject, purpose: StorePurpose) {
  const all = subject.spec.storage?.credentials;
  const own = all?.[purpose];
  return own?.secretRef === undefined && own?.serviceAccountName === undefined ? all?.serving : own;
}

/** Store address and keys; the keys stay in the Secret. */
export function storeEnvironment(subject: Subject, repository: string, purpose: StorePurpose): readonly EnvironmentVariable[] {
  const { storage } = subject.spec;
  const secret = credentialsFor(subject, purpose)?.secretRef?.name;
  const key = (name: string, optional: boolean): EnvironmentVariable[] =>
    secret === undefined ? [] : [{ name, valueFrom: { secretKeyRef: { name: secret, key: name, ...(optional ? { optional } : {}) } } }];
  return [
    ...variables({ CHURNOPS_REPOSITORY: repository, CHURNOPS_STORE_ENDPOINT: storage?.endpoint, CHURNOPS_STORE_REGION: storage?.region }),
    ...key('AWS_ACCESS_KEY_ID', false),
    ...key('AWS_SECRET_ACCESS_KEY', false),
    ...key('AWS_SESSION_TOKEN', true),
  ];
}

/** Whether a repository is on a mounted volume. */
export function isOnVolume(repository: string): boolean {
  return repository.startsWith('file://');
}

/** Name of the volume in a pod. */
const VOLUME = 'models';

/** What a pod needs for a repository on a volume claim; nothing for s3://, whose pods must not change. */
export type VolumeParts = Readonly<{
  environment: readonly EnvironmentVariable[];
  volumes: readonly Readonly<Record<string, unknown>>[];
  mounts: readonly Readonly<{ name: string; mountPath: string; readOnly?: boolean }>[];
  labels: Readonly<Record<string, string>>;
}>;

/**
 * The claim of a file:// repository, mounted. Read-only is said of the mount alone: said of the volume, the kubelet would not hand its
 * files to the group of our pods (fsGroup), and one claim would be mounted in two ways on one node.
 */
export function volumeParts(subject: Subject, repository: string, access: 'Read' | 'ReadWrite'): VolumeParts {
  const claim = subject.spec.storage?.volumeClaim?.claimName;
  if (claim === undefined || !isOnVolume(repository)) return { environment: [], volumes: [], mounts: [], labels: {} };
  return {
    environment: variables({ CHURNOPS_VOLUME: PATHS.volume }),
    volumes: [{ name: VOLUME, persistentVolumeClaim: { claimName: claim } }],
    mounts: [{ name: VOLUME, mountPath: PATHS.volume, ...(access === 'Read' ? { readOnly: true } : {}) }],
    labels: { [LABELS.claim]: claimLabel(claim) },
  };
}

/** A claim's name may be longer than a label value; such ones are told apart by a digest. */
function claimLabel(claim: string): string {
  return claim.length <= 63 ? claim : sha256Hex(claim).slice(0, 32);
}

/** Whether all pods must be on the node where their volume is. */
export function isBoundToOneNode({ spec }: Subject): boolean {
  return spec.storage?.volumeClaim !== undefined && isOnVolume(spec.model.repository) && spec.serving?.scheduling?.affinity === undefined;
}

/**
 * A volume that is attached to one node (ReadWriteOnce) can be read on that node only: all pods with the claim go where the first one is.
 * `spec.serving.scheduling.affinity`, `{}` too, takes the place of this: for claims that many nodes may mount.
 */
function besideTheVolume(subject: Subject): Readonly<Record<string, unknown>> {
  const claim = subject.spec.storage?.volumeClaim?.claimName;
  if (claim === undefined || !isBoundToOneNode(subject)) return {};
  const sameClaim = { labelSelector: { matchLabels: { [LABELS.claim]: claimLabel(claim) } }, topologyKey: 'kubernetes.io/hostname' };
  return { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [sameClaim] } } };
}

/** ServiceAccount of a pod: the one that the cloud maps to a role, else the model's own, which may do nothing. */
export function serviceAccountFor(subject: Subject, purpose: StorePurpose): string {
  return credentialsFor(subject, purpose)?.serviceAccountName ?? subject.name;
}

/** Whether some pod runs under the model's own account; an account of that name that the user names is theirs. */
export function needsOwnAccount(subject: Subject): boolean {
  const named = (['serving', 'evaluation'] as const).map((purpose) => credentialsFor(subject, purpose)?.serviceAccountName);
  return named.includes(undefined) && !named.includes(subject.name);
}

/** Where pods run, as `spec.serving.scheduling` says; also the pods that only look at a package. */
export function placement(subject: Subject) {
  const { nodeSelector, tolerations, affinity, priorityClassName } = subject.spec.serving?.scheduling ?? {};
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(affinity === undefined ? besideTheVolume(subject) : { affinity }),
    ...(priorityClassName === undefined || priorityClassName === '' ? {} : { priorityClassName }),
  };
}

/** What every pod of ours has in common. */
export function podBase(subject: Subject, settings: Settings, purpose: StorePurpose) {
  return {
    serviceAccountName: serviceAccountFor(subject, purpose),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Large volumes are handed over to our group once, not at every mount.
    securityContext: isOnVolume(subject.spec.model.repository) ? { ...POD_SECURITY, fsGroupChangePolicy: 'OnRootMismatch' } : POD_SECURITY,
    ...(settings.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) }),
    ...placement(subject),
  };
}

/** Variables every process of ours reads. */
export function identityEnvironment(subject: Subject, settings: Settings): readonly EnvironmentVariable[] {
  return variables({ CHURNOPS_NAMESPACE: subject.namespace, CHURNOPS_MODEL: subject.name, CHURNOPS_LOG_LEVEL: settings.logLevel });
}

type Resources = NonNullable<NonNullable<Subject['spec']['serving']>['resources']>;

/** Resources of what loads the package. A resource of which request or limit is given keeps just that, or a default could contradict it. */
export function resourcesOf({ spec }: Subject, { memoryLimit }: Readonly<{ memoryLimit: string }>): Resources {
  const { requests, limits } = spec.serving?.resources ?? {};
  const isSaid = (name: string): boolean => requests?.[name] !== undefined || limits?.[name] !== undefined;
  const missing = (defaults: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(defaults).filter(([name]) => !isSaid(name)));
  return { requests: { ...missing({ cpu: '100m', memory: '256Mi' }), ...requests }, limits: { ...missing({ memory: memoryLimit }), ...limits } };
}

/** What every container of ours has in common. */
export function containerBase(settings: Settings, name: string, command: 'serve' | 'pull' | 'inspect' | 'evaluate' | 'retain') {
  return {
    name,
    image: settings.serverImage,
    imagePullPolicy: settings.imagePullPolicy,
    args: [command],
    securityContext: CONTAINER_SECURITY,
    terminationMessagePath: PATHS.terminationMessage,
    // Only what the program writes: logs must not pass for a report.
    terminationMessagePolicy: 'File',
  } as const;
}

/** A volume and where a container has it. */
export type MountedVolume = Readonly<{ volume: Readonly<Record<string, unknown>>; mount: Readonly<{ name: string; mountPath: string; readOnly?: boolean }> }>;

/** A Secret of the model as a folder. It need not be there: predictions go on without, and a rotation restarts nothing. */
export function modelSecretVolume(subject: Subject, which: keyof typeof SECRETS): MountedVolume {
  const { suffix } = SECRETS[which];
  return {
    volume: { name: suffix, secret: { secretName: modelSecretName(subject, which), optional: true } },
    mount: { name: suffix, mountPath: which === 'feedback' ? PATHS.feedback : PATHS.predictionKeys, readOnly: true },
  };
}

/** Name of a Secret of the model, as pods and applications mount it. */
export function modelSecretName(subject: Pick<Subject, 'name'>, which: keyof typeof SECRETS): string {
  return childName(subject, SECRETS[which].suffix);
}

/** The pod of a Job that looks at or after the store: once, as who evaluates, with the repository's volume where there is one. */
export function jobPod(subject: Subject, settings: Settings, job: Readonly<{ name: 'inspect' | 'evaluate' | 'retain'; repository: string; labels: Readonly<Record<string, string>>; environment: readonly EnvironmentVariable[]; resources: unknown; /** Unset: as much as the node has. */ scratchLimit?: string; /** Beside those that every Job has. */ volumes?: readonly MountedVolume[] }>) {
  const { name, repository, labels, environment, resources, scratchLimit, volumes = [] } = job;
  const volume = volumeParts(subject, repository, 'ReadWrite');
  return {
    metadata: { labels: { ...labels, ...volume.labels } },
    spec: {
      ...podBase(subject, settings, 'evaluation'),
      restartPolicy: 'Never',
      containers: [
        {
          ...containerBase(settings, name, name),
          env: [...identityEnvironment(subject, settings), ...storeEnvironment(subject, repository, 'evaluation'), ...volume.environment, ...environment],
          resources,
          volumeMounts: [{ name: 'scratch', mountPath: PATHS.scratch }, ...volume.mounts, ...volumes.map(({ mount }) => mount)],
        },
      ],
      volumes: [{ name: 'scratch', emptyDir: scratchLimit === undefined ? {} : { sizeLimit: scratchLimit } }, ...volume.volumes, ...volumes.map((each) => each.volume)],
    },
  };
}
