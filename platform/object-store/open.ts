import { FileStore } from './file.ts';
import type { StoreLocation } from './location.ts';
import type { ObjectStore } from './object-store.ts';
import { S3Store } from './s3.ts';

/** How the store behind a location is reached; both unset for volumes and AWS. */
export type StoreAccess = Readonly<{ endpoint: string | undefined; region: string | undefined }>;

/** The store that a location is in, opened on its root. */
export function openStore(location: StoreLocation, access: StoreAccess): ObjectStore {
  if (location.scheme === 'file') return new FileStore(location.root, location.rootUrl);
  return new S3Store({
    bucket: location.root,
    ...(access.endpoint === undefined ? {} : { endpoint: access.endpoint }),
    ...(access.region === undefined ? {} : { region: access.region }),
  });
}
