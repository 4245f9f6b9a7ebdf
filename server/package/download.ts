import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';
import { systemCode } from '../../platform/object-store/file.ts';
import { intoFile } from './download-object.ts';
import { readLocalPackage, assertDigest } from './local-package.ts';
import type { VerifiedPackage } from './local-package.ts';
import { readRemoteCard, streamVerified } from './remote-package.ts';
import type { RemoteCard, Repository } from './remote-package.ts';

/** Files that the server needs. report.html and best_model.pkl are for people and stay in the store. */
export const SERVED_FILES = [PACKAGE_FILES.graph, PACKAGE_FILES.golden] as const;
const PARTIAL = '.partial';

/** Where the package on disk came from. */
export type Download = Readonly<{ found: VerifiedPackage; origin: 'Disk' | 'Store' }>;

/**
 * Brings a package into a folder, every byte verified while it is written; a good one that is there already is kept (a restarted init
 * container). The card is written last: a folder with a card is whole.
 * @throws ChurnOpsError CardChanged, VersionNotFound, FileMissing, DigestMismatch, PackageTooLarge, DiskFull, CardInvalid, GoldenInvalid, store errors
 */
export async function downloadPackage(repository: Repository, version: string, digest: string, folder: string): Promise<Download> {
  const { signal } = repository.patience;
  const present = await goodPackage(folder, digest, signal);
  if (present !== undefined) return { found: present, origin: 'Disk' };
  const remote = await readRemoteCard(repository, version);
  assertDigest(remote.digest, digest);
  await onDisk(folder, () => fetchFiles(repository, version, remote, folder));
  return { found: await readLocalPackage(folder, digest, signal), origin: 'Store' };
}

async function fetchFiles(repository: Repository, version: string, remote: RemoteCard, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await rm(join(folder, PACKAGE_FILES.card), { force: true });
  for (const name of await readdir(folder)) if (name.endsWith(PARTIAL)) await rm(join(folder, name), { force: true });
  for (const name of SERVED_FILES) await fetchFile(repository, version, remote, name, folder);
  const temporary = join(folder, `${PACKAGE_FILES.card}.${randomUUID()}${PARTIAL}`);
  await writeFile(temporary, remote.bytes);
  await rename(temporary, join(folder, PACKAGE_FILES.card));
}

async function goodPackage(folder: string, digest: string, signal: AbortSignal): Promise<VerifiedPackage | undefined> {
  try {
    return await readLocalPackage(folder, digest, signal);
  } catch (thrown) {
    if (thrown instanceof ChurnOpsError) return undefined;
    throw thrown;
  }
}

async function fetchFile(repository: Repository, version: string, remote: RemoteCard, name: string, folder: string): Promise<void> {
  const temporary = join(folder, `${name}.${randomUUID()}${PARTIAL}`);
  try {
    await intoFile(temporary, (sink) => streamVerified(repository, remote.card, version, name, sink));
    await rename(temporary, join(folder, name));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function onDisk(folder: string, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (thrown) {
    const code = systemCode(thrown);
    if (thrown instanceof ChurnOpsError || code === undefined) throw thrown;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new ChurnOpsError('DiskFull', `${folder} has no room left for the package.`, { cause: thrown });
    throw new ChurnOpsError('Internal', `${folder} cannot be written (${code}).`, { cause: thrown });
  }
}
