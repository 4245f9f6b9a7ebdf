import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { canonicalJson, sha256Hex } from '../../../../contracts/digest.ts';
import type { Desired } from '../../../../operator/resources/desired.ts';
import { inspectJob } from '../../../../operator/resources/inspect-job.ts';
import { retentionCronJobs } from '../../../../operator/resources/retention-cron-job.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { identity, NOW_MS, REPOSITORY } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

const settings = operatorSettings({ imagePullSecrets: ['registry'] });
const ON_VOLUME = 'file:///models/telco-churn';

function subject(spec: z.input<typeof ChurnModelSpec>): Subject {
  return { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse(spec), annotations: {} };
}

const onVolume = (scheduling?: object): Subject => subject({ model: { repository: ON_VOLUME, version: 'a' }, storage: { volumeClaim: { claimName: 'models' } }, retention: { raw: '720h' }, ...(scheduling === undefined ? {} : { serving: { scheduling } }) });
const onS3 = subject({ model: { repository: REPOSITORY, version: 'a' }, storage: { endpoint: 'http://s3:7070', region: 'us-east-1', credentials: { serving: { secretRef: { name: 'churn-storage' } } } } });

const Container = z.looseObject({ name: z.string(), env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })), volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() })) });
const PodSpec = z.looseObject({ volumes: z.array(z.looseObject({ name: z.string() })), initContainers: z.array(Container).default([]), containers: z.array(Container), affinity: z.unknown(), securityContext: z.looseObject({}) });
const Template = z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }), spec: PodSpec });
const Workload = z.looseObject({ spec: z.looseObject({ template: Template.optional(), jobTemplate: z.looseObject({ spec: z.looseObject({ template: Template }) }).optional() }) });

function templateOf(workload: Desired): z.infer<typeof Template> {
  const { template, jobTemplate } = Workload.parse(workload).spec;
  const found = template ?? jobTemplate?.spec.template;
  if (found === undefined) throw new Error('no pod template');
  return found;
}

const workloads: readonly Readonly<{ name: string; build: (of: Subject) => Desired; container: string; readOnly: boolean }>[] = [
  { name: 'serving Deployment', build: (of) => servingDeployment(of, settings, identity('a', { repository: of.spec.model.repository })), container: 'pull', readOnly: true },
  { name: 'inspect Job', build: (of) => inspectJob(of, settings, { key: 'k', attempt: 1, repository: of.spec.model.repository, requested: 'a', startedAtMs: NOW_MS, known: [], poll: false }, undefined), container: 'inspect', readOnly: false },
  { name: 'retention CronJob', build: (of) => z.custom<Desired>((object) => object !== undefined).parse(retentionCronJobs(of, settings, { candidate: undefined })[0]), container: 'retain', readOnly: false },
];

describe.each(workloads)('a model on a volume: pods of a $name', ({ build, container: name, readOnly }) => {
  const template = templateOf(build(onVolume()));
  const all = [...template.spec.initContainers, ...template.spec.containers];

  test('mount the claim where it is needed, and nowhere else', () => {
    expect(template.spec.volumes).toContainEqual({ name: 'models', persistentVolumeClaim: { claimName: 'models' } });
    const mounting = all.filter((each) => each.volumeMounts.some((mount) => mount.name === 'models'));
    expect(mounting.map((each) => each.name)).toEqual([name]);
    expect(mounting[0]?.volumeMounts).toContainEqual({ name: 'models', mountPath: '/var/lib/churnops/volume', ...(readOnly ? { readOnly: true } : {}) });
    expect(mounting[0]?.env).toContainEqual({ name: 'CHURNOPS_VOLUME', value: '/var/lib/churnops/volume' });
    expect(mounting[0]?.env).toContainEqual({ name: 'CHURNOPS_REPOSITORY', value: ON_VOLUME });
  });

  test('go where the volume is, and take its files over once', () => {
    expect(template.metadata.labels['churnops.dev/claim']).toBe('models');
    expect(template.spec.affinity).toEqual({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { 'churnops.dev/claim': 'models' } }, topologyKey: 'kubernetes.io/hostname' }] } });
    expect(template.spec.securityContext).toMatchObject({ fsGroup: 65_532, fsGroupChangePolicy: 'OnRootMismatch' });
  });

  test('or where people say', () => expect(templateOf(build(onVolume({ affinity: {} }))).spec.affinity).toEqual({}));

  test('a long name of a claim is no label value', () => {
    const of = subject({ model: { repository: ON_VOLUME, version: 'a' }, storage: { volumeClaim: { claimName: 'm'.repeat(200) } }, retention: { raw: '720h' } });
    expect(templateOf(build(of)).metadata.labels['churnops.dev/claim']).toMatch(/^[0-9a-f]{32}$/);
  });
});

test('pods of a model on S3 are what they were: an upgrade of the operator restarts none of them', () => {
  // Of commit cc1251d. Whoever changes this restarts every serving pod at the next upgrade, and says so in the notes.
  expect(sha256Hex(canonicalJson(servingDeployment(onS3, settings, identity('a'))))).toBe('b195453f737915ae27ae3072a7bcab1f4f6a579d99bd11b90ad8b95d4268a457');
});
