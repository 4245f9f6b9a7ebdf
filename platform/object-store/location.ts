import { dirname, basename, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

/**
 * A folder in an object store. `root` is what one store is opened on: a bucket, or the folder that plays its part on a volume;
 * `rootUrl` is how people write that (s3://churn; file:// for a whole volume); `prefix` is the folder below it, without slashes at its
 * ends, possibly empty.
 */
export type StoreLocation = Readonly<{ scheme: 's3' | 'file'; root: string; rootUrl: string; prefix: string }>;

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `s3://bucket/folder` or `file:///folder`. On a volume the path begins at the volume's own root, wherever that is mounted, and
 * cannot leave it. Without a volume (a laptop, tests) the grandparent of the folder is the root, as a bucket is of `models/<model>`:
 * file:///data/models/telco-churn has root /data and prefix models/telco-churn.
 * @param volume where the volume is mounted
 * @throws ChurnOpsError ConfigurationInvalid for anything else
 */
export function parseLocation(text: string, volume?: string): StoreLocation {
  if (text.startsWith('s3://')) return parseS3(text);
  if (text.startsWith('file://')) return volume === undefined ? parseFile(text) : parseOnVolume(text, volume);
  throw new ChurnOpsError('ConfigurationInvalid', `"${text.slice(0, 64)}" is no store: s3://bucket/folder or file:///folder is needed`);
}

function parseS3(text: string): StoreLocation {
  const [bucket = '', ...parts] = text.slice('s3://'.length).split('/');
  if (!BUCKET.test(bucket)) throw new ChurnOpsError('ConfigurationInvalid', `"${bucket.slice(0, 64)}" is no bucket name`);
  const prefix = parts.filter((part) => part !== '').join('/');
  if (prefix !== '') assertSafeKey(prefix);
  return { scheme: 's3', root: bucket, rootUrl: `s3://${bucket}`, prefix };
}

function parseFile(text: string): StoreLocation {
  const folder = filePath(text);
  const parent = dirname(folder);
  if (folder === '/') throw new ChurnOpsError('ConfigurationInvalid', 'file:/// itself cannot be a repository');
  const root = dirname(parent);
  return { scheme: 'file', root, rootUrl: `file://${root === '/' ? '' : root}`, prefix: posix.relative(root, folder) };
}

function parseOnVolume(text: string, volume: string): StoreLocation {
  const prefix = posix.relative('/', filePath(text));
  if (prefix !== '') assertSafeKey(prefix);
  return { scheme: 'file', root: volume, rootUrl: 'file://', prefix };
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
  return `${location.rootUrl}/${key}`;
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
