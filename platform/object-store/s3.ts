import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { assertSafeKey } from './location.ts';
import { capped, MAX_FOLDERS, PAGE_KEYS } from './object-store.ts';
import type { NotDeleted, ObjectStore, PutOptions, PutOutcome, ReadOptions } from './object-store.ts';
import { s3Error } from './s3-errors.ts';
import type { S3Question } from './s3-errors.ts';
import { stallGuarded } from './stall.ts';

/** How S3 is reached. Keys come from the environment, as the AWS SDK reads them, unless `credentials` are given (tests). */
export type S3Settings = Readonly<{
  bucket: string;
  /** Unset: AWS itself. */
  endpoint?: string;
  region?: string;
  credentials?: Readonly<{ accessKeyId: string; secretAccessKey: string }>;
  /** Connecting takes at most this long; default 5 s. */
  connectMs?: number;
  /** Nothing received for this long is a failure; default 20 s. */
  silenceMs?: number;
}>;

const DEFAULT_REGION = 'us-east-1';
const CONNECT_MS = 5000;
const SILENCE_MS = 20_000;

/** Codes of single keys in the answer to a deletion that are about the moment. Unlike those of whole calls, codes that are not known here are final: they may be about the one object. */
const TRANSIENT: ReadonlySet<string> = new Set(['InternalError', 'OperationAborted', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'SlowDownRead', 'SlowDownWrite', 'ThrottlingException', 'TooManyRequests']);

