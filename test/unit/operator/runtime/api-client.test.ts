import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { ApiClient } from '../../../../operator/runtime/api-client.ts';
import type { Connection } from '../../../../operator/runtime/connection.ts';
import { countingTransport } from '../../../../operator/runtime/counting-transport.ts';
import { StoredObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { retryingTransport } from '../../../../operator/runtime/retrying-transport.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { ManualClock, eventually, settled } from './manual-clock.ts';
import { ScriptedServer, answer, configMap, listOf, status } from './scripted-server.ts';

const ConfigMap = StoredObject.extend({ data: z.record(z.string(), z.string()).optional(), status: z.looseObject({}).optional() });
const kind: ResourceKind<z.infer<typeof ConfigMap>> = {
  group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true, schema: ConfigMap,
};
const ref = { namespace: 'shop', name: 'a' };
const desired = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { a: '1' } };
const never = new AbortController().signal;

let server: ScriptedServer;
let connection: Connection;
let client: ApiClient;
let clock: ManualClock;
let registry: Registry;
beforeEach(async () => {
  server = new ScriptedServer();
  connection = await server.start();
  clock = new ManualClock();
  registry = new Registry();
  const metrics = new RuntimeMetrics(registry);
  const transport = retryingTransport(countingTransport(connection, metrics), { clock, random: () => 0, metrics });
  client = new ApiClient({ transport, fieldManager: 'churnops', pageSize: 2 });
});
afterEach(async () => server.stop());

describe('what is sent', () => {
  test.each<{ name: string; call: () => Promise<unknown>; method: string; path: string; query: string; type?: string; body?: object }>([
    { name: 'get', call: () => client.get(kind, ref, never), method: 'GET', path: '/api/v1/namespaces/shop/configmaps/a', query: '' },
    {
      name: 'apply', call: () => client.apply(kind, desired, { uid: 'u' }, never), method: 'PATCH', path: '/api/v1/namespaces/shop/configmaps/a',
      query: 'fieldManager=churnops&force=true', type: 'application/apply-patch+yaml', body: { ...desired, metadata: { ...ref, uid: 'u' } },
    },
    {
      name: 'patchStatus', method: 'PATCH', path: '/api/v1/namespaces/shop/configmaps/a/status', query: 'fieldManager=churnops', type: 'application/merge-patch+json',
      call: () => client.patchStatus(kind, { ...desired, metadata: { ...ref, uid: 'u', resourceVersion: '5' }, status: { gone: 1, same: 2 } }, { same: 2, more: 3 }, never),
      body: { status: { gone: null, more: 3 }, metadata: { uid: 'u', resourceVersion: '5' } },
    },
    {
      name: 'patchMetadata', call: () => client.patchMetadata(kind, ref, { labels: { a: null } }, { uid: 'u' }, never), method: 'PATCH',
      path: '/api/v1/namespaces/shop/configmaps/a', query: 'fieldManager=churnops', type: 'application/merge-patch+json', body: { metadata: { labels: { a: null }, uid: 'u' } },
    },
    {
      name: 'delete', call: () => client.delete(kind, ref, { uid: 'u', propagation: 'Foreground' }, never), method: 'DELETE', path: '/api/v1/namespaces/shop/configmaps/a', query: '',
      type: 'application/json', body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground', preconditions: { uid: 'u' } },
    },
  ])('$name', async ({ call, method, path, query, type, body }) => {
    server.handler = (_request, response) => answer(response, 200, configMap('a', 7));
    await call();
    const [seen] = server.requests;
    expect(seen?.headers).toMatchObject({ 'user-agent': 'churnops-operator/1.2.3', authorization: 'Bearer secret-token', accept: 'application/json' });
    expect([seen?.method, seen?.url.pathname, seen?.url.searchParams.toString()]).toEqual([method, path, query]);
    expect(seen?.headers['content-type']).toBe(type);
    if (body !== undefined) expect(JSON.parse(seen?.body ?? '')).toEqual(body);
  });

  test('a status that does not differ is not sent', async () => {
    const current = { ...desired, metadata: { ...ref, uid: 'u', resourceVersion: '5' }, status: { a: [{ b: 1 }] } };
    expect(await client.patchStatus(kind, current, { a: [{ b: 1 }] }, never)).toBe(current);
    expect(server.requests).toEqual([]);
  });
});

