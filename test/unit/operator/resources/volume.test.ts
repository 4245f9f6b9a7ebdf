import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import type { Desired } from '../../../../operator/resources/desired.ts';
import { inspectJob } from '../../../../operator/resources/inspect-job.ts';
import { retentionCronJobs } from '../../../../operator/resources/retention-cron-job.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import type { Subject } from '../../../../operator/resources/subject.ts';
import { identity, NOW_MS } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

const settings = operatorSettings({ imagePullSecrets: ['registry'] });
const ON_VOLUME = 'file:///models/telco-churn';

function subject(spec: z.input<typeof ChurnModelSpec>): Subject {
  return { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse(spec), annotations: {} };
}

const onVolume = (scheduling?: object): Subject => subject({ model: { repository: ON_VOLUME, version: 'a' }, storage: { volumeClaim: { claimName: 'models' } }, retention: { raw: '720h' }, ...(scheduling === undefined ? {} : { serving: { scheduling } }) });

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

const workloads: readonly Readonly<{ name: string; build: (of: Subject) => Desired; container: string; readOnly: boolean; /** Beside it. */ writes: readonly string[] }>[] = [
  { name: 'serving Deployment', build: (of) => servingDeployment(of, settings, identity('a', { repository: of.spec.model.repository })), container: 'pull', readOnly: true, writes: ['serve'] },
  { name: 'inspect Job', build: (of) => inspectJob(of, settings, { key: 'k', attempt: 1, repository: of.spec.model.repository, requested: 'a', startedAtMs: NOW_MS, known: [], poll: false }, undefined), container: 'inspect', readOnly: false, writes: [] },
  { name: 'retention CronJob', build: (of) => z.custom<Desired>((object) => object !== undefined).parse(retentionCronJobs(of, settings, { candidate: undefined })[0]), container: 'retain', readOnly: false, writes: [] },
];

describe.each(workloads)('a model on a volume: pods of a $name', ({ build, container: name, readOnly, writes }) => {
  const template = templateOf(build(onVolume()));
  const all = [...template.spec.initContainers, ...template.spec.containers];

  test('mount the claim where it is needed, and nowhere else', () => {
    expect(template.spec.volumes).toContainEqual({ name: 'models', persistentVolumeClaim: { claimName: 'models' } });
    const mounting = all.filter((each) => each.volumeMounts.some((mount) => mount.name === 'models'));
    expect(mounting.map((each) => each.name)).toEqual([name, ...writes]);
    expect(mounting[0]?.volumeMounts).toContainEqual({ name: 'models', mountPath: '/var/lib/churnops/volume', ...(readOnly ? { readOnly: true } : {}) });
    expect(mounting[0]?.env).toContainEqual({ name: 'CHURNOPS_VOLUME', value: '/var/lib/churnops/volume' });
    expect(mounting[0]?.env).toContainEqual({ name: 'CHURNOPS_REPOSITORY', value: ON_VOLUME });
  });

  test('what writes journal and labels may write', () => {
    for (const writer of all.filter((each) => writes.includes(each.name))) expect(writer.volumeMounts).toContainEqual({ name: 'models', mountPath: '/var/lib/churnops/volume' });
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