/** A bucket of S3, or of anything that speaks it. Never retries by itself: callers wrap calls in `retry`. */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #endpoint: string;
  readonly #silenceMs: number;

  /** @throws ChurnOpsError ConfigurationInvalid when the endpoint is no http(s) URL */
  constructor(settings: S3Settings) {
    this.#bucket = settings.bucket;
    this.#endpoint = settings.endpoint === undefined ? 'AWS' : endpointOrigin(settings.endpoint);
    this.#silenceMs = settings.silenceMs ?? SILENCE_MS;
    this.#client = new S3Client({
      region: settings.region ?? DEFAULT_REGION,
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: settings.connectMs ?? CONNECT_MS, requestTimeout: this.#silenceMs, throwOnRequestTimeout: true },
      ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
      ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    });
  }

  async read(key: string, { maxBytes, signal }: ReadOptions): Promise<AsyncIterable<Uint8Array>> {
    assertSafeKey(key);
    const question = this.#question('read', key);
    const answer = await this.#ask(question, signal, () => this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }));
    const { Body: body, ContentLength: sizeBytes } = answer;
    if (!(body instanceof Readable)) throw new ChurnOpsError('StoreUnreachable', `s3://${this.#bucket}/${key}: the store sent no body`);
    if (sizeBytes !== undefined && sizeBytes > maxBytes) {
      body.destroy();
      throw new ChurnOpsError('PackageTooLarge', `s3://${this.#bucket}/${key} has ${sizeBytes} bytes, more than ${maxBytes}`);
    }
    return capped(this.#chunks(body, question, sizeBytes, signal), `s3://${this.#bucket}/${key}`, maxBytes);
  }

  async size(key: string, signal: AbortSignal): Promise<number | undefined> {
    assertSafeKey(key);
    try {
      const answer = await this.#ask(this.#question('look up', key), signal, () => this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }));
      return answer.ContentLength ?? 0;
    } catch (thrown) {
      if (thrown instanceof ChurnOpsError && thrown.code === 'FileMissing') return undefined;
      throw thrown;
    }
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent, signal }: PutOptions): Promise<PutOutcome> {
    assertSafeKey(key);
    const command = new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, ContentLength: bytes.length, ...(ifAbsent ? { IfNoneMatch: '*' } : {}) });
    return this.#ask(this.#question('write', key), signal, async () => {
      try {
        await this.#client.send(command, { abortSignal: signal });
        return 'Written';
      } catch (thrown) {
        if (thrown instanceof Error && (thrown.name === 'PreconditionFailed' || thrown.name === 'ConditionalRequestConflict')) return 'Exists';
        throw thrown;
      }
    });
  }

  async folders(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    if (prefix !== '') assertSafeKey(prefix);
    const below = prefix === '' ? '' : `${prefix}/`;
    const names: string[] = [];
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: below, Delimiter: '/', EncodingType: 'url', ...(token === undefined ? {} : { ContinuationToken: token }) });
      const page = await this.#ask(this.#question('list', below), signal, () => this.#client.send(command, { abortSignal: signal }));
      const found = (page.CommonPrefixes ?? []).flatMap(({ Prefix: folder }) => listedName(page.EncodingType, folder));
      for (const folder of found) if (folder.startsWith(below)) names.push(folder.slice(below.length).replace(/\/$/, ''));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined && names.length < MAX_FOLDERS);
    return names.slice(0, MAX_FOLDERS);
  }

  async *keys(folder: string, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    assertSafeKey(folder);
    const below = `${folder}/`;
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: below, MaxKeys: PAGE_KEYS, EncodingType: 'url', ...(token === undefined ? {} : { ContinuationToken: token }) });
      const page = await this.#ask(this.#question('list', below), signal, () => this.#client.send(command, { abortSignal: signal }));
      const keys = (page.Contents ?? []).flatMap(({ Key: key }) => listedName(page.EncodingType, key));
      yield keys.filter((key) => key.startsWith(below));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(keys: readonly string[], signal: AbortSignal): Promise<readonly NotDeleted[]> {
    if (keys.length === 0) return [];
    const command = new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: key })) } });
    command.middlewareStack.add(
      (next) => async (args) => {
        addContentMd5(args.request);
        return next(args);
      },
      { step: 'build', name: 'churnopsContentMd5' },
    );
    const answer = await this.#ask(this.#question('delete from', keys[0] ?? ''), signal, () => this.#client.send(command, { abortSignal: signal }));
    return (answer.Errors ?? []).filter(({ Code: code }) => code !== 'NoSuchKey').map(({ Key: key, Code: why = 'UnknownError' }) => ({ key: key ?? '', why, transient: TRANSIENT.has(why) }));
  }

  async nowMs(folder: string, signal: AbortSignal): Promise<number | undefined> {
    let date: string | undefined;
    const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: `${folder}/`, MaxKeys: 1, EncodingType: 'url' });
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = dateHeader(result.response);
        return result;
      },
      { step: 'deserialize', name: 'churnopsDate' },
    );
    await this.#ask(this.#question('list', `${folder}/`), signal, () => this.#client.send(command, { abortSignal: signal }));
    const ms = Date.parse(date ?? '');
    return Number.isNaN(ms) ? undefined : ms;
  }

  close(): void {
    this.#client.destroy();
  }

  async *#chunks(body: Readable, question: S3Question, sizeBytes: number | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let receivedBytes = 0;
    try {
      for await (const chunk of stallGuarded(body, this.#silenceMs, signal)) {
        receivedBytes += chunk.length;
        yield chunk;
      }
    } catch (thrown) {
      signal.throwIfAborted();
      throw s3Error(thrown, question);
    }
    if (sizeBytes !== undefined && receivedBytes !== sizeBytes) {
      throw new ChurnOpsError('StoreUnreachable', `s3://${question.bucket}/${question.key} at ${question.endpoint} ended after ${receivedBytes} of ${sizeBytes} bytes`);
    }
  }

  async #ask<Answer>(question: S3Question, signal: AbortSignal, call: () => Promise<Answer>): Promise<Answer> {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (thrown) {
      signal.throwIfAborted();
      throw s3Error(thrown, question);
    }
  }

  #question(action: S3Question['action'], key: string): S3Question {
    return { action, bucket: this.#bucket, key, endpoint: this.#endpoint };
  }
}

/** Stores that do not know the SDK's own checksum (CRC32) ask for this one, and refuse a deletion without it. */
function addContentMd5(request: unknown): void {
  if (typeof request !== 'object' || request === null || !('headers' in request) || !('body' in request)) return;
  const { headers, body } = request;
  if (typeof headers === 'object' && headers !== null && typeof body === 'string') Reflect.set(headers, 'content-md5', createHash('md5').update(body).digest('base64'));
}

/**
 * A key or prefix of a listing, none where there is none. Every listing asks for `EncodingType: url`, or one control character in a name would
 * make the whole page unreadable as XML; not every store does it, and what is not encoded so is a name already.
 */
function listedName(encoding: string | undefined, text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  if (encoding !== 'url') return [text];
  try {
    return [decodeURIComponent(text.replaceAll('+', ' '))];
  } catch {
    return [text];
  }
}

function dateHeader(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  return typeof headers.date === 'string' ? headers.date : undefined;
}

function endpointOrigin(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new ChurnOpsError('ConfigurationInvalid', 'The store endpoint is no http:// or https:// URL');
  return url.origin;
}
