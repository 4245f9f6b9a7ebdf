import { join } from 'node:path';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import type { EvaluationRequest } from '../../../contracts/evaluation-request.ts';
import type { EvaluationReport, ReplayProblem } from '../../../contracts/reports.ts';
import { downloadTo } from '../../package/download-object.ts';
import { openRepository } from '../../package/open-repository.ts';
import { clipped } from '../../report/termination-message.ts';
import { wasTrainedOn } from '../evaluated-cards.ts';
import type { EvaluatedCard } from '../evaluated-cards.ts';
import type { GatherOptions } from '../gather-labels.ts';
import { LabelledSet } from './labelled-set.ts';
import type { LabelledRow } from './labelled-set.ts';
import { VersionScorer } from './version-scorer.ts';
import type { Scored } from './version-scorer.ts';

/** Rows of a request: a few milliseconds of a pod. */
const BATCH_ROWS = 64;
/** Of a labelled set: more than a million rows of twenty columns. */
const MAX_DATASET_BYTES = 256 << 20;
/** A larger share of rows that cannot be used is another set than the one that was asked for. */
export const MAX_UNUSABLE_SHARE = 0.01;
const MAX_PROBLEMS = 20;
const MAX_PROBLEM_CHARS = 256;
/** A pod that goes away, or a Service that is about to point elsewhere, is waited for. */
const REPLAY_PATIENCE = { totalMs: 60_000, baseMs: 200, maxMs: 5000 } as const;

type Replayed = NonNullable<EvaluationReport['replay']>;
type Counts = { -readonly [Field in keyof Replayed]: Replayed[Field] extends number ? number : ReplayProblem[] };
type Scorers = Readonly<{ candidate: VersionScorer; stable: VersionScorer | undefined }>;

/**
 * Sends a labelled set through the pods of both versions, each row through both, and adds a pair a customer to `options.pairs`, in the order of
 * the file. Where a customer comes more than once its last row counts.
 * @throws ChurnOpsError DatasetInvalid; ReplayFailed where a version gives no scores; store errors
 */
export async function gatherReplay(options: GatherOptions): Promise<Replayed> {
  const { cards } = options;
  const { CHURNOPS_EVALUATION: request } = options.environment;
  const path = join(options.scratch, 'labelled.csv');
  await copyDataset(options, datasetOf(request), path);
  const set = await LabelledSet.open(path, { candidate: cards.candidate.card, stable: cards.stable?.card }, request.import?.outcomeColumn);
  const counts: Counts = { rows: 0, trainedOn: 0, repeated: 0, unusable: 0, problems: [] };
  const usable = await usableRows(options, set, counts);
  const scorers = openScorers(options, request);
  try {
    let batch: LabelledRow[] = [];
    for await (const row of set.rows()) {
      if (!usable.has(row.row)) continue;
      batch.push(row);
      if (batch.length < BATCH_ROWS) continue;
      await scoreBatch(options, scorers, set, batch, counts);
      batch = [];
    }
    if (batch.length > 0) await scoreBatch(options, scorers, set, batch, counts);
  } finally {
    await scorers.candidate.close();
    await scorers.stable?.close();
  }
  assertUsable(counts);
  return counts;
}

function datasetOf({ replay }: EvaluationRequest): string {
  if (replay === undefined) throw new ChurnOpsError('ConfigurationInvalid', 'CHURNOPS_EVALUATION: labels: Replay needs replay.');
  return replay.dataset;
}

async function copyDataset({ environment, patience, taken }: GatherOptions, url: string, path: string): Promise<void> {
  const { repository, location } = openRepository(environment, patience, url);
  try {
    taken({ kind: 'dataset', url, ...(await downloadTo(repository, location.prefix, path, MAX_DATASET_BYTES)) });
  } catch (thrown) {
    if (!(thrown instanceof ChurnOpsError) || !['FileMissing', 'PackageTooLarge'].includes(thrown.code)) throw thrown;
    const what = thrown.code === 'FileMissing' ? 'is not there' : `has more than ${MAX_DATASET_BYTES} bytes`;
    throw new ChurnOpsError('DatasetInvalid', `The labelled set ${clipped(url, 512)} ${what}.`, { cause: thrown });
  } finally {
    repository.store.close();
  }
}

