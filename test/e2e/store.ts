import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PACKAGE_FILES } from '../../contracts/names.ts';

/** One object of the store. */
export type StoredFile = Readonly<{ key: string; etag: string; sizeBytes: number; modifiedAtMs: number }>;

/** The embedded store, seen from this machine: one bucket, full rights. */
export class Store {
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #signal: AbortSignal;

  constructor(input: Readonly<{ endpoint: string; bucket: string; accessKeyId: string; secretAccessKey: string; signal: AbortSignal }>) {
    const { endpoint, bucket, accessKeyId, secretAccessKey, signal } = input;
    this.bucket = bucket;
    this.#signal = signal;
    this.#client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  }

  /** All objects below a prefix, by key. */
  async list(prefix = ''): Promise<readonly StoredFile[]> {
    const files: StoredFile[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket, Prefix: prefix, ContinuationToken: token }), this.#options());
      for (const { Key: key, ETag: etag, Size: sizeBytes, LastModified: modified } of page.Contents ?? []) {
        if (key !== undefined) files.push({ key, etag: etag ?? '', sizeBytes: sizeBytes ?? 0, modifiedAtMs: modified?.getTime() ?? 0 });
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return files.toSorted((a, b) => a.key.localeCompare(b.key));
  }

  async get(key: string): Promise<Buffer> {
    const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }), this.#options());
    if (answer.Body === undefined) throw new Error(`s3://${this.bucket}/${key} has no body`);
    return Buffer.from(await answer.Body.transformToByteArray());
  }

  /** Writes, over what is there. */
  async put(key: string, body: Uint8Array | string): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body }), this.#options());
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key }), this.#options());
  }

  async deleteAll(prefix: string): Promise<void> {
    if (prefix === '') throw new Error('deleteAll of the whole bucket');
    for (const { key } of await this.list(prefix)) await this.delete(key);
  }

  /** Changes one byte in the middle of an object, or at `at`; its length stays. */
  async changeByte(key: string, at?: number): Promise<void> {
    const body = await this.get(key);
    const index = at ?? Math.floor(body.length / 2);
    const byte = body[index];
    if (byte === undefined) throw new Error(`${key} has ${body.length} bytes, none at ${index}`);
    body[index] = byte ^ 1;
    await this.put(key, body);
  }

  /** Puts a folder of files under a prefix (no slash at its end), the card last; `edit` may replace a file, or leave it out (undefined). */
  async upload(folder: string, prefix: string, edit: (file: string, body: Buffer) => Buffer | undefined = (_file, body) => body): Promise<void> {
    const files = (await readdir(folder)).toSorted((a, b) => Number(a === PACKAGE_FILES.card) - Number(b === PACKAGE_FILES.card) || a.localeCompare(b));
    for (const file of files) {
      const body = edit(file, await readFile(join(folder, file)));
      if (body !== undefined) await this.put(`${prefix}/${file}`, body);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #options(): { abortSignal: AbortSignal } {
    return { abortSignal: this.#signal };
  }
}
