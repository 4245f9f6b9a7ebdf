import { PATHS } from '../../contracts/names.ts';
import type { Settings } from './settings.ts';
import type { Subject } from './subject.ts';

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
  valueFrom?: Readonly<{ secretKeyRef: Readonly<{ name: string; key: string; optional?: boolean }> }>;
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
    ...(affinity === undefined ? {} : { affinity }),
    ...(priorityClassName === undefined || priorityClassName === '' ? {} : { priorityClassName }),
  };
}

/** What every pod of ours has in common. */
export function podBase(subject: Subject, settings: Settings, purpose: StorePurpose) {
  return {
    serviceAccountName: serviceAccountFor(subject, purpose),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    ...(settings.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) }),
    ...placement(subject),
  };
}

/** Variables every process of ours reads. */
export function identityEnvironment(subject: Subject, settings: Settings): readonly EnvironmentVariable[] {
  return variables({ CHURNOPS_NAMESPACE: subject.namespace, CHURNOPS_MODEL: subject.name, CHURNOPS_LOG_LEVEL: settings.logLevel });
}

/** What every container of ours has in common. */
export function containerBase(settings: Settings, name: string, command: 'serve' | 'pull' | 'inspect') {
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