/** Numbers of the rows that are to be scored. */
async function usableRows({ cards }: GatherOptions, set: LabelledSet, counts: Counts): Promise<ReadonlySet<number>> {
  const lastOf = new Map<string, number>();
  const usable = new Set<number>();
  for await (const { row, entity, problem } of set.rows()) {
    counts.rows += 1;
    if (problem !== undefined) {
      note(counts, { row, message: problem });
      continue;
    }
    if (entity !== undefined && wasTrainedOn(cards, entity)) {
      counts.trainedOn += 1;
      continue;
    }
    const before = entity === undefined ? undefined : lastOf.get(entity);
    if (before !== undefined && usable.delete(before)) counts.repeated += 1;
    if (entity !== undefined) lastOf.set(entity, row);
    usable.add(row);
  }
  assertUsable(counts);
  return usable;
}

function openScorers({ environment, cards, logger, patience: { signal }, replayPatience = REPLAY_PATIENCE }: GatherOptions, { replay }: EvaluationRequest): Scorers {
  const scorer = (address: string, { evidence: { version, hash } }: EvaluatedCard): VersionScorer =>
    new VersionScorer({ model: environment.CHURNOPS_MODEL, version, hash, address, logger, patience: { ...replayPatience, signal } });
  return {
    candidate: scorer(replay?.candidateAddress ?? '', cards.candidate),
    stable: cards.stable === undefined ? undefined : scorer(replay?.stableAddress ?? '', cards.stable),
  };
}

async function scoreBatch({ cards, pairs }: GatherOptions, scorers: Scorers, set: LabelledSet, batch: readonly LabelledRow[], counts: Counts): Promise<void> {
  const of = (card: EvaluatedCard | undefined) => batch.map((row) => set.instance(row, card?.card.inputs ?? []));
  const [candidate, stable] = await Promise.all([scorers.candidate.score(of(cards.candidate)), scorers.stable?.score(of(cards.stable))]);
  for (const [at, { row, entity, positive = false }] of batch.entries()) {
    const [ofCandidate, ofStable] = [candidate[at], stable?.[at]];
    const refusal = refusalOf(ofCandidate, cards.candidate) ?? refusalOf(ofStable, cards.stable);
    if (refusal !== undefined) note(counts, { row, message: refusal });
    else pairs.add({ unit: entity ?? `row ${row}`, positive, candidate: probabilityOf(ofCandidate), stable: ofStable === undefined ? undefined : probabilityOf(ofStable) });
  }
  assertUsable(counts);
}

function refusalOf(scored: Scored | undefined, card: EvaluatedCard | undefined): string | undefined {
  return scored !== undefined && 'refusal' in scored ? `version ${card?.evidence.version ?? ''} refused it: ${scored.refusal}` : undefined;
}

function probabilityOf(scored: Scored | undefined): number {
  return scored !== undefined && 'probability' in scored ? scored.probability : Number.NaN;
}

function note(counts: Counts, { row, message }: ReplayProblem): void {
  counts.unusable += 1;
  if (counts.problems.length < MAX_PROBLEMS) counts.problems.push({ ...(row === undefined ? {} : { row }), message: clipped(message, MAX_PROBLEM_CHARS) });
}

/** One row may always be bad. @throws ChurnOpsError DatasetInvalid */
function assertUsable({ rows, unusable, problems }: Counts): void {
  if (rows === 0) throw new ChurnOpsError('DatasetInvalid', 'The labelled set has no rows.');
  if (unusable <= Math.max(1, MAX_UNUSABLE_SHARE * rows)) return;
  const [first] = problems;
  throw new ChurnOpsError('DatasetInvalid', `${unusable} of ${rows} rows of the labelled set cannot be used, more than ${100 * MAX_UNUSABLE_SHARE} %; the first is row ${first?.row ?? '?'}: ${first?.message ?? ''}.`);
}
