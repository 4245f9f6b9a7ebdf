import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { RetainEnvironment } from '../../../../contracts/pod-environment.ts';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { retentionCronJobs } from '../../../../operator/resources/retention-cron-job.ts';
import type { Candidate } from '../../../../operator/rollout/state.ts';
import { deployed, inspecting, NOW_MS, REPOSITORY } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

type SpecText = z.input<typeof ChurnModelSpec>;
const settings = operatorSettings();
const retention = { raw: '2160h', predictions: '9600h', evaluations: '43800h' };
const gate = { labels: 'Replay' as const, replay: { dataset: 's3://churn/holdouts/telco-churn/labelled.csv' } };

function build(spec: Partial<SpecText> = { retention }, candidate?: Candidate, name = 'telco-churn') {
  const parsed = ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' }, storage: { credentials: { serving: { secretRef: { name: 'reader' } }, evaluation: { secretRef: { name: 'evaluator' } } } }, ...spec });
  return retentionCronJobs({ name, namespace: 'retention', uid: 'uid-1', spec: parsed, annotations: {} }, settings, { candidate });
}

const CronJob = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    schedule: z.string(),
    jobTemplate: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ args: z.array(z.string()), env: z.array(z.looseObject({ name: z.string(), value: z.string().optional(), valueFrom: z.looseObject({ secretKeyRef: z.looseObject({ name: z.string() }) }).optional() })) })) }) }) }),
    }),
  }),
});

function environmentOf(built: ReturnType<typeof build>): Readonly<Record<string, string>> {
  const [container] = CronJob.parse(built[0]).spec.jobTemplate.spec.template.spec.containers;
  return Object.fromEntries((container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? `Secret ${valueFrom?.secretKeyRef.name}`]));
}

describe('the retention CronJob', () => {
  test.each<{ name: string; spec: Partial<SpecText>; count: number }>([
    { name: 'nothing said', spec: {}, count: 0 },
    { name: 'nothing expires', spec: { retention: {} }, count: 0 },
    { name: 'one thing does', spec: { retention: { evaluations: '24h' } }, count: 1 },
  ])('$name: $count', ({ spec, count }) => expect(build(spec)).toHaveLength(count));

  test('tells the Job what it reads, with the credentials for evaluations', () => {
    const environment = environmentOf(build());
    expect(environment).toEqual({
      CHURNOPS_NAMESPACE: 'retention',
      CHURNOPS_MODEL: 'telco-churn',
      CHURNOPS_LOG_LEVEL: 'info',
      CHURNOPS_REPOSITORY: REPOSITORY,
      AWS_ACCESS_KEY_ID: 'Secret evaluator',
      AWS_SECRET_ACCESS_KEY: 'Secret evaluator',
      AWS_SESSION_TOKEN: 'Secret evaluator',
      CHURNOPS_RETAIN_RAW: '2160h',
      CHURNOPS_RETAIN_PREDICTIONS: '9600h',
      CHURNOPS_RETAIN_EVALUATIONS: '43800h',
    });
    expect(RetainEnvironment.parse(environment).CHURNOPS_RETAIN_RAW).toBe(2160 * 3_600_000);
  });

  test('bears the model\'s label on the Jobs it makes, so that their end is seen', () => {
    const { metadata, spec } = CronJob.parse(build()[0]);
    expect([metadata.labels, spec.jobTemplate.metadata.labels].map((labels) => [labels['churnops.dev/model'], labels['app.kubernetes.io/component']])).toEqual([['telco-churn', 'retention'], ['telco-churn', 'retention']]);
  });

  test('runs at a minute of its own, the same every time', () => {
    const schedules = Array.from({ length: 50 }, (_, index) => CronJob.parse(build({ retention }, undefined, `m${index}`)[0]).spec.schedule);
    for (const schedule of schedules) expect(schedule).toMatch(/^([0-9]|[1-5][0-9]) ([0-9]|1[0-9]|2[0-3]) \* \* \*$/);
    expect(new Set(schedules).size).toBeGreaterThan(40);
  });

  test('has a name that a CronJob may have, for the longest model name too', () => expect(CronJob.parse(build({ retention }, undefined, 'm'.repeat(40))[0]).metadata.name.length).toBeLessThanOrEqual(52));
});

describe('what an open gate needs is kept', () => {
  const since = (candidate: Candidate | undefined, spec: Partial<SpecText>): string | undefined => environmentOf(build({ retention, ...spec }, candidate))['CHURNOPS_KEEP_SINCE'];
  const candidate = deployed('b', { startedAtMs: NOW_MS });

  test.each<{ name: string; candidate: Candidate | undefined; spec: Partial<SpecText>; expected: string | undefined }>([
    { name: 'no candidate', candidate: undefined, spec: { rollout: { gate } }, expected: undefined },
    { name: 'no gate', candidate, spec: {}, expected: undefined },
    { name: 'a candidate under a gate: a horizon before it began', candidate, spec: { rollout: { gate } }, expected: '2026-10-22T07:00:00.000Z' },
    { name: 'with a horizon of its own', candidate, spec: { rollout: { gate }, labels: { horizon: '24h' } }, expected: '2026-11-20T07:00:00.000Z' },
    { name: 'still inspected', candidate: inspecting('b'), spec: { rollout: { gate }, labels: { horizon: '24h' } }, expected: '2026-11-20T06:59:00.000Z' },
  ])('$name', ({ candidate, spec, expected }) => expect(since(candidate, spec)).toBe(expected));

  test('the CronJob does not change while the candidate goes its way', () => {
    const looks = [candidate, { ...candidate, deployedAtMs: NOW_MS + 60_000, heldSinceMs: NOW_MS, heldBy: 'StoreUnreachable' }];
    expect(build({ retention, rollout: { gate } }, looks[0])).toEqual(build({ retention, rollout: { gate } }, looks[1]));
  });
});
