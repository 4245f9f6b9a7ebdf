import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { candidateHash } from '../../../../contracts/digest.ts';
import type { PackageDigest } from '../../../../contracts/digest.ts';
import { EvaluationRequest } from '../../../../contracts/evaluation-request.ts';
import type { LabelRecord } from '../../../../contracts/journal.ts';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { storeLayout } from '../../../../contracts/store-layout.ts';
import { FileStore } from '../../../../platform/object-store/file.ts';
import { LabelLog } from '../../../../server/feedback/label-log.ts';
import { Journal, later } from '../../../../server/journal/journal.ts';
import { RecordWriter } from '../../../../server/journal/record-writer.ts';
import { FolderDisk } from '../../../../server/journal/segment-disk.ts';
import { StoreWriter } from '../../../../server/journal/store-writer.ts';
import { parseCardFile } from '../../../../server/package/card-file.ts';
import type { ObservedPrediction } from '../../../../server/prediction/observed-prediction.ts';
import { ephemeralKeyring } from '../../../../server/prediction-id/keyring.ts';
import { PredictionIds } from '../../../../server/prediction-id/prediction-ids.ts';
import { keptLogger, temporaryFolder, tinyCard, tinyRepository } from '../tiny-package.ts';

export const MODEL = 'tiny-churn';
export const HORIZON_MS = 3_600_000;
const layout = storeLayout(`models/${MODEL}`, MODEL);
const SALT = 'ab'.repeat(16);

/** A generator of numbers in [0, 1) that gives the same ones every time (Marsaglia's xorshift, 32 bits). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A card that lists customers as trained on. */
export function trainedOn(customers: readonly string[]): (card: ModelCard) => ModelCard {
  const hashes = customers.map((customer) => createHash('sha256').update(Buffer.from(SALT, 'hex')).update(customer).digest().subarray(0, 8)).toSorted((a, b) => a.compare(b));
  return (card) => ({ ...card, trainingEntities: { algorithm: 'sha256-64', salt: SALT, count: customers.length, hashes: Buffer.concat(hashes).toString('base64') } });
}

/** A store with a stable version v1 and a candidate v2; customers `seen-by-v1` and `seen-by-v2` were trained on. */
export async function storeWithVersions() {
  const { root, url } = await tinyRepository({ v1: { card: trainedOn(['seen-by-v1']) }, v2: { card: trainedOn(['seen-by-v2']) } });
  const versionOf = async (version: string) => {
    const { digest } = parseCardFile(await readFile(join(root, 'models', MODEL, version, 'model.json')));
    return { repository: url, version, digest, hash: hashOf(digest) };
  };
  return { root, url, layout, stable: await versionOf('v1'), candidate: await versionOf('v2') };
}

function hashOf(digest: PackageDigest): string {
  return candidateHash(digest, tinyCard.entity?.column ?? null);
}

export type VersionedStore = Awaited<ReturnType<typeof storeWithVersions>>;

/** What a test asks: a Feedback gate that is content with little. */
export function requestOf({ stable, candidate }: VersionedStore, given: Partial<EvaluationRequest> = {}): EvaluationRequest {
  const gate = { labels: 'Feedback', mode: 'Anytime', minAUC: 0.5, confidence: 0.95, maxRegression: 0.2, minPositives: 20, minNegatives: 20 } as const;
  return EvaluationRequest.parse({ schemaVersion: 1, kind: 'Candidate', candidate, stable, gate, horizonMs: HORIZON_MS, population: 'All', ...given });
}

function ignored(): void {
  // A test looks into the store.
}

/** Writes predictions as serving pods do: buffer, segments on a volume, objects in the store. */
export async function journal(root: string, rows: readonly ObservedPrediction[]): Promise<void> {
  const pod = await Journal.open({
    records: new RecordWriter({ card: tinyCard, features: true, redact: [] }),
    samplePercent: 100,
    disk: new FolderDisk(await temporaryFolder()),
    store: new StoreWriter(new FileStore(root), 10_000),
    prefix: layout.predictions,
    pod: 'pod-1',
    events: { dropped: (reason) => { throw new Error(`dropped: ${reason}`); }, written: ignored, shipped: ignored, torn: ignored, shipFailed: ignored },
    logger: keptLogger().logger,
  });
  for (const row of rows) pod.observe(row);
  await pod.close(new AbortController().signal);
}

/** Stores labels as `:feedback` does. */
export async function label(root: string, labels: readonly LabelRecord[]): Promise<void> {
  const log = new LabelLog({ store: new StoreWriter(new FileStore(root), 10_000), prefix: layout.labels, pod: 'pod-1', now: Date.now, schedule: later, signal: new AbortController().signal });
  for (let from = 0; from < labels.length; from += 500) await log.store(labels.slice(from, from + 500));
}

const ids = new PredictionIds(MODEL, ephemeralKeyring());

/** A prediction of a customer, scored by both sides. */
export function observed({ stable, candidate }: VersionedStore, entity: string | undefined, atMs: number, scores: Readonly<{ stable: number; candidate: number | undefined }>): ObservedPrediction {
  const own = { version: stable.version, hash: stable.hash, probability: scores.stable, decision: scores.stable >= 0.5 };
  const other = scores.candidate;
  return {
    predictionId: ids.issue(atMs),
    requestId: 'request',
    entity,
    atMs,
    features: { tenure: 3 },
    own,
    candidate: other === undefined ? { scored: false, absence: 'QueueFull' } : { scored: true, score: { version: candidate.version, hash: candidate.hash, probability: other, decision: other >= 0.5 } },
    answered: { role: 'stable', decision: own.decision, arm: undefined },
  };
}

/** A label by feedback. */
export function labelOf(about: Readonly<{ id?: string; entity?: string }>, happened: boolean, observedMs: number, receivedMs: number = Date.now()): LabelRecord {
  return { schemaVersion: 1, ...about, label: happened, observedAt: new Date(observedMs).toISOString(), receivedAt: new Date(receivedMs).toISOString(), source: 'feedback' };
}