describe('what comes back', () => {
  test('is parsed, without managedFields, and frozen through and through', async () => {
    server.handler = (_request, response) => answer(response, 200, configMap('a', 7, { x: '1' }));
    const object = await client.get(kind, ref, never);
    expect(object?.metadata).toEqual({ ...ref, uid: 'uid-a', resourceVersion: '7' });
    expect([Object.isFrozen(object), Object.isFrozen(object?.data), Object.isFrozen(object?.metadata)]).toEqual([true, true, true]);
  });

  test('pages are joined; what does not parse is set aside', async () => {
    server.handler = ({ url }, response) => {
      const broken = { metadata: { name: 'broken', namespace: 'shop', resourceVersion: '3' } };
      const first = { ...listOf(9, configMap('a', 1), broken), metadata: { resourceVersion: '9', continue: 'next' } };
      answer(response, 200, url.searchParams.has('continue') ? listOf(9, configMap('b', 2)) : first);
    };
    const { items, resourceVersion, skipped } = await client.list(kind, { namespace: 'shop', labelSelector: 'a=b' }, never);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(resourceVersion).toBe('9');
    expect(skipped).toMatchObject([{ ref: { namespace: 'shop', name: 'broken' }, problem: expect.stringContaining('metadata.uid') }]);
    expect(server.requests.map(({ url }) => url.searchParams.toString())).toEqual(['labelSelector=a%3Db&limit=2', 'labelSelector=a%3Db&limit=2&continue=next']);
  });

  test('a continue token that expired costs one list without pages', async () => {
    server.handler = ({ url }, response) => {
      if (url.searchParams.has('continue')) answer(response, 410, status(410, 'Expired'));
      else answer(response, 200, url.searchParams.has('limit') ? { ...listOf(9, configMap('a', 1)), metadata: { resourceVersion: '9', continue: 'x' } } : listOf(11, configMap('b', 2)));
    };
    const { items, resourceVersion } = await client.list(kind, {}, never);
    expect([items.map(({ metadata }) => metadata.name), resourceVersion]).toEqual([['b'], '11']);
  });

  test.each<{ name: string; code: number; body: object | string; expected: object }>([
    { name: 'a bounded message', code: 422, body: status(422, 'Invalid', 'x'.repeat(5_000)), expected: { code: 'Invalid', message: expect.stringMatching(/^.{512}$/) } },
    { name: 'no quote of a body that is no Status', code: 403, body: '<html>secret</html>', expected: { code: 'Forbidden', message: 'GET /api/v1/namespaces/shop/configmaps/a: 403' } },
    { name: 'a 200 that is not JSON', code: 200, body: '<html>', expected: { code: 'Malformed', retryable: false } },
    { name: 'a 200 that is no object', code: 200, body: '[]', expected: { code: 'Malformed' } },
    { name: 'a conflict', code: 409, body: status(409, 'Conflict'), expected: { code: 'Conflict', retryable: false } },
  ])('$name', async ({ code, body, expected }) => {
    server.handler = (_request, response) => answer(response, code, body);
    await expect(client.get(kind, ref, never)).rejects.toMatchObject(expected);
  });
});

const immutable = status(422, 'Invalid', 'ConfigMap "a" is invalid: metadata.uid: Invalid value: "u": field is immutable');

test.each<{ name: string; call: () => Promise<unknown>; body: object; code: string }>([
  { name: 'an apply to another object', call: () => client.apply(kind, desired, { uid: 'u' }, never), body: immutable, code: 'Conflict' },
  { name: 'a patch of another object', call: () => client.patchMetadata(kind, ref, { labels: {} }, { uid: 'u' }, never), body: immutable, code: 'Conflict' },
  { name: 'a scale of another object', call: () => client.patchScale(kind, ref, 3, { uid: 'u' }, never), body: immutable, code: 'Conflict' },
  { name: 'an apply of what is invalid', call: () => client.apply(kind, desired, { uid: 'u' }, never), body: status(422, 'Invalid', 'data: too long'), code: 'Invalid' },
])('$name is $code', async ({ call, body, code }) => {
  server.handler = (_request, response) => answer(response, 422, body);
  await expect(call()).rejects.toMatchObject({ code });
});

/** Lets the waits of retries pass, and notes them. */
async function passing(call: Promise<unknown>): Promise<{ outcome: unknown; waitsMs: readonly number[] }> {
  const waitsMs: number[] = [];
  const seen: unknown[] = [];
  const watched = call.then((value) => seen.push(value), (error: unknown) => seen.push(error));
  while (seen.length === 0) {
    await eventually(() => seen.length + clock.pending, (ready) => ready > 0);
    if (clock.nextInMs === undefined) continue;
    waitsMs.push(clock.nextInMs);
    clock.advance(clock.nextInMs);
    await settled();
  }
  await watched;
  return { outcome: seen[0], waitsMs };
}

/** The first answers are failures. */
function failing(times: number, code: number, headers: Readonly<Record<string, string>> = {}): void {
  server.handler = (_request, response) => {
    if (server.requests.length <= times) answer(response, code, status(code, 'Test'), headers);
    else answer(response, 200, configMap('a', 7));
  };
}

