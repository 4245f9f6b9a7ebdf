import { join } from 'node:path';
import type { EvidenceInput } from '../../contracts/evaluation-evidence.ts';
import { SECRETS } from '../../contracts/names.ts';
import type { EvaluateEnvironment } from '../../contracts/pod-environment.ts';
import type { EvaluationReport } from '../../contracts/reports.ts';
import { storeLayout } from '../../contracts/store-layout.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { readMountedFile } from '../../platform/mounted-file/mounted-file.ts';
import { locationUrl } from '../../platform/object-store/location.ts';
import { openRepository } from '../package/open-repository.ts';
import type { Patience } from '../package/open-repository.ts';
import type { Repository } from '../package/remote-package.ts';
import { ephemeralKeyring, parseKeyring } from '../prediction-id/keyring.ts';
import { PredictionIds } from '../prediction-id/prediction-ids.ts';
import type { IdStanding } from '../prediction-id/prediction-ids.ts';
import type { EvaluatedCards } from './evaluated-cards.ts';
import type { PairsFile } from './evidence/pairs-file.ts';
import { gatherFeedback, joinRules } from './feedback-pairs.ts';
import type { LabelFlow } from './forecast.ts';
import { notDueUnread } from './gate-look.ts';
import type { NotDue } from './gate-look.ts';
import { importOutcomes } from './outcomes/outcome-import.ts';
import { gatherReplay } from './replay/replay.ts';

/** What one look works with. */
export type GatherOptions = Readonly<{
  environment: EvaluateEnvironment;
  cards: EvaluatedCards;
  /** What is matured is so at this instant; epoch milliseconds. */
  nowMs: number;
  scratch: string;
  /** Where the keys of prediction ids are mounted, if they are. */
  predictionKeys: string;
  /** Memory of the join, MiB. */
  memoryMiB: number;
  patience: Repository['patience'];
  /** How long pods that give no scores are waited for. */
  replayPatience?: Patience;
  logger: Logger;
  pairs: PairsFile;
  taken: (input: EvidenceInput) => void;
}>;

/** What was gathered; the pairs themselves are in `GatherOptions.pairs`. `notDue`: nothing was, for this reason. */
export type Gathered = Readonly<Pick<EvaluationReport, 'feedback' | 'replay' | 'import'> & { notDue?: NotDue; flow?: Omit<LabelFlow, 'rows'> }>;

/**
 * Gathers the pairs that a request asks for: from journal and labels, or by a replay. Where the gate cannot look, whatever there is, nothing
 * is read; outcome files are imported all the same.
 * @throws ChurnOpsError store errors; DatasetInvalid, ReplayFailed
 */
export async function gatherLabels(options: GatherOptions): Promise<Gathered> {
  const { CHURNOPS_EVALUATION: request } = options.environment;
  const unread = notDueUnread(request, options.nowMs);
  if (request.gate.labels === 'Replay') return unread === undefined ? { replay: await gatherReplay(options) } : { notDue: unread };
  const imported = await importFiles(options);
  if (unread !== undefined) return { ...imported, notDue: unread };
  return { ...imported, ...(await joinJournal(options)) };
}

/** Stable's pods write the journal, to the store of the repository that they came from. */
async function joinJournal(options: GatherOptions): Promise<Pick<Gathered, 'feedback' | 'flow'>> {
  const { environment, cards, nowMs, patience, pairs } = options;
  const { CHURNOPS_EVALUATION: request, CHURNOPS_MODEL: model } = environment;
  const rules = joinRules(request, nowMs);
  const { repository, location } = openRepository(environment, patience, request.stable?.repository);
  try {
    const source = { repository, layout: storeLayout(location.prefix, model), urlOf: (key: string) => locationUrl(location, key), taken: options.taken };
    const { counts, firstMs, pending } = await gatherFeedback(source, rules, cards, pairs, options);
    const flow = { nowMs, sinceMs: rules.fromMs, horizonMs: rules.horizonMs, firstMs, pending: pending.customers, firstPendingMs: pending.firstMs, lastLook: request.lastLook };
    return { feedback: counts, flow };
  } finally {
    repository.store.close();
  }
}

async function importFiles(options: GatherOptions): Promise<Pick<Gathered, 'import'>> {
  const { environment, cards, scratch, patience, logger, nowMs } = options;
  const { CHURNOPS_EVALUATION: request, CHURNOPS_MODEL: model } = environment;
  if (request.import === undefined) return {};
  const { prefix, idColumn, outcomeColumn, timeColumn } = request.import;
  const outcomes = openRepository(environment, patience, prefix);
  const labels = openRepository(environment, patience, request.stable?.repository);
  try {
    const imported = await importOutcomes({
      outcomes: outcomes.repository,
      labels: { ...labels.repository, prefix: storeLayout(labels.location.prefix, model).labels },
      model,
      mapping: { idColumn, outcomeColumn, timeColumn },
      classes: cards.candidate.card.labels,
      standing: await standingOf(model, join(options.predictionKeys, SECRETS.predictionKeys.keys), logger),
      scratch,
      now: () => nowMs,
      logger,
      taken: ({ key, sha256, sizeBytes }) => options.taken({ kind: 'outcomes', url: locationUrl(outcomes.location, key), sha256, sizeBytes }),
    });
    return { import: imported };
  } finally {
    outcomes.repository.store.close();
    labels.repository.store.close();
  }
}

/**
 * What a prediction id in an outcome file is. Without keys nobody can tell a made-up id from one that was given out; it is taken then, as it
 * matches no prediction and is counted.
 */
async function standingOf(model: string, path: string, logger: Logger): Promise<(id: string) => IdStanding> {
  const text = await readMountedFile(path);
  const ids = new PredictionIds(model, text === undefined ? ephemeralKeyring() : parseKeyring(text));
  if (text !== undefined) return (id) => ids.standing(id);
  logger.warn({ path }, 'no keys of prediction ids are mounted: ids in outcome files are not verified');
  return (id) => {
    const found = ids.standing(id);
    return found === 'UnknownKey' ? 'Own' : found;
  };
}
