import { ACTIONS, PACKAGE_FILES } from '../../contracts/names.ts';
import { candidateHash, shortHash } from '../../contracts/digest.ts';
import type { CandidateHash } from '../../contracts/digest.ts';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { GoldenRows, ModelCard } from '../../contracts/model-card.ts';
import type { InspectEnvironment } from '../../contracts/pod-environment.ts';
import { assertParity } from '../engine/golden-parity.ts';
import type { Parity } from '../engine/golden-parity.ts';
import { OnnxEngine } from '../engine/onnx.ts';
import { parseGoldenFile } from '../package/card-file.ts';
import type { CardFile } from '../package/card-file.ts';
import { readRemoteCard, streamVerified } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { schemaChanges } from './schema-compatibility.ts';

/** A check that ended with a verdict, for people. */
export type Finding = Readonly<{ passed: boolean; message: string }>;

/** What identifies the candidate once its card is read. */
export function identityOf({ card, digest }: CardFile): CandidateHash {
  return candidateHash(digest, card.entity?.column ?? null);
}

/** @throws ChurnOpsError CardInvalid when the card speaks of another version than the folder it is in */
export function assertVersion(card: ModelCard, version: string): void {
  if (card.version !== version) throw new ChurnOpsError('CardInvalid', `${PACKAGE_FILES.card} in folder ${version} says it is version ${card.version}.`);
}

/** Bytes of the files that are interpreted; all others are hashed and forgotten. */
export type InterpretedFiles = Readonly<{ graph: Uint8Array; golden: GoldenRows; files: number; sizeBytes: number }>;

/** Verifies every file that the card lists, as a stream; only graph and golden rows are kept. @throws as streamVerified, GoldenInvalid */
export async function verifyFiles(repository: Repository, card: ModelCard, version: string): Promise<InterpretedFiles> {
  const kept = new Map<string, Uint8Array[]>([[PACKAGE_FILES.graph, []], [PACKAGE_FILES.golden, []]]);
  let sizeBytes = 0;
  for (const [name, listed] of Object.entries(card.files)) {
    const chunks = kept.get(name);
    await streamVerified(repository, card, version, name, {
      restart: async () => {
        if (chunks !== undefined) chunks.length = 0;
      },
      write: async (chunk) => {
        chunks?.push(chunk);
      },
    });
    sizeBytes += listed.sizeBytes;
  }
  const whole = (name: string): Uint8Array => Buffer.concat(kept.get(name) ?? []);
  return { graph: whole(PACKAGE_FILES.graph), golden: parseGoldenFile(whole(PACKAGE_FILES.golden)), files: Object.keys(card.files).length, sizeBytes };
}

/** @throws ChurnOpsError GraphInvalid, GoldenMismatch, GoldenInvalid, ScoringFailed */
export async function verifyParity(card: ModelCard, { graph, golden }: InterpretedFiles): Promise<Parity> {
  const engine = await OnnxEngine.load(graph, card);
  try {
    return await assertParity(engine, card, golden);
  } finally {
    await engine.close();
  }
}

/** The offline gate (DESIGN section 5): test AUC of the card against `offline.minAUC`. */
export function judgeOffline(card: ModelCard, minAUC: number | undefined): Finding {
  const { value, lower, upper } = card.test.auc;
  const interval = `test AUC ${value.toFixed(4)} (${card.test.confidence * 100} % interval ${lower.toFixed(4)} to ${upper.toFixed(4)}, ${card.test.rows} rows)`;
  if (minAUC === undefined) return { passed: true, message: `No offline gate is set; ${interval}.` };
  if (value >= minAUC) return { passed: true, message: `${interval} reaches offline.minAUC ${minAUC}.` };
  return { passed: false, message: `The ${interval} is below spec.rollout.offline.minAUC ${minAUC}. Train a better version, or lower the gate.` };
}

/**
 * Reads the stable version's card; its digest must be the one that serves.
 * @throws ChurnOpsError VersionNotFound, CardChanged, CardInvalid, store errors; the message says that it is stable's card which is missing
 */
export async function readStableCard(repository: Repository, version: string, digest: string | undefined): Promise<ModelCard> {
  let file: CardFile;
  try {
    file = await readRemoteCard(repository, version);
  } catch (thrown) {
    if (!(thrown instanceof ChurnOpsError)) throw thrown;
    throw new ChurnOpsError(thrown.code, `The card of the stable version ${version} cannot be read: ${thrown.message}`, { cause: thrown });
  }
  if (digest !== undefined && file.digest !== digest) throw new ChurnOpsError('CardChanged', `The card of the stable version ${version} is not the one that serves.`);
  return file.card;
}

/** Whether callers of stable can go on as they are, or somebody allowed that they cannot. */
export function judgeSchema(stable: ModelCard, candidate: ModelCard, hash: CandidateHash, environment: InspectEnvironment): Finding {
  const changes = schemaChanges(stable.inputs, candidate.inputs);
  if (changes.length === 0) return { passed: true, message: `Whoever calls ${stable.version} can call ${candidate.version}.` };
  const what = `${changes.slice(0, 8).join('; ')}${changes.length > 8 ? `; and ${changes.length - 8} more` : ''}`;
  const allowed = environment.CHURNOPS_ALLOW_SCHEMA_CHANGE;
  if (allowed === hash || allowed === shortHash(hash)) return { passed: true, message: `Allowed by ${ACTIONS.allowSchemaChange}: ${what}.` };
  return {
    passed: false,
    message: `Requests that ${stable.version} accepts would be refused: ${what}. If callers are ready, run: kubectl annotate -n ${environment.CHURNOPS_NAMESPACE} churnmodel ${environment.CHURNOPS_MODEL} ${ACTIONS.allowSchemaChange}=${shortHash(hash)} --overwrite`,
  };
}
