import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceInput } from '../../contracts/evaluation-evidence.ts';
import type { EvaluationRequest } from '../../contracts/evaluation-request.ts';
import type { EvaluationReport } from '../../contracts/reports.ts';
import type { StoreLayout } from '../../contracts/store-layout.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Repository } from '../package/remote-package.ts';
import { wasTrainedOn } from './evaluated-cards.ts';
import type { EvaluatedCards } from './evaluated-cards.ts';
import type { PairsFile } from './evidence/pairs-file.ts';
import { FeedbackDatabase } from './feedback-join/feedback-database.ts';
import type { PendingCustomers } from './feedback-join/feedback-database.ts';
import { loadFeedback } from './feedback-join/load-feedback.ts';
import type { Loaded } from './feedback-join/load-feedback.ts';
import { CondensedStore } from './feedback-join/condensed-store.ts';
import type { JoinCounts, JoinRules } from './feedback-join/pairing.ts';

/** What a join of journal and labels gave. */
export type FeedbackPairs = Readonly<{
  counts: NonNullable<EvaluationReport['feedback']>;
  /** When the oldest pair was predicted, epoch milliseconds; undefined where there is none. */
  firstMs: number | undefined;
  pending: PendingCustomers;
}>;

/** Where journal and labels come from, and where what is read is noted. */
export type FeedbackSource = Readonly<{
  repository: Repository;
  layout: Pick<StoreLayout, 'predictions' | 'labels'>;
  /** The URL of a key. */
  urlOf: (key: string) => string;
  taken: (input: EvidenceInput) => void;
}>;

/** How much a join may take. */
export type JoinRoom = Readonly<{ scratch: string; memoryMiB: number; logger: Logger }>;

/** The rules of a Feedback request (DESIGN section 3.3). */
export function joinRules(request: EvaluationRequest, nowMs: number): JoinRules {
  const { candidate, stable, since, horizonMs, population } = request;
  return { candidateHash: candidate.hash, stableHash: stable?.hash, fromMs: Date.parse(since ?? new Date(nowMs).toISOString()), nowMs, horizonMs, population };
}

/**
 * Joins the journal since the candidate was mirrored to with the labels there are, and adds a pair a customer to `pairs`, in the order of
 * prediction ids. Journal and join lie on the disk of this machine; memory is that of the database and of the pairs.
 * @throws ChurnOpsError store errors
 */
export async function gatherFeedback(source: FeedbackSource, rules: JoinRules, cards: EvaluatedCards, pairs: PairsFile, room: JoinRoom): Promise<FeedbackPairs> {
  const folder = await mkdtemp(join(room.scratch, 'join-'));
  const database = await FeedbackDatabase.open({ folder, memoryMiB: room.memoryMiB });
  try {
    const { repository, layout, urlOf, taken } = source;
    const condensed = new CondensedStore({
      repository,
      layout,
      sources: { predictions: urlOf(layout.predictions), labels: urlOf(layout.labels) },
      candidateHash: rules.candidateHash ?? '',
      fromMs: rules.fromMs,
      nowMs: rules.nowMs,
      database,
      scratch: folder,
      logger: room.logger,
    });
    const loaded = await loadFeedback({
      repository,
      layout,
      window: { fromMs: rules.fromMs, toMs: rules.nowMs },
      database,
      scratch: folder,
      logger: room.logger,
      condensed,
      taken: ({ key, sha256, sizeBytes }, kind) => taken({ kind, url: urlOf(key), sha256, sizeBytes }),
    });
    const joined = await database.join(rules);
    const used = await usePairs(database, cards, pairs);
    return { counts: countsOf(joined, loaded, used), firstMs: used.firstMs, pending: await database.pending() };
  } finally {
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Used = Readonly<{ trainedOn: number; silent: number; firstMs: number | undefined }>;

async function usePairs(database: FeedbackDatabase, cards: EvaluatedCards, pairs: PairsFile): Promise<Used> {
  let [trainedOn, silent, firstMs] = [0, 0, Number.POSITIVE_INFINITY];
  for await (const page of database.samples(true)) {
    for (const { predictionId, entity, atMs, stable, candidate, positive, knownBy } of page) {
      if (entity !== null && wasTrainedOn(cards, entity)) {
        trainedOn += 1;
        continue;
      }
      if (knownBy === 'Silence') silent += 1;
      firstMs = Math.min(firstMs, atMs);
      pairs.add({ unit: entity ?? predictionId, positive, stable, candidate });
    }
  }
  return { trainedOn, silent, firstMs: Number.isFinite(firstMs) ? firstMs : undefined };
}

function countsOf({ predictions, excluded, superseded, labels, unmatched }: JoinCounts, loaded: Loaded, { trainedOn, silent }: Used): FeedbackPairs['counts'] {
  return {
    predictions: predictions - excluded.BeforeWindow,
    notMatured: excluded.NotMatured,
    otherVersion: excluded.OtherVersion,
    noCandidateScore: excluded.NoCandidateScore,
    outsidePopulation: excluded.OutsidePopulation,
    superseded,
    trainedOn,
    silent,
    labels,
    unmatchedLabels: unmatched,
    unreadable: loaded.unreadableLines + loaded.unreadableObjects.length,
  };
}
