import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { candidateHash, packageDigest, type CandidateHash, type PackageDigest } from '../../contracts/digest.ts';
import { ModelCard } from '../../contracts/model-card.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';

/** A package on this machine, as a serving process is told of it. */
export type ServedPackage = Readonly<{ folder: string; card: ModelCard; version: string; digest: PackageDigest; hash: CandidateHash }>;

/** @param folder with the files of the package */
export async function servedPackage(folder: string): Promise<ServedPackage> {
  const json: unknown = JSON.parse(await readFile(join(folder, PACKAGE_FILES.card), 'utf8'));
  const card = ModelCard.parse(json);
  const digest = packageDigest(json);
  return { folder, card, version: card.version, digest, hash: candidateHash(digest, card.entity?.column ?? null) };
}