describe('retries', () => {
  test.each<{ name: string; call: () => Promise<unknown>; times: number; code: number; headers?: Readonly<Record<string, string>>; tries: number; waitsMs: readonly number[]; outcome: object }>([
    { name: '429 waits what the server asks', call: () => client.get(kind, ref, never), times: 2, code: 429, headers: { 'retry-after': '3' }, tries: 3, waitsMs: [3_000, 3_000], outcome: { kind: 'ConfigMap' } },
    { name: '503 doubles', call: () => client.get(kind, ref, never), times: 3, code: 503, tries: 4, waitsMs: [200, 400, 800], outcome: { kind: 'ConfigMap' } },
    { name: 'an apply is repeated', call: () => client.apply(kind, desired, {}, never), times: 1, code: 500, tries: 2, waitsMs: [200], outcome: { kind: 'ConfigMap' } },
    { name: 'a create is not', call: () => client.create(kind, desired, never), times: 1, code: 500, tries: 1, waitsMs: [], outcome: { code: 'Internal' } },
    { name: 'but after 429, which was never run', call: () => client.create(kind, desired, never), times: 1, code: 429, tries: 2, waitsMs: [200], outcome: { kind: 'ConfigMap' } },
    { name: 'it ends', call: () => client.get(kind, ref, never), times: 99, code: 503, tries: 5, waitsMs: [200, 400, 800, 1_600], outcome: { code: 'Unavailable', retryable: true } },
    { name: 'a long Retry-After is the queue’s', call: () => client.get(kind, ref, never), times: 99, code: 429, headers: { 'retry-after': '60' }, tries: 1, waitsMs: [], outcome: { code: 'TooManyRequests', retryAfterMs: 60_000 } },
    { name: 'a 404 is an answer', call: () => client.get(kind, ref, never).then((value) => ({ value })), times: 99, code: 404, tries: 1, waitsMs: [], outcome: { value: undefined } },
  ])('$name', async ({ call, times, code, headers, tries, waitsMs, outcome }) => {
    failing(times, code, headers);
    const seen = await passing(call());
    expect(seen.outcome).toMatchObject(outcome);
    expect([server.requests.length, seen.waitsMs]).toEqual([tries, waitsMs]);
  });

  test('a dropped socket is repeated', async () => {
    server.handler = (_request, response) => {
      if (server.requests.length === 1) response.socket?.destroy();
      else answer(response, 200, configMap('a', 7));
    };
    expect((await passing(client.get(kind, ref, never))).outcome).toMatchObject({ kind: 'ConfigMap' });
    const text = await registry.metrics();
    expect(text).toContain('rest_client_requests_total{code="<error>",method="GET"} 1');
    expect(text).toContain('rest_client_requests_total{code="200",method="GET"} 1');
  });

  test('a wait between tries ends with its signal', async () => {
    failing(99, 503);
    const abort = new AbortController();
    const call = client.get(kind, ref, abort.signal);
    await eventually(() => clock.pending, (count) => count === 1);
    abort.abort(new Error('stop'));
    await expect(call).rejects.toThrow('stop');
    expect(clock.pending).toBe(0);
  });
});

describe('connections', () => {
  test('are pooled: many requests, few sockets', async () => {
    server.handler = (_request, response) => answer(response, 200, configMap('a', 7));
    for (let round = 0; round < 5; round += 1) await Promise.all(Array.from({ length: 40 }, async () => client.get(kind, ref, never)));
    expect(server.requests.length).toBe(200);
    expect(server.socketCount).toBeLessThanOrEqual(16);
  });

  test('a request without an answer ends after its time limit', async () => {
    server.handler = () => {};
    const call = connection.send({ verb: 'get', method: 'GET', path: '/x', timeoutMs: 20 }, never);
    await expect(call).rejects.toMatchObject({ code: 'Timeout', retryable: true, message: 'GET /x: no answer within 20 ms' });
  });

  test('a stream may last longer than its head was allowed to', async () => {
    let ended = false;
    server.handler = (_request, response) => {
      response.flushHeaders();
      setTimeout(() => response.end('late'), 1200);
    };
    const { chunks } = await connection.stream({ verb: 'watch', method: 'GET', path: '/x', timeoutMs: 1000 }, never);
    for await (const chunk of chunks) ended = Buffer.from(chunk).toString() === 'late';
    expect(ended).toBe(true);
  });

  test('an aborted request says so, and is not retryable', async () => {
    server.handler = () => {};
    const abort = new AbortController();
    const call = client.get(kind, ref, abort.signal);
    await eventually(() => server.requests.length, (count) => count === 1);
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'Aborted', retryable: false });
  });
});
