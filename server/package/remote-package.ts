import { createHash } from 'node:crypto';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';
import { joinKey } from '../../platform/object-store/location.ts';
import { isTransientStoreError, readWhole } from '../../platform/object-store/object-store.ts';
import type { ObjectStore } from '../../platform/object-store/object-store.ts';
import { retry } from '../../platform/retry/retry.ts';
import type { RetryPolicy } from '../../platform/retry/retry.ts';
import { MAX_CARD_BYTES, MAX_FILE_BYTES, parseCardFile } from './card-file.ts';
import type { CardFile } from './card-file.ts';

/** What a version may be called; the name of its folder. */
export const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const LISTED_VERSIONS = 5;

/** A repository in an open store, and how long its hiccups are sat out. */
export type Repository = Readonly<{ store: ObjectStore; prefix: string; url: string; patience: Omit<RetryPolicy, 'isTransient'> }>;

/** A card as it lies in the store. */
export type RemoteCard = CardFile & Readonly<{ bytes: Uint8Array }>;

/** Runs a store call, sitting out transient errors. */
export async function patiently<Result>({ patience }: Pick<Repository, 'patience'>, task: () => Promise<Result>): Promise<Result> {
  return retry(task, { ...patience, isTransient: isTransientStoreError });
}

/**
 * Reads the card of a version.
 * @throws ChurnOpsError VersionNotFound naming some versions that exist; CardInvalid; store errors
 */
export async function readRemoteCard(repository: Repository, version: string): Promise<RemoteCard> {
  const { store, prefix, patience } = repository;
  if (!VERSION.test(version)) throw new ChurnOpsError('VersionNotFound', `"${version.slice(0, 63)}" cannot be a version: letters, digits, dots, dashes and underscores, at most 63.`);
  try {
    const key = joinKey(prefix, version, PACKAGE_FILES.card);
    const bytes = await patiently(repository, () => readWhole(store, key, { maxBytes: MAX_CARD_BYTES, signal: patience.signal }));
    return { ...parseCardFile(bytes), bytes };
  } catch (thrown) {
    if (!(thrown instanceof ChurnOpsError) || thrown.code !== 'FileMissing') throw thrown;
    throw new ChurnOpsError('VersionNotFound', `${repository.url}/${version} has no ${PACKAGE_FILES.card}; ${await neighbours(repository, version)}.`, { cause: thrown });
  }
}

async function neighbours(repository: Repository, version: string): Promise<string> {
  try {
    const { store, prefix, patience } = repository;
    const found = (await patiently(repository, () => store.folders(prefix, patience.signal))).filter((name) => name !== version).toSorted().toReversed();
    if (found.length === 0) return 'there are no other versions';
    return `there are ${found.slice(0, LISTED_VERSIONS).join(', ')}${found.length > LISTED_VERSIONS ? ` and ${found.length - LISTED_VERSIONS} more` : ''}`;
  } catch {
    return 'the other versions could not be listed';
  }
}

/** Takes the chunks of one object; `restart` is called before each attempt. */
export type ByteSink = Readonly<{ restart: () => Promise<void>; write: (chunk: Uint8Array) => Promise<void> }>;

/** What an object was when it was read: hex sha256 and size of its bytes. */
export type StreamedObject = Readonly<{ sha256: string; sizeBytes: number }>;

/**
 * Streams an object through its sha256, and into a sink if there is one; nothing of it stays in memory, and nothing interprets it.
 * @throws ChurnOpsError FileMissing; PackageTooLarge beyond `maxBytes`; store errors; and what the sink throws
 */
export async function streamObject(repository: Pick<Repository, 'store' | 'patience'>, key: string, maxBytes: number, sink?: ByteSink): Promise<StreamedObject> {
  const { store, patience } = repository;
  return patiently(repository, async () => {
    await sink?.restart();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of await store.read(key, { maxBytes, signal: patience.signal })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      await sink?.write(chunk);
    }
    return { sha256: hash.digest('hex'), sizeBytes };
  });
}

/**
 * Streams one file of a package into a sink, and holds it to the digest that its card lists.
 * @throws ChurnOpsError DigestMismatch, PackageTooLarge, FileMissing, store errors, and what the sink throws
 */
export async function streamVerified(repository: Repository, card: CardFile['card'], version: string, name: string, sink: ByteSink): Promise<void> {
  const listed = card.files[name];
  if (listed === undefined) throw new ChurnOpsError('CardInvalid', `${PACKAGE_FILES.card} lists no ${name}.`);
  if (listed.sizeBytes > MAX_FILE_BYTES) throw new ChurnOpsError('PackageTooLarge', `${name} has ${listed.sizeBytes} bytes.`);
  const key = joinKey(repository.prefix, version, name);
  const { sha256: found } = await streamObject(repository, key, MAX_FILE_BYTES, sink);
  if (found === listed.sha256) return;
  throw new ChurnOpsError('DigestMismatch', `${repository.url}/${version}/${name} has sha256 ${found.slice(0, 12)}..., its card lists ${listed.sha256.slice(0, 12)}....`);
}
