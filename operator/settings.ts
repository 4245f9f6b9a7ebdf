import { z } from 'zod';
import type { Settings } from './resources/settings.ts';
import { timingProblems, type LeaseTiming } from './runtime/leader-election/lease-timing.ts';

/** `15` or `15s`: whole seconds, which is what a Lease can say. */
const seconds = (otherwise: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,3}s?$/, 'must be whole seconds from 1 to 9999, such as 15 or 15s')
    .transform((text) => Number.parseInt(text, 10))
    .default(otherwise);
const flag = (otherwise: boolean) => z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(otherwise);
const names = (text: string): string[] => [...new Set(text.split(',').map((name) => name.trim()).filter((name) => name !== ''))];
/** `key=value,key=value`, as kubectl prints labels. */
const Labels = z
  .string()
  .regex(/^[^=,\s]+=[^=,\s]*(,[^=,\s]+=[^=,\s]*)*$/, 'must be labels such as app=operator,tier=control')
  .transform((text) => Object.fromEntries(names(text).map((label) => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)])));
const LogLevel = z.enum(['debug', 'info', 'warn', 'error']).default('info');
/** A DNS-1123 label: what a namespace is called. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

const Namespaces = z
  .string()
  .default('')
  .transform(names)
  .refine((list) => list.every((name) => NAMESPACE.test(name)), 'must be names of namespaces, separated by commas (lower case letters, digits and -)');

/** The environment variable behind each part of a lease's timing, for errors. */
const TIMING_VARIABLES = {
  leaseDurationMs: 'CHURNOPS_LEASE_DURATION',
  renewDeadlineMs: 'CHURNOPS_RENEW_DEADLINE',
  retryPeriodMs: 'CHURNOPS_RETRY_PERIOD',
} as const satisfies Record<keyof LeaseTiming, string>;

type TimingVariables = Readonly<Record<(typeof TIMING_VARIABLES)[keyof LeaseTiming], number>>;

/** The timing that the environment asks for. */
export function leaseTiming(environment: TimingVariables): LeaseTiming {
  const { CHURNOPS_LEASE_DURATION, CHURNOPS_RENEW_DEADLINE, CHURNOPS_RETRY_PERIOD } = environment;
  return { leaseDurationMs: CHURNOPS_LEASE_DURATION * 1000, renewDeadlineMs: CHURNOPS_RENEW_DEADLINE * 1000, retryPeriodMs: CHURNOPS_RETRY_PERIOD * 1000 };
}

/** Environment of the operator; the chart sets it. */
export const OperatorEnvironment = z
  .object({
    POD_NAME: z.string().min(1).default('operator').describe('Name of this pod; reporting instance of events, and part of its identity in the election.'),
    POD_NAMESPACE: z.string().min(1).default('default').describe('Where the lease is.'),
    CHURNOPS_SERVER_IMAGE: z.string().min(1).describe('Image of serving and inspect pods.'),
    CHURNOPS_SERVER_IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
    CHURNOPS_IMAGE_PULL_SECRETS: z.string().default('').transform(names).describe('Names of Secrets with registry credentials, separated by commas; they must exist where the models are.'),
    CHURNOPS_NETWORK_POLICIES: flag(true).describe('Write NetworkPolicies for the pods of models.'),
    CHURNOPS_OPERATOR_POD_LABELS: Labels.prefault('app.kubernetes.io/name=churnops,app.kubernetes.io/component=operator').describe("Labels of the operator's pods: with POD_NAMESPACE, who may read port 9090 of serving pods."),
    CHURNOPS_MONITORING_NAMESPACES: Namespaces.describe('Namespaces whose pods may read port 9090 of serving pods, separated by commas: where Prometheus runs.'),
    CHURNOPS_LOG_LEVEL: LogLevel.describe("Of the operator's own log."),
    CHURNOPS_MODEL_LOG_LEVEL: LogLevel.describe('Of the pods of models. Part of their template: another one rolls them.'),
    CHURNOPS_KUBECONFIG: z.string().min(1).optional().describe('Path of a kubeconfig; unset: the cluster this pod runs in.'),
    CHURNOPS_CONTROL_PORT: z.coerce.number().int().min(0).max(65_535).default(9090).describe('Port of health and metrics.'),
    CHURNOPS_WORKERS: z.coerce.number().int().min(1).max(64).default(8).describe('Models reconciled at the same time.'),
    CHURNOPS_WATCH_NAMESPACES: Namespaces.describe('Namespaces whose models are looked after, separated by commas; empty: all. Then no right in the whole cluster is needed.'),
    CHURNOPS_OPERATOR_CLASS: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be lower case letters, digits and -, at most 63')
      .optional()
      .describe('Looks after the models labelled churnops.dev/operator-class with this word, and no others; unset: those without the label.'),
    CHURNOPS_LEADER_ELECTION: flag(true).describe('Of several operators one works. Switch it off only where there can never be two.'),
    CHURNOPS_LEASE_NAME: z.string().min(1).max(253).default('churnops-operator'),
    CHURNOPS_LEASE_DURATION: seconds(15).describe('Seconds without a sign of life after which another takes over.'),
    CHURNOPS_RENEW_DEADLINE: seconds(10).describe('Seconds without a successful renewal after which the leader stops.'),
    CHURNOPS_RETRY_PERIOD: seconds(2).describe('Seconds between two tries.'),
  })
  .superRefine((environment, context) => {
    if (!environment.CHURNOPS_LEADER_ELECTION) return;
    for (const { setting, problem } of timingProblems(leaseTiming(environment))) {
      context.addIssue({ code: 'custom', path: [TIMING_VARIABLES[setting]], message: problem });
    }
  });
export type OperatorEnvironment = z.infer<typeof OperatorEnvironment>;

/** What children show of how the operator was installed. Its own log level is not among it: a look at the operator must not roll every model. */
export function childSettings(environment: OperatorEnvironment): Settings {
  return {
    serverImage: environment.CHURNOPS_SERVER_IMAGE,
    imagePullPolicy: environment.CHURNOPS_SERVER_IMAGE_PULL_POLICY,
    imagePullSecrets: environment.CHURNOPS_IMAGE_PULL_SECRETS,
    network: networkSettings(environment),
    logLevel: environment.CHURNOPS_MODEL_LOG_LEVEL,
  };
}

/** Who reaches port 9090 of serving pods. */
function networkSettings(environment: OperatorEnvironment): Settings['network'] {
  return {
    policies: environment.CHURNOPS_NETWORK_POLICIES,
    operator: { namespace: environment.POD_NAMESPACE, podLabels: environment.CHURNOPS_OPERATOR_POD_LABELS },
    monitoringNamespaces: environment.CHURNOPS_MONITORING_NAMESPACES,
  };
}
