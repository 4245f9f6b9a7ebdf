import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

/** What is read: at most `maxBytes`, else PackageTooLarge. */
export type ReadOptions = Readonly<{ maxBytes: number; signal: AbortSignal }>;
/** `ifAbsent`: an object that exists is left as it is, where the store honours If-None-Match (versitygw without metadata does not). */
export type PutOptions = Readonly<{ ifAbsent: boolean; signal: AbortSignal }>;
export type PutOutcome = 'Written' | 'Exists';

/**
 * A bucket, or a folder that plays its part. Keys are relative to it, with slashes, never starting with one.
 * Every method throws ChurnOpsError: StoreUnreachable (the only transient one), AccessDenied, BucketNotFound, FileMissing,
 * PackageTooLarge, ConfigurationInvalid for unsafe keys; and the signal's reason once that fires.
 */
export interface ObjectStore {
  /** The object as chunks. Errors may also come while chunks are read: a retry starts at the first byte. */
  read(key: string, options: ReadOptions): Promise<AsyncIterable<Uint8Array>>;
  /** Size in bytes, or undefined where there is no such object. */
  size(key: string, signal: AbortSignal): Promise<number | undefined>;
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutOutcome>;
  /** Names of the folders directly below a prefix, in no particular order; at most 10,000. */
  folders(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Keys of a folder and of all below it, in pages of at most 1,000: memory does not grow with their number, and pages that were read may be
   * deleted while the next ones come. Links are keys of their own, never followed.
   */
  keys(folder: string, signal: AbortSignal): AsyncIterable<readonly string[]>;
  /** Deletes at most 1,000 objects; one that is not there counts as deleted. Gives those that are still there. */
  delete(keys: readonly string[], signal: AbortSignal): Promise<readonly NotDeleted[]>;
  /**
   * What time it is for the store, epoch milliseconds; undefined where it does not say. For comparing clocks, not for measuring.
   * @param folder that the credentials may list: they may have no right to look elsewhere
   */
  nowMs(folder: string, signal: AbortSignal): Promise<number | undefined>;
  /** Frees connections. The store is not usable afterwards. */
  close(): void;
}

/** An object that could not be deleted; `why` is the store's code, `transient` whether the same may succeed in a moment. */
export type NotDeleted = Readonly<{ key: string; why: string; transient: boolean }>;

/** Most keys of a page, and of one deletion. */
export const PAGE_KEYS = 1000;
/** Most folders that `folders` gives. */
export const MAX_FOLDERS = 10_000;

/** Whether the same call may succeed in a moment without anybody changing anything. */
export function isTransientStoreError(thrown: unknown): boolean {
  return thrown instanceof ChurnOpsError && thrown.code === 'StoreUnreachable';
}

/** The whole object in memory. For documents; files are streamed. */
export async function readWhole(store: ObjectStore, key: string, options: ReadOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.read(key, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Passes chunks on until they are more than `maxBytes`. */
export async function* capped(chunks: AsyncIterable<Uint8Array>, key: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new ChurnOpsError('PackageTooLarge', `${key} has more than ${maxBytes} bytes`);
    yield chunk;
  }
}
