import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { candidateHash, sha256Hex } from '../../../contracts/digest.ts';
import { ServeEnvironment } from '../../../contracts/pod-environment.ts';
import type { GoldenRows, ModelCard } from '../../../contracts/model-card.ts';
import { createLogger } from '../../../platform/logging/logger.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { parseCardFile, parseGoldenFile } from '../../../server/package/card-file.ts';
import type { CardFile } from '../../../server/package/card-file.ts';

/** Folder of the package that make_tiny.py made. */
export const TINY = join(process.cwd(), 'test/unit/server/fixtures/tiny');

export const tinyFile: CardFile = parseCardFile(readFileSync(join(TINY, 'model.json')));
export const tinyCard: ModelCard = tinyFile.card;
export const tinyGolden: GoldenRows = parseGoldenFile(readFileSync(join(TINY, 'golden.json')));
export const tinyGraph: Uint8Array = readFileSync(join(TINY, 'model.onnx'));
export const tinyHash: string = candidateHash(tinyFile.digest, 'customerID');

/** The environment that operator and kubelet give to a serving pod of the tiny package. */
export const tinyEnvironment = {
  CHURNOPS_NAMESPACE: 'retention',
  CHURNOPS_MODEL: 'tiny-churn',
  CHURNOPS_LOG_LEVEL: 'info',
  CHURNOPS_VERSION: 'v1',
  CHURNOPS_PACKAGE_DIGEST: tinyFile.digest,
  CHURNOPS_CANDIDATE_HASH: tinyHash,
} as const;

/** The same, as `serve` reads it. */
export const tinyServeEnvironment: ServeEnvironment = ServeEnvironment.parse(tinyEnvironment);

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A folder of its own for a test; it goes with the test's file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'churnops-'));
  folders.push(folder);
  return folder;
}

/** A logger that keeps its lines. */
export function keptLogger(): Readonly<{ logger: Logger; lines: string[] }> {
  const lines: string[] = [];
  return { logger: createLogger({ level: 'debug', fields: {}, destination: { write: (line) => lines.push(line) } }), lines };
}

/** What differs from the tiny package in a version of a test's repository. */
export type VersionChange = Readonly<{ card?: (card: ModelCard) => unknown; files?: Readonly<Record<string, string | Uint8Array>> }>;

/** A repository `<root>/models/tiny-churn` on disk; files that a version changes get their digests in its card. */
export async function tinyRepository(versions: Readonly<Record<string, VersionChange>>): Promise<Readonly<{ root: string; url: string }>> {
  const root = await temporaryFolder();
  const repository = join(root, 'models', 'tiny-churn');
  await mkdir(repository, { recursive: true });
  for (const [version, change] of Object.entries(versions)) {
    const folder = join(repository, version);
    await cp(TINY, folder, { recursive: true });
    const files = { ...tinyCard.files };
    for (const [name, content] of Object.entries(change.files ?? {})) {
      await writeFile(join(folder, name), content);
      files[name] = { sha256: sha256Hex(content), sizeBytes: Buffer.byteLength(content) };
    }
    const card: ModelCard = { ...tinyCard, version, files };
    await writeFile(join(folder, 'model.json'), JSON.stringify(change.card?.(card) ?? card));
  }
  return { root, url: `file://${repository}` };
}

/** Digest of a version in a repository. */
export async function digestOf(root: string, version: string): Promise<string> {
  return parseCardFile(await readFile(join(root, 'models/tiny-churn', version, 'model.json'))).digest;
}
