import { validateHeaderValue } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '../../../../platform/logging/logger.ts';
import { s3Error } from '../../../../platform/object-store/s3-errors.ts';
import { readWhole } from '../../../../platform/object-store/object-store.ts';
import { S3Store } from '../../../../platform/object-store/s3.ts';
import { s3Body, s3Failure, scriptedS3 } from './scripted-s3.ts';
import type { Script, ScriptedS3 } from './scripted-s3.ts';

const { signal } = new AbortController();
let s3: ScriptedS3 | undefined;
afterEach(async () => s3?.close());

async function started(scripts: readonly Script[], silenceMs?: number): Promise<ScriptedS3> {
  s3 = await scriptedS3(scripts, silenceMs);
  return s3;
}

const breaks: Script = (_req, res) => {
  res.writeHead(200, { 'content-length': 10 });
  res.write('abc', () => res.destroy());
};
const stalls: Script = (_req, res) => {
  res.writeHead(200, { 'content-length': 10 });
  res.write('abc');
};

test('reads an object, path style', async () => {
  const { store, requests } = await started([s3Body('hello')]);
  expect(Buffer.from(await readWhole(store, 'models/a/model.json', { maxBytes: 10, signal })).toString()).toBe('hello');
  expect(requests).toEqual(['GET /churn/models/a/model.json?x-id=GetObject']);
});

test.each<{ name: string; script: Script; code: string; message: string }>([
  { name: 'unknown access key', script: s3Failure(403, 'InvalidAccessKeyId'), code: 'AccessDenied', message: 'InvalidAccessKeyId, HTTP 403: the store does not know the access key' },
  { name: 'wrong secret key', script: s3Failure(403, 'SignatureDoesNotMatch'), code: 'AccessDenied', message: 'the secret key is wrong' },
  { name: 'not allowed', script: s3Failure(403, 'AccessDenied'), code: 'AccessDenied', message: 'refused to read s3://churn/k' },
  { name: 'clock', script: s3Failure(403, 'RequestTimeTooSkewed'), code: 'AccessDenied', message: 'the clock of the node is wrong' },
  { name: 'region', script: s3Failure(400, 'AuthorizationHeaderMalformed'), code: 'AccessDenied', message: 'the region may be wrong' },
  { name: 'missing bucket', script: s3Failure(404, 'NoSuchBucket'), code: 'BucketNotFound', message: 'Bucket churn does not exist' },
  { name: 'missing key', script: s3Failure(404, 'NoSuchKey'), code: 'FileMissing', message: 's3://churn/k at http://127.0.0.1' },
  { name: 'an access key that versitygw does not know', script: s3Failure(404, 'XAdminUserNotFound'), code: 'AccessDenied', message: 'the store does not know the access key' },
  { name: 'overloaded', script: s3Failure(503, 'SlowDown'), code: 'StoreUnreachable', message: 'SlowDown, HTTP 503' },
  { name: 'broken', script: s3Failure(500, 'InternalError'), code: 'StoreUnreachable', message: 'InternalError, HTTP 500' },
  { name: 'a proxy that answers HTML', script: s3Body('<html>no</html>', 502), code: 'StoreUnreachable', message: 'HTTP 502' },
  { name: 'a web server that knows no such page', script: s3Body('<!doctype html><html><body><h1>404</h1><br></body></html>', 404), code: 'StoreUnreachable', message: 'it answers, but not as an S3 service' },
  { name: 'an API that knows no such path', script: s3Body('{"error":"not found"}', 404), code: 'StoreUnreachable', message: 'it answers, but not as an S3 service' },
  { name: 'nothing but a 404', script: s3Body('', 404), code: 'StoreUnreachable', message: 'it answers, but not as an S3 service' },
  { name: 'too large', script: s3Body('x'.repeat(101)), code: 'PackageTooLarge', message: '101 bytes' },
  { name: 'breaks off', script: breaks, code: 'StoreUnreachable', message: 's3://churn/k' },
  { name: 'stalls', script: stalls, code: 'StoreUnreachable', message: 'sent nothing for 200 ms' },
  { name: 'never answers', script: () => undefined, code: 'StoreUnreachable', message: 's3://churn/k' },
])('$name: $code', async ({ script, code, message }) => {
  const { store, requests } = await started([script], 200);
  await expect(readWhole(store, 'k', { maxBytes: 100, signal })).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  await expect(readWhole(store, 'k', { maxBytes: 100, signal })).rejects.not.toMatchObject({ message: expect.stringMatching(/SECRET|hush/) });
  expect(requests).toHaveLength(2);
});

