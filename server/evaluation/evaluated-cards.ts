import { sha256Hex } from '../../contracts/digest.ts';
import type { EvidenceCard } from '../../contracts/evaluation-evidence.ts';
import type { EvaluatedVersion, EvaluationRequest } from '../../contracts/evaluation-request.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';
import type { EvaluateEnvironment } from '../../contracts/pod-environment.ts';
import { joinKey, locationUrl } from '../../platform/object-store/location.ts';
import { assertDigest } from '../package/local-package.ts';
import { openRepository } from '../package/open-repository.ts';
import { readRemoteCard } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { TrainingEntities } from './training-entities.ts';

/** A version that is evaluated: its card, whom its trainer saw, and what evidence says of it. */
export type EvaluatedCard = Readonly<{ card: ModelCard; trained: TrainingEntities; evidence: EvidenceCard }>;

/** Both sides; `stable` is undefined for a first version. */
export type EvaluatedCards = Readonly<{ candidate: EvaluatedCard; stable: EvaluatedCard | undefined }>;

/**
 * Reads the cards of both sides, each from the repository it was inspected in.
 * @throws ChurnOpsError VersionNotFound, CardChanged, CardInvalid, store errors
 */
export async function readCards(environment: EvaluateEnvironment, patience: Repository['patience']): Promise<EvaluatedCards> {
  const { CHURNOPS_EVALUATION: request } = environment;
  const candidate = await readCard(environment, patience, request.candidate);
  return { candidate, stable: request.stable === undefined ? undefined : await readCard(environment, patience, request.stable) };
}

async function readCard(environment: EvaluateEnvironment, patience: Repository['patience'], evaluated: EvaluatedVersion): Promise<EvaluatedCard> {
  const { repository, location } = openRepository(environment, patience, evaluated.repository);
  try {
    const { card, digest, bytes } = await readRemoteCard(repository, evaluated.version);
    assertDigest(digest, evaluated.digest);
    const trained = new TrainingEntities(card);
    const url = locationUrl(location, joinKey(location.prefix, evaluated.version, PACKAGE_FILES.card));
    const threshold = thresholdOf(environment.CHURNOPS_EVALUATION, card);
    return { card, trained, evidence: { ...evaluated, url, sha256: sha256Hex(bytes), sizeBytes: bytes.length, threshold, trainingEntities: trained.count } };
  } finally {
    repository.store.close();
  }
}

function thresholdOf({ decisionThreshold }: EvaluationRequest, card: ModelCard): number {
  return decisionThreshold ?? card.threshold.value;
}

/** Whether the trainer of either side saw a customer: one that one of them knows would favour it. */
export function wasTrainedOn({ candidate, stable }: EvaluatedCards, entity: string): boolean {
  return candidate.trained.has(entity) || stable?.trained.has(entity) === true;
}
