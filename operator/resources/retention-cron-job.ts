import { sha256Hex } from '../../contracts/digest.ts';
import { durationMs } from '../../contracts/duration.ts';
import type { RolloutState } from '../rollout/state.ts';
import type { Desired } from './desired.ts';
import { jobPod, variables } from './pod-parts.ts';
import type { Settings } from './settings.ts';
import { childLabels, childMetadata, childName, type Subject } from './subject.ts';

const DEFAULT_HORIZON = '720h';
/** Millions of objects at a thousand a call; the next day goes on where this one ended. */
const DEADLINE_SECONDS = 6 * 3600;
/** How late a day may begin: an API server that was away for the hour must not cost the day. */
const LATEST_START_SECONDS = 6 * 3600;

/** Name of the model's retention CronJob; at most the 52 characters that a CronJob may have. */
export function retentionName(subject: Pick<Subject, 'name'>): string {
  return childName(subject, 'retention');
}

/** A minute of the day of the model's own: a store with a hundred models is not asked by all of them at once. */
function schedule(subject: Subject): string {
  const minute = Number.parseInt(sha256Hex(`${subject.namespace}/${subject.name}`).slice(0, 8), 16) % (24 * 60);
  return `${minute % 60} ${Math.floor(minute / 60)} * * *`;
}

/**
 * From when on an open gate needs what there is: predictions since its candidate came, and what they are compared with. Of the candidate's
 * start, not of the clock: the CronJob changes when a candidate comes or goes, and never in between.
 */
function keepSince(subject: Subject, { candidate }: Pick<RolloutState, 'candidate'>): string | undefined {
  if (candidate === undefined || subject.spec.rollout?.gate === undefined) return undefined;
  return new Date(candidate.startedAtMs - durationMs(subject.spec.labels?.horizon ?? DEFAULT_HORIZON)).toISOString();
}

/**
 * The CronJob that deletes what `spec.retention` lets expire, once a day. It works with the credentials for evaluations: they alone reach
 * predictions and labels; those for serving only read, and those for training must not see labels. Empty where everything is kept for ever.
 */
export function retentionCronJobs(subject: Subject, settings: Settings, state: Pick<RolloutState, 'candidate'>): readonly Desired[] {
  const { raw, predictions, evaluations } = subject.spec.retention ?? {};
  if (raw === undefined && predictions === undefined && evaluations === undefined) return [];
  const { repository } = subject.spec.model;
  const labels = childLabels(subject, 'retention');
  const environment = variables({ CHURNOPS_RETAIN_RAW: raw, CHURNOPS_RETAIN_PREDICTIONS: predictions, CHURNOPS_RETAIN_EVALUATIONS: evaluations, CHURNOPS_KEEP_SINCE: keepSince(subject, state) });
  return [
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { ...childMetadata(subject, 'retention', labels), name: retentionName(subject) },
      spec: {
        schedule: schedule(subject),
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: LATEST_START_SECONDS,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 1,
        jobTemplate: {
          metadata: { labels },
          spec: {
            // Tomorrow is the next try.
            backoffLimit: 0,
            activeDeadlineSeconds: DEADLINE_SECONDS,
            template: jobPod(subject, settings, { name: 'retain', repository, labels, environment, resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } } }),
          },
        },
      },
    },
  ];
}
