import { dirname, basename, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

/**
 * A folder in an object store. `root` is what one store is opened on: a bucket, or the folder that plays its part on a volume;
 * `prefix` is the folder below it, without slashes at its ends, possibly empty.
 */
export type StoreLocation = Readonly<{ scheme: 's3' | 'file'; root: string; prefix: string }>;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `s3://bucket/folder` or `file:///folder`. On a volume the grandparent of the folder is the root, as a bucket is of
 * `models/<model>`: file:///data/models/telco-churn has root /data and prefix models/telco-churn.
 * @throws ChurnOpsError ConfigurationInvalid for anything else
 */
export function parseLocation(text: string): StoreLocation {
  if (text.startsWith('s3://')) return parseS3(text);
  if (text.startsWith('file://')) return parseFile(text);
  throw new ChurnOpsError('ConfigurationInvalid', `"${text.slice(0, 64)}" is no store: s3://bucket/folder or file:///folder is needed`);
}

function parseS3(text: string): StoreLocation {
  const [bucket = '', ...parts] = text.slice('s3://'.length).split('/');
  if (!BUCKET.test(bucket)) throw new ChurnOpsError('ConfigurationInvalid', `"${bucket.slice(0, 64)}" is no bucket name`);
  const prefix = parts.filter((part) => part !== '').join('/');
  if (prefix !== '') assertSafeKey(prefix);
  return { scheme: 's3', root: bucket, prefix };
}

function parseFile(text: string): StoreLocation {
  const folder = filePath(text);
  const parent = dirname(folder);
  if (folder === '/') throw new ChurnOpsError('ConfigurationInvalid', 'file:/// itself cannot be a repository');
  const root = dirname(parent);
  return { scheme: 'file', root, prefix: posix.relative(root, folder) };
}

function filePath(text: string): string {
  try {
    const path = posix.normalize(fileURLToPath(text));
    return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  } catch (cause) {
    throw new ChurnOpsError('ConfigurationInvalid', `"${text.slice(0, 64)}" is no file:// URL with an absolute path`, { cause });
  }
}

/** The location as people write it, with a key of the root appended. */
export function locationUrl(location: StoreLocation, key: string): string {
  return location.scheme === 's3' ? `s3://${location.root}/${key}` : `file://${posix.join(location.root, key)}`;
}

/** A key below a prefix, which may be empty. */
export function joinKey(prefix: string, ...parts: readonly string[]): string {
  return [prefix, ...parts].filter((part) => part !== '').join('/');
}

/** Last part of a key. */
export function keyName(key: string): string {
  return basename(key);
}

/**
 * Refuses keys that could mean another place than they say: empty parts, `.`, `..`, control characters, backslashes.
 * @throws ChurnOpsError ConfigurationInvalid
 */
export function assertSafeKey(key: string): void {
  const safe = key.length <= 1024 && !/[\\\p{Cc}]/u.test(key) && key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!safe) throw new ChurnOpsError('ConfigurationInvalid', 'A store key has empty parts, dots, control characters or more than 1,024 characters');
}
