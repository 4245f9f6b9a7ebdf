import type { Objects } from './feedback/journal-reader.ts';
import { STORAGE } from './manifest.ts';
import type { Store } from './store.ts';

/** The bucket as keys and bytes. */
export function storeObjects(store: Store): Objects {
  return { list: async (prefix) => (await store.list(prefix)).map(({ key }) => key), get: async (key) => store.get(key) };
}

/** Key of an object that is named by its URL. @throws Error for one of another bucket */
export function keyOf(url: string): string {
  const bucket = `s3://${STORAGE.bucket}/`;
  if (!url.startsWith(bucket)) throw new Error(`${url} is not in ${bucket}`);
  return url.slice(bucket.length);
}
