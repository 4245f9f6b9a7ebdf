import { dayPartition, evidencePath } from '../../../../contracts/store-layout.ts';
import type { ClaimContext } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { churnModel, STORAGE, type ModelManifest } from '../../manifest.ts';
import { conditionOf } from '../../serving.ts';

const NAME = 'telco';
const DAY_MS = 86_400_000;
const RAN_WITHIN_MS = 180_000;
const HASH = 'f'.repeat(64);
const JOB = 'retention-by-hand';

/** What was deleted, and what was not. */
export type Retained = Readonly<{ deleted: number; kept: number }>;

/** The CronJob, triggered by hand, deletes what is expired and nothing else; a store that refuses it is told. */
export async function retention(context: ClaimContext): Promise<Retained> {
  const { kube, store, check, prefix } = context;
  const { expired, kept } = objects(prefix, context.form === 'full' ? 1500 : 20);
  for (const key of [...expired, ...kept]) await store.put(key, 'x');
  const base = churnModel({ name: NAME, repository: `s3://${STORAGE.bucket}/${prefix}/models/${NAME}`, version: 'v1' });
  // There is no package: what is kept does not depend on what serves.
  const model: ModelManifest = { ...base, spec: { ...base.spec, retention: { raw: '720h', predictions: '1440h', evaluations: '2160h' } } };
  await kube.apply(model);
  await kube.untilAny({ what: 'the retention CronJob', deadlineMs: RAN_WITHIN_MS }, async () => kube.kubectl('get', 'cronjob', `${NAME}-retention`, '--ignore-not-found', '--output', 'name'), (name) => name !== '');
  await kube.kubectl('create', 'job', JOB, `--from=cronjob/${NAME}-retention`);
  const seen = await kube.until(MODELS, NAME, { what: 'retention has run', deadlineMs: RAN_WITHIN_MS }, ({ status }) => status?.retention !== undefined);
  const left = new Set((await store.list(`${prefix}/`)).map(({ key }) => key));
  const stays = expired.filter((key) => left.has(key));
  const lost = kept.filter((key) => !left.has(key));
  check('retention: all that is expired is deleted', stays.length === 0 && seen.status?.retention?.outcome === 'Done', stays[0] ?? seen.status?.retention?.message ?? '');
  check('retention: nothing else is', lost.length === 0, lost.length === 0 ? `${kept.length} other objects of ${new Set(kept.map((key) => key.slice(prefix.length + 1).split('/')[0])).size} kinds are there` : `gone: ${lost.join(', ')}`);
  check('retention: the status says so', conditionOf(seen, 'RetentionScheduled')?.status === 'True', `${conditionOf(seen, 'RetentionScheduled')?.reason}: ${seen.status?.retention?.message}`);
  if (context.form === 'full') await refused(context);
  return { deleted: expired.length, kept: kept.length };
}

/** A store that refuses is told in condition and event; without retention there is no CronJob. */
async function refused({ kube, check }: ClaimContext): Promise<void> {
  await kube.patch(MODELS, NAME, { spec: { storage: { endpoint: 'http://s3.churnops:7071' } } });
  await kube.untilAny({ what: 'the CronJob knows of the other store', deadlineMs: RAN_WITHIN_MS }, async () => kube.kubectl('get', 'cronjob', `${NAME}-retention`, '--output', 'yaml'), (text) => text.includes('7071'));
  await kube.kubectl('create', 'job', `${JOB}-again`, `--from=cronjob/${NAME}-retention`);
  const model = await kube.until(MODELS, NAME, { what: 'retention has failed', deadlineMs: RAN_WITHIN_MS }, ({ status }) => status?.retention?.outcome === 'Failed');
  const events = await kube.untilAny({ what: 'the event', deadlineMs: 30_000 }, async () => (await kube.events(NAME)).filter(({ action }) => action === 'Retain'), (seen) => seen.length > 0);
  check('retention that fails is told', conditionOf(model, 'RetentionScheduled')?.status === 'False' && events.length === 1, `${conditionOf(model, 'RetentionScheduled')?.message} Event: ${events[0]?.reason}`);
  await kube.patch(MODELS, NAME, { spec: { retention: null } });
  const gone = await kube.untilAny({ what: 'the CronJob goes', deadlineMs: 60_000 }, async () => kube.kubectl('get', 'cronjob', '--output', 'name'), (names) => names.trim() === '');
  check('without spec.retention there is no CronJob', gone.trim() === '', 'it is gone');
}

/** Objects of the model, of its neighbours, and of other kinds; which are expired is known by how they were made. */
function objects(prefix: string, many: number): Readonly<{ expired: readonly string[]; kept: readonly string[] }> {
  const now = Date.now();
  const day = (ago: number): string => dayPartition(now - ago * DAY_MS);
  const evidence = (subject: string, ago: number): string => evidencePath(subject, new Date(now - ago * DAY_MS).toISOString(), 'gate');
  const below = (paths: readonly string[]): readonly string[] => paths.map((path) => `${prefix}/${path}`);
  return {
    expired: below([
      ...Array.from({ length: many }, (_, index) => `predictions/${NAME}/${day(70)}/hour=07/pod-${index}.ndjson.gz`),
      `predictions/${NAME}/${day(400)}/hour=23/pod 1+2.ndjson.gz`,
      `labels/${NAME}/${day(62)}/pod-1.ndjson.gz`,
      `raw/${NAME}/${day(32)}/customers.csv`,
      `evaluations/${NAME}/${evidence(HASH, 92)}`,
      `evaluations/${NAME}/${evidence('weekly', 1000)}`,
    ]),
    kept: below([
      `predictions/${NAME}/${day(59)}/hour=07/pod-1.ndjson.gz`,
      `predictions/${NAME}/${day(-30)}/hour=07/pod-1.ndjson.gz`,
      `predictions/${NAME}/dt=2020-02-30/hour=07/pod-1.ndjson.gz`,
      `predictions/${NAME}/dt=2020-01-01.bak/pod-1.ndjson.gz`,
      `predictions/${NAME}-churn/${day(70)}/hour=07/pod-1.ndjson.gz`,
      `labels/${NAME}/${day(59)}/pod-1.ndjson.gz`,
      `labels/${NAME}2/${day(70)}/pod-1.ndjson.gz`,
      `raw/${NAME}/${day(29)}/customers.csv`,
      `raw/cohorts/${day(400)}/customers.csv`,
      `evaluations/${NAME}/${evidence(HASH, 88)}`,
      `evaluations/${NAME}/notes/2020-01-01T000000Z.json`,
      `holdouts/${NAME}/${day(400)}/labelled.csv`,
      `datasets/${NAME}/${day(400)}/part.parquet`,
      `outcomes/${NAME}/2020-01-01.csv`,
      `scores/${NAME}/weekly/${day(400)}/scores.csv`,
      `features/${NAME}/v1/${day(400)}.parquet`,
    ]),
  };
}
