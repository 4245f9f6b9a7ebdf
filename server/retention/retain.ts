import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { RetainEnvironment } from '../../contracts/pod-environment.ts';
import type { RetentionReport } from '../../contracts/reports.ts';
import { storeLayout } from '../../contracts/store-layout.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { openRepository, toldPatience } from '../package/open-repository.ts';
import type { Patience } from '../package/open-repository.ts';
import type { Repository } from '../package/remote-package.ts';
import { patiently } from '../package/remote-package.ts';
import { clipped, MAX_MESSAGE } from '../report/termination-message.ts';
import { Cleaning } from './cleaning.ts';
import type { Cleaned } from './cleaning.ts';
import { expiries, RETAINED } from './expiry.ts';
import type { Retained } from './expiry.ts';

/** Nobody waits for it, and tomorrow is another day. */
export const RETAIN_PATIENCE = { totalMs: 60_000, baseMs: 500, maxMs: 10_000 } as const;
/** Clocks that differ by more than this are not both right. S3 itself refuses requests that are 15 minutes off. */
export const MAX_CLOCK_DIFFERENCE_MS = 3_600_000;

/** What `retain` works on. */
export type RetainOptions = Readonly<{
  environment: RetainEnvironment;
  /** Looks and counts, deletes nothing. */
  dryRun: boolean;
  logger: Logger;
  signal: AbortSignal;
  patience?: Patience;
  now?: () => Date;
}>;

type Result = Pick<RetentionReport, 'outcome' | 'reason' | 'message' | 'code'> & Readonly<{ cleaned: readonly Cleaned[] }>;

/**
 * Deletes what is older than `spec.retention` says, and never anything else: whole days (UTC) below the model's own raw, predictions,
 * labels and evaluations. What fails is told and tried again the next day. Nothing is deleted where this machine and the store disagree
 * about the time.
 * @returns the report for the termination message
 * @throws ChurnOpsError ConfigurationInvalid for a repository that is none; the signal's reason when stopped
 */
export async function retain({ environment, dryRun, logger, signal, patience = RETAIN_PATIENCE, now = () => new Date() }: RetainOptions): Promise<RetentionReport> {
  const { repository } = openRepository(environment, toldPatience(patience, { logger, signal }));
  try {
    const report = await deleteExpired(repository, environment, { dryRun, logger, now });
    logger[report.outcome === 'Done' ? 'info' : 'error']({ outcome: report.outcome, reason: report.reason, deleted: report.deleted, notDeleted: report.notDeleted, dryRun }, report.message);
    return report;
  } finally {
    repository.store.close();
  }
}

/** {@link retain} in an open store. */
export async function deleteExpired(repository: Repository, environment: RetainEnvironment, { dryRun, logger, now }: Readonly<{ dryRun: boolean; logger: Logger; now: () => Date }>): Promise<RetentionReport> {
  const result = await clean(repository, environment, dryRun, logger, now().getTime());
  return reportOf(result, now());
}

async function clean(repository: Repository, environment: RetainEnvironment, dryRun: boolean, logger: Logger, nowMs: number): Promise<Result> {
  const { CHURNOPS_RETAIN_RAW: rawMs, CHURNOPS_RETAIN_PREDICTIONS: predictionsMs, CHURNOPS_RETAIN_EVALUATIONS: evaluationsMs } = environment;
  const layout = storeLayout(repository.prefix, environment.CHURNOPS_MODEL);
  const expired = expiries(layout, { rawMs, predictionsMs, evaluationsMs }, environment.CHURNOPS_KEEP_SINCE, nowMs);
  const doubt = await clockDoubt(repository, expired[0]?.prefix ?? layout.predictions, nowMs);
  if (doubt !== undefined) return { outcome: 'Failed', ...doubt, cleaned: [] };
  const cleaned: Cleaned[] = [];
  for (const expiry of expired) {
    cleaned.push(await new Cleaning(repository, expiry, dryRun, logger).run());
  }
  return judged(cleaned, dryRun);
}

/** Why nothing may be deleted: a clock that is years ahead would make everything expired. */
async function clockDoubt(repository: Repository, folder: string, nowMs: number): Promise<Pick<Result, 'reason' | 'message' | 'code'> | undefined> {
  let storeMs: number | undefined;
  try {
    storeMs = await patiently(repository, () => repository.store.nowMs(folder, repository.patience.signal));
  } catch (thrown) {
    repository.patience.signal.throwIfAborted();
    if (!(thrown instanceof ChurnOpsError)) throw thrown;
    return { reason: 'StoreError', code: thrown.code, message: `Nothing was deleted: ${thrown.message} ${thrown.action}` };
  }
  if (storeMs === undefined) return { reason: 'ClockDisagrees', message: 'Nothing was deleted: the store does not say what time it is (no Date header).' };
  if (Math.abs(storeMs - nowMs) <= MAX_CLOCK_DIFFERENCE_MS) return undefined;
  const [here, there] = [nowMs, storeMs].map((ms) => new Date(ms).toISOString());
  return { reason: 'ClockDisagrees', message: `Nothing was deleted: it is ${here} for the node and ${there} for the store. Set the clock that is wrong.` };
}

function judged(cleaned: readonly Cleaned[], dryRun: boolean): Result {
  const objects = cleaned.reduce((sum, each) => sum + each.objects, 0);
  const parts = cleaned.filter((each) => each.objects > 0).map((each) => `${each.objects} of ${each.kind} (${each.partitions} ${each.kind === 'evaluations' ? 'subjects' : 'days'})`);
  const done = parts.length === 0 ? 'Nothing is expired.' : `${dryRun ? 'Would delete' : 'Deleted'} ${parts.join(', ')}.`;
  const broken = cleaned.find((each) => each.error !== undefined);
  if (broken?.error !== undefined) return { outcome: 'Failed', reason: 'StoreError', code: broken.error.code, message: `${broken.kind}: ${broken.error.message} ${broken.error.action} ${done} The next day goes on.`, cleaned };
  const left = cleaned.reduce((sum, each) => sum + each.notDeleted, 0);
  const sample = cleaned.flatMap((each) => each.samples)[0];
  if (left > 0) return { outcome: 'Failed', reason: 'SomeNotDeleted', message: `The store would not delete ${left} objects, ${sample?.key ?? ''} among them (${sample?.why ?? ''}). ${done} The next day goes on.`, cleaned };
  return { outcome: 'Done', reason: dryRun ? 'DryRun' : objects === 0 ? 'NothingExpired' : 'Cleaned', message: done, cleaned };
}

function reportOf({ cleaned, message, ...rest }: Result, at: Date): RetentionReport {
  const of = (kind: Retained) => {
    const found = cleaned.find((each) => each.kind === kind);
    return { objects: found?.objects ?? 0, partitions: found?.partitions ?? 0 };
  };
  const [raw, predictions, labels, evaluations] = RETAINED.map(of);
  const none = { objects: 0, partitions: 0 };
  return {
    schemaVersion: 1,
    kind: 'RetentionReport',
    ...rest,
    message: clipped(message, MAX_MESSAGE),
    deleted: { raw: raw ?? none, predictions: predictions ?? none, labels: labels ?? none, evaluations: evaluations ?? none },
    notDeleted: cleaned.reduce((sum, each) => sum + each.notDeleted, 0),
    finishedAt: at.toISOString(),
  };
}