test.each(['AKIA\n', 'AKIA\u2028'])('a key that fits into no header (%j): AccessDenied, as trying again does not help', (key) => {
  // Not through the client: it takes errors of Node for no errors in the realm that Jest runs tests in.
  let thrown: unknown;
  try {
    validateHeaderValue('authorization', key);
  } catch (error) {
    thrown = error;
  }
  const error = s3Error(thrown, { action: 'read', bucket: 'churn', key: 'k', endpoint: 'http://store' });
  expect(error).toMatchObject({ code: 'AccessDenied', message: expect.stringContaining('holds a line break or another character that no header may have') });
});

const echo: Script = (req, res) => {
  res.writeHead(403, { 'content-type': 'application/xml' });
  res.end(`<Error><Code>SignatureDoesNotMatch</Code><Message>got ${req.rawHeaders.join(' ')}</Message></Error>`);
};

test('a store that repeats our headers does not get them into our logs', async () => {
  const { store } = await started([echo]);
  const thrown: unknown = await readWhole(store, 'k', { maxBytes: 100, signal }).catch((error: unknown) => error);
  const lines: string[] = [];
  createLogger({ level: 'info', fields: {}, destination: { write: (line) => lines.push(line) } }).error({ error: thrown }, 'x');
  expect(lines.join('')).not.toMatch(/TOP-SECRET|AWS4-HMAC|Signature=/);
  expect(JSON.parse(lines.join(''))).toMatchObject({ error: { code: 'AccessDenied', cause: { type: 'S3Failure', code: 'SignatureDoesNotMatch', message: 'SignatureDoesNotMatch, HTTP 403' } } });
});

