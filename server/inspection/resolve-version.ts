import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';
import { joinKey } from '../../platform/object-store/location.ts';
import { patiently } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { compareVersions } from './version-order.ts';

/** What `spec.model.version` says for "the newest". */
export const LATEST = 'latest';
/** A trainer that dies while uploading leaves a folder without a card; so many in a row would be another problem. */
const MAX_UNFINISHED = 50;

/**
 * The version to inspect: itself, or for `latest` the greatest folder (natural order, version-order.ts) that has a model.json. Cards are
 * uploaded last, so a half-uploaded package is passed over.
 * @throws ChurnOpsError VersionNotFound; store errors
 */
export async function resolveVersion(repository: Repository, version: string): Promise<string> {
  if (version !== LATEST) return version;
  const { store, prefix, url } = repository;
  const { signal } = repository.patience;
  const folders = (await patiently(repository, () => store.folders(prefix, signal))).filter((name) => name !== LATEST).toSorted((a, b) => compareVersions(b, a));
  for (const folder of folders.slice(0, MAX_UNFINISHED)) {
    const size = await patiently(repository, () => store.size(joinKey(prefix, folder, PACKAGE_FILES.card), signal));
    if (size !== undefined) return folder;
  }
  throw new ChurnOpsError('VersionNotFound', `${url} has ${folders.length === 0 ? 'no folders' : `${folders.length} folders, but none`} with a ${PACKAGE_FILES.card}.`);
}
