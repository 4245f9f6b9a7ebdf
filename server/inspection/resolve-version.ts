import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { LATEST, PACKAGE_FILES } from '../../contracts/names.ts';
import { joinKey } from '../../platform/object-store/location.ts';
import { patiently, VERSION } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { compareVersions } from './version-order.ts';

/** A trainer that dies while uploading leaves a folder without a card; so many in a row would be another problem. */
const MAX_UNFINISHED = 50;
const LISTED = 3;
const LISTED_CHARACTERS = 63;

/** The version to inspect, and folders that no version can be called: `latest` never means them. */
export type Resolved = Readonly<{ version: string; skipped: readonly string[] }>;

/**
 * The version to inspect: itself, or for `latest` the greatest folder (natural order, version-order.ts) that has a model.json. Cards are
 * uploaded last, so a half-uploaded package is passed over; so is a folder whose name cannot be a version (`backup of v9`).
 * @throws ChurnOpsError VersionNotFound; store errors
 */
export async function resolveVersion(repository: Repository, version: string): Promise<Resolved> {
  if (version !== LATEST) return { version, skipped: [] };
  const { store, prefix, url } = repository;
  const { signal } = repository.patience;
  const found = (await patiently(repository, () => store.folders(prefix, signal))).filter((name) => name !== LATEST);
  const skipped = found.filter((name) => !VERSION.test(name)).toSorted();
  const folders = found.filter((name) => VERSION.test(name)).toSorted((a, b) => compareVersions(b, a));
  for (const folder of folders.slice(0, MAX_UNFINISHED)) {
    const size = await patiently(repository, () => store.size(joinKey(prefix, folder, PACKAGE_FILES.card), signal));
    if (size !== undefined) return { version: folder, skipped };
  }
  const what = folders.length === 0 ? 'no folders' : `${folders.length} folders, but none`;
  throw new ChurnOpsError('VersionNotFound', [`${url} has ${what} with a ${PACKAGE_FILES.card}.`, ...skippedText(skipped)].join(' '));
}

/** A sentence on skipped folders; none where there are none. */
export function skippedText(skipped: readonly string[]): readonly string[] {
  if (skipped.length === 0) return [];
  const listed = skipped.slice(0, LISTED).map((name) => JSON.stringify(name.slice(0, LISTED_CHARACTERS).toWellFormed())).join(', ');
  return [`Passed over, as no version can be called so: ${listed}${skipped.length > LISTED ? ` and ${skipped.length - LISTED} more` : ''}.`];
}
