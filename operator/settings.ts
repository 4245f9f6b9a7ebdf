import { z } from 'zod';

/** Environment of the operator; the chart sets it. */
export const OperatorEnvironment = z.object({
  POD_NAME: z.string().min(1).default('operator').describe('Name of this pod; reporting instance of events.'),
  POD_NAMESPACE: z.string().min(1).default('default'),
  CHURNOPS_SERVER_IMAGE: z.string().min(1).describe('Image of serving and inspect pods.'),
  CHURNOPS_SERVER_IMAGE_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  CHURNOPS_IMAGE_PULL_SECRETS: z
    .string()
    .default('')
    .transform((names) => names.split(',').filter((name) => name !== ''))
    .describe('Names of Secrets with registry credentials, separated by commas; they must exist where the models are.'),
  CHURNOPS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  CHURNOPS_KUBECONFIG: z.string().min(1).optional().describe('Path of a kubeconfig; unset: the cluster this pod runs in.'),
  CHURNOPS_CONTROL_PORT: z.coerce.number().int().min(0).max(65_535).default(9090).describe('Port of health and metrics.'),
  CHURNOPS_WORKERS: z.coerce.number().int().min(1).max(64).default(4).describe('Models reconciled at the same time.'),
});
export type OperatorEnvironment = z.infer<typeof OperatorEnvironment>;
