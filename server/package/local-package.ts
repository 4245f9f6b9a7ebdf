import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { sha256Hex } from '../../contracts/digest.ts';
import type { GoldenRows } from '../../contracts/model-card.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';
import { parseCardFile, parseGoldenFile } from './card-file.ts';
import type { CardFile } from './card-file.ts';

/** A package whose every byte here has the digest that its card lists. */
export type VerifiedPackage = CardFile & Readonly<{ graph: Uint8Array; golden: GoldenRows }>;

/**
 * Reads the package that `pull` left in a folder and verifies it again: what is checked is what is loaded.
 * @throws ChurnOpsError FileMissing, CardChanged (not the digest asked for), CardInvalid, DigestMismatch, GoldenInvalid
 */
export async function readLocalPackage(folder: string, expectedDigest: string, signal: AbortSignal): Promise<VerifiedPackage> {
  const file = parseCardFile(await readPackageFile(folder, PACKAGE_FILES.card, signal));
  assertDigest(file.digest, expectedDigest);
  const graph = await readListed(folder, PACKAGE_FILES.graph, file, signal);
  const golden = parseGoldenFile(await readListed(folder, PACKAGE_FILES.golden, file, signal));
  return { ...file, graph, golden };
}

/** @throws ChurnOpsError CardChanged when the card is not the one that was inspected */
export function assertDigest(found: string, expected: string): void {
  if (found === expected) return;
  throw new ChurnOpsError('CardChanged', `model.json has digest ${found.slice(0, 12)}..., inspection found ${expected.slice(0, 12)}...`);
}

async function readListed(folder: string, name: string, { card }: CardFile, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await readPackageFile(folder, name, signal);
  const found = sha256Hex(bytes);
  const listed = card.files[name]?.sha256 ?? '';
  if (found !== listed) throw new ChurnOpsError('DigestMismatch', `${name} has sha256 ${found.slice(0, 12)}..., its card lists ${listed.slice(0, 12)}...`);
  return bytes;
}

async function readPackageFile(folder: string, name: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name), { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new ChurnOpsError('FileMissing', `${join(folder, name)} cannot be read`, { cause });
  }
}
