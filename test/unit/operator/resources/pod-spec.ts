import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import type { Desired } from '../../../../operator/resources/desired.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { identity, NOW_MS, REPOSITORY } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

export type SpecText = z.input<typeof ChurnModelSpec>;

export const settings = operatorSettings({ imagePullSecrets: ['registry'] });
export const withStore: Partial<SpecText> = { storage: { endpoint: 'http://s3:7070', region: 'us-east-1', credentials: { serving: { secretRef: { name: 'churn-storage' } } } } };
export const gated = ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' }, rollout: { gate: { labels: 'Feedback' } } });
/** A look of the gate at b, which is beside a. */
export const EVALUATION = { candidate: identity('b'), stable: identity('a'), startedAtMs: NOW_MS, run: 1, sinceMs: NOW_MS, lastLook: undefined, heldUpBy: undefined };
export const INSPECTION = { key: 'k', attempt: 1, repository: REPOSITORY, requested: 'b', startedAtMs: NOW_MS, known: [], poll: false };

/** A model with a store, as builders see it. */
export function subject(spec: Partial<SpecText> = withStore, over: Partial<Subject> = {}): Subject {
  return { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' }, ...spec }), annotations: {}, ...over };
}

const Variable = z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.union([z.strictObject({ secretKeyRef: z.object({ name: z.string(), key: z.string(), optional: z.boolean().optional() }) }), z.strictObject({ fieldRef: z.object({ fieldPath: z.string() }) })]).optional() });
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(Variable),
  securityContext: z.unknown(),
  terminationMessagePath: z.string(),
  terminationMessagePolicy: z.string(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional(), subPath: z.string().optional() })),
});
const PodSpec = z.looseObject({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean(),
  securityContext: z.unknown(),
  volumes: z.array(z.record(z.string(), z.unknown())),
  initContainers: z.array(Container).default([]),
  containers: z.array(Container).min(1),
});
export const Template = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }), spec: PodSpec });
export const Workload = z.looseObject({ spec: z.looseObject({ template: Template }) });

/** The pod of a Deployment or a Job. */
export function podSpec(workload: Desired): z.infer<typeof PodSpec> {
  return Workload.parse(workload).spec.template.spec;
}

/** Variables of a container: their values, or in words where they come from. */
export function environment(container: z.infer<typeof Container> | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? sourceOf(valueFrom)]));
}

/** Where a variable comes from, in words. */
export function sourceOf(source: z.infer<typeof Variable>['valueFrom']): string {
  if (source === undefined) return 'nothing';
  if ('fieldRef' in source) return source.fieldRef.fieldPath;
  const { name, key, optional } = source.secretKeyRef;
  return `Secret ${name}/${key}${optional === true ? ' if there' : ''}`;
}

/** Variables of a store's keys. */
export function keys(secret: string) {
  return { AWS_ACCESS_KEY_ID: `Secret ${secret}/AWS_ACCESS_KEY_ID`, AWS_SECRET_ACCESS_KEY: `Secret ${secret}/AWS_SECRET_ACCESS_KEY`, AWS_SESSION_TOKEN: `Secret ${secret}/AWS_SESSION_TOKEN if there` };
}