test('a server that is not there', async () => {
  const store = new S3Store({ bucket: 'churn', endpoint: 'http://user:hush@127.0.0.1:1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  await expect(store.size('k', signal)).rejects.toMatchObject({ code: 'StoreUnreachable', message: expect.stringMatching(/^(?!.*hush).*http:\/\/127\.0\.0\.1:1 /) });
  store.close();
});

test('the size of what is not there is undefined; a denied one is an error', async () => {
  const { store } = await started([s3Body('', 404), s3Body('', 403)]);
  expect(await store.size('k', signal)).toBeUndefined();
  await expect(store.size('k', signal)).rejects.toMatchObject({ code: 'AccessDenied' });
});

test('put if absent', async () => {
  const { store } = await started([s3Body(''), s3Failure(412, 'PreconditionFailed')]);
  expect(await store.put('k', Buffer.from('x'), { ifAbsent: true, signal })).toBe('Written');
  expect(await store.put('k', Buffer.from('x'), { ifAbsent: true, signal })).toBe('Exists');
});

function page(folders: readonly string[], next?: string): Script {
  const truncated = next === undefined ? '' : `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`;
  return s3Body(`<ListBucketResult>${truncated}${folders.map((name) => `<CommonPrefixes><Prefix>models/a/${name}/</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`);
}

test('lists folders over pages', async () => {
  const { store, requests } = await started([page(['v1', 'v2'], 'more'), page(['v3'])]);
  expect(await store.folders('models/a', signal)).toEqual(['v1', 'v2', 'v3']);
  expect(requests[1]).toContain('continuation-token=more');
});

test.each([
  { name: 'decoded where the store encodes them', encoding: '<EncodingType>url</EncodingType>', prefixes: ['models/a/x+y%2Bz%01/', 'models%2Fa%2Fv1%2F'], expected: ['x y+z\u0001', 'v1'] },
  { name: 'taken as they are where it does not', encoding: '', prefixes: ['models/a/x+y%2Bz/'], expected: ['x+y%2Bz'] },
])('folders are $name', async ({ encoding, prefixes, expected }) => {
  const { store, requests } = await started([s3Body(`<ListBucketResult>${encoding}${prefixes.map((prefix) => `<CommonPrefixes><Prefix>${prefix}</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`)]);
  expect(await store.folders('models/a', signal)).toEqual(expected);
  expect(requests[0]).toContain('encoding-type=url');
});

test('an abort is told as such, before and during a call', async () => {
  const { store } = await started([stalls]);
  const stop = new AbortController();
  const reading = readWhole(store, 'k', { maxBytes: 100, signal: stop.signal });
  setImmediate(() => stop.abort(new Error('stopped')));
  await expect(reading).rejects.toThrow('stopped');
  await expect(store.size('k', stop.signal)).rejects.toThrow('stopped');
});

test.each(['../x', 'a//b', '/a', 'a/./b', 'a\\b', 'a\u0000b', 'x'.repeat(1025)])('key %j is refused', async (key) => {
  const { store, requests } = await started([s3Body('')]);
  await expect(store.size(key, signal)).rejects.toMatchObject({ code: 'ConfigurationInvalid' });
  expect(requests).toEqual([]);
});

test.each(['nonsense', 'ftp://x'])('endpoint %s is refused', (endpoint) => {
  expect(() => new S3Store({ bucket: 'churn', endpoint })).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid' }));
});

const xml = (body: string): Script => (_req, res) => {
  res.writeHead(200, { 'content-type': 'application/xml', date: 'Sat, 21 Nov 2026 07:00:00 GMT' });
  res.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
};

test('deletions carry Content-MD5, and what was not deleted comes back by key', async () => {
  const { store, headers, requests } = await started([xml('<DeleteResult><Error><Key>a/2</Key><Code>AccessDenied</Code></Error><Error><Key>a/3</Key><Code>NoSuchKey</Code></Error></DeleteResult>')]);
  expect(await store.delete(['a/1', 'a/2', 'a/3'], signal)).toEqual([{ key: 'a/2', why: 'AccessDenied', transient: false }]);
  expect(requests).toEqual(['POST /churn/?delete=']);
  expect(headers[0]?.['content-md5']).toMatch(/^[A-Za-z0-9+/]{22}==$/);
});

test.each([
  { why: 'SlowDown', transient: true },
  { why: 'InternalError', transient: true },
  { why: 'ServiceUnavailable', transient: true },
  { why: 'RequestTimeout', transient: true },
  { why: 'AccessDenied', transient: false },
  { why: 'ObjectLocked', transient: false },
])('a key that was not deleted for $why: transient $transient', async ({ why, transient }) => {
  const { store } = await started([xml(`<DeleteResult><Error><Key>a/2</Key><Code>${why}</Code></Error></DeleteResult>`)]);
  expect(await store.delete(['a/1', 'a/2'], signal)).toEqual([{ key: 'a/2', why, transient }]);
});

test('the time of the store is that of its answer', async () => {
  const { store, requests } = await started([xml('<ListBucketResult></ListBucketResult>')]);
  expect(await store.nowMs('predictions/telco', signal)).toBe(Date.parse('2026-11-21T07:00:00Z'));
  expect(requests).toEqual(['GET /churn/?encoding-type=url&list-type=2&max-keys=1&prefix=predictions%2Ftelco%2F']);
});

function keysPage(encoding: string, key: string): Script {
  return xml(`<ListBucketResult>${encoding}<Contents><Key>${key}</Key></Contents><Contents><Key>b/other</Key></Contents></ListBucketResult>`);
}

test('keys are decoded where the store encodes them, and those of another folder are dropped', async () => {
  const { store } = await started([keysPage('<EncodingType>url</EncodingType>', 'a/x+y%2Bz%01'), keysPage('', 'a/x+y%2Bz')]);
  const pages: (readonly string[])[] = [];
  for (let look = 0; look < 2; look += 1) for await (const keys of store.keys('a', signal)) pages.push(keys);
  expect(pages).toEqual([['a/x y+z\u0001'], ['a/x+y%2Bz']]);
});

test('a listing that breaks off is an error, not an end', async () => {
  const { store } = await started([s3Failure(503, 'SlowDown')]);
  await expect(store.keys('a', signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'StoreUnreachable' });
});
