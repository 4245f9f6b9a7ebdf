import { LABELS } from '../../../../contracts/names.ts';
import { AUTOSCALERS, DEPLOYMENTS, JOBS, PODS, type Autoscaler, type Deployment, type Job, type Pod } from '../../../../operator/observation/kinds.ts';

function metadata(name: string, labels: Readonly<Record<string, string>>, extra: object = {}) {
  return { name, namespace: 'retention', uid: `uid-of-${name}`, resourceVersion: '1', labels, ...extra };
}

const model = { [LABELS.model]: 'telco-churn' };

/** A pod as the API server gives it. @param hash 8 digits; undefined: of a Job */
export function pod(name: string, input: Readonly<{ hash?: string; job?: string; status?: object; deleted?: boolean }>): Pod {
  const labels = { ...model, ...(input.hash === undefined ? {} : { [LABELS.hash]: input.hash }), ...(input.job === undefined ? {} : { 'batch.kubernetes.io/job-name': input.job }) };
  const extra = input.deleted === true ? { deletionTimestamp: '2026-11-21T07:00:00Z' } : {};
  return PODS.schema.parse({ apiVersion: 'v1', kind: 'Pod', metadata: metadata(name, labels, extra), spec: {}, status: input.status });
}

export const READY_STATUS = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } as const;

export function deployment(hash: string, input: Readonly<{ replicas?: number; generation?: number; status?: object }> = {}): Deployment {
  return DEPLOYMENTS.schema.parse({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(`telco-churn-${hash}`, { ...model, [LABELS.hash]: hash }, { generation: input.generation ?? 1 }),
    spec: { replicas: input.replicas },
    status: input.status,
  });
}

/** The model's autoscaler. @param hash 8 digits of the version that it sizes */
export function autoscaler(hash: string, conditions?: readonly object[]): Autoscaler {
  return AUTOSCALERS.schema.parse({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata('telco-churn', model),
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `telco-churn-${hash}` } },
    status: conditions === undefined ? undefined : { conditions },
  });
}

export function job(name: string, conditions?: readonly object[]): Job {
  return JOBS.schema.parse({ apiVersion: 'batch/v1', kind: 'Job', metadata: metadata(name, model), spec: {}, status: conditions === undefined ? undefined : { conditions } });
}

/** Status of a container that ended, and what it left as its termination message. */
export function ended(name: string, exitCode: number, message: string | undefined, over: object = {}): object {
  return { name, ready: false, restartCount: 1, state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message, finishedAt: '2026-11-21T06:59:00Z' } }, ...over };
}

export function failure(code: string, message: string): string {
  return JSON.stringify({ schemaVersion: 1, kind: 'FailureReport', code, message });
}
