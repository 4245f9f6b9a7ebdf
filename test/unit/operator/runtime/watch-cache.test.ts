import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { CacheBench, ConfigMap, ref } from './cache-bench.ts';
import { eventually, settled } from './manual-clock.ts';
import { answer, configMap, line, listOf, status } from './scripted-server.ts';

let bench: CacheBench;
beforeEach(async () => {
  bench = await CacheBench.open();
});
afterEach(async () => bench.close());

test('lists, then watches from there, with bookmarks and a random end', async () => {
  bench.serve(listOf(10, configMap('a', 5), configMap('b', 7)));
  bench.start();
  await bench.cache.synced(AbortSignal.timeout(5_000));
  await bench.watch(1);
  expect(bench.cache.list().map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  expect(bench.changes).toEqual(['a ->5 initial', 'b ->7 initial']);
  const query = Object.fromEntries(bench.server.requests[1]?.url.searchParams ?? []);
  expect(query).toEqual({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '10', timeoutSeconds: '450', labelSelector: 'app' });
});

test('follows additions, changes and deletions; characters may be cut anywhere', async () => {
  bench.serve(listOf(10, configMap('a', 5)));
  bench.start();
  const response = await bench.watch(1);
  const bytes = Buffer.from(line('ADDED', configMap('ö', 11)) + line('MODIFIED', configMap('a', 12, { x: '1' })) + line('DELETED', configMap('ö', 13)));
  for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
  await eventually(() => bench.changes.length, (count) => count === 4);
  expect(bench.changes.slice(1)).toEqual(['ö ->11', 'a 5>12', 'ö 11>-']);
  expect(Object.isFrozen(bench.cache.get(ref('a'))?.data)).toBe(true);
});

describe('goes on after', () => {
  test.each<{ name: string; break: (response: ServerResponse) => void; next: string; code: string; idleMs?: number }>([
    { name: 'a dropped socket', break: (response) => response.socket?.destroy(), next: 'watch 12', code: 'Unavailable' },
    { name: 'half an event', break: (response) => response.end('{"type":"ADD'), next: 'watch 12', code: 'Unavailable' },
    { name: 'silence (a connection that died without a word)', break: () => {}, next: 'watch 12', code: 'Timeout', idleMs: 100 },
    { name: 'a line that is not JSON', break: (response) => response.write('{{{\n'), next: 'list', code: 'Malformed' },
    { name: 'a line that is no event', break: (response) => response.write('{"type":"PING"}\n'), next: 'list', code: 'Malformed' },
    { name: '410 in the stream', break: (response) => response.write(line('ERROR', status(410, 'Expired'))), next: 'list', code: 'Gone' },
    { name: '500 in the stream', break: (response) => response.write(line('ERROR', status(500, 'InternalError'))), next: 'watch 12', code: 'Internal' },
  ])('$name', async ({ break: breakIt, next, code, idleMs }) => {
    if (idleMs !== undefined) {
      await bench.close();
      bench = await CacheBench.open(idleMs);
    }
    bench.serve(listOf(10, configMap('a', 5)), listOf(12, configMap('a', 12)));
    bench.start();
    const response = await bench.watch(1);
    response.write(line('MODIFIED', configMap('a', 12)));
    await eventually(() => bench.changes.length, (count) => count === 2);
    breakIt(response);
    await bench.watch(2);
    expect(bench.queries[2]).toBe(next);
    expect(bench.changes.length).toBe(2);
    expect(await bench.registry.metrics()).toContain(`reflector_failures_total{name="configmaps",code="${code}"} 1`);
  });

  test('the server’s own end of a watch, which is no failure', async () => {
    bench.serve(listOf(10));
    bench.start();
    const response = await bench.watch(1);
    response.write(line('BOOKMARK', { metadata: { resourceVersion: '20' } }));
    response.end();
    await bench.watch(2);
    expect(bench.queries).toEqual(['list', 'watch 10', 'watch 20']);
    expect(bench.logger.lines).toEqual([]);
  });

  test('refusals of the first list, backing off: 800 ms doubling, half as much again by chance', async () => {
    const inner = bench.serve(listOf(10, configMap('a', 5)));
    bench.server.handler = (request, response) => {
      if (bench.server.requests.length <= 3) answer(response, 503, status(503, 'ServiceUnavailable'));
      else inner(request, response);
    };
    bench.start();
    for (const waitMs of [1_200, 2_400, 4_800]) {
      await eventually(() => bench.clock.nextInMs, (ms) => ms !== undefined);
      expect([bench.cache.hasSynced, bench.clock.nextInMs]).toEqual([false, waitMs]);
      bench.clock.advance(waitMs);
    }
    await bench.cache.synced(AbortSignal.timeout(5_000));
    expect(bench.cache.list().length).toBe(1);
  });

  test('429 with Retry-After when a watch is opened: the version is kept', async () => {
    const inner = bench.serve(listOf(10));
    bench.server.handler = (request, response) => {
      if (bench.server.requests.length === 2) answer(response, 429, status(429, 'TooManyRequests'), { 'retry-after': '17' });
      else inner(request, response);
    };
    bench.start();
    await eventually(() => bench.clock.nextInMs, (ms) => ms !== undefined);
    expect(bench.clock.nextInMs).toBe(17_000);
    await bench.watch(1);
    expect(bench.queries).toEqual(['list', 'watch 10', 'watch 10']);
  });

  test('410 again and again, without a hot loop', async () => {
    const lists = bench.serve(listOf(10));
    bench.server.handler = (request, response) => {
      if (request.url.searchParams.get('watch') === 'true') answer(response, 410, status(410, 'Expired'));
      else lists(request, response);
    };
    bench.start();
    await eventually(() => bench.clock.nextInMs, (ms) => ms !== undefined);
    expect(bench.queries).toEqual(['list', 'watch 10', 'list', 'watch 10']);
  });

  test('a watch that ends at once, without a hot loop', async () => {
    const lists = bench.serve(listOf(10));
    bench.server.handler = (request, response) => {
      if (request.url.searchParams.get('watch') === 'true') response.end();
      else lists(request, response);
    };
    bench.start();
    await eventually(() => bench.clock.nextInMs, (ms) => ms !== undefined);
    expect(bench.queries).toEqual(['list', 'watch 10']);
  });
});

describe('never goes back in time', () => {
  test('an older event after a newer one is dropped, even of another object of the name', async () => {
    bench.serve(listOf(10, configMap('a', 5)));
    bench.start();
    const response = await bench.watch(1);
    response.write(line('MODIFIED', configMap('a', 100)) + line('MODIFIED', configMap('a', 20)) + line('DELETED', configMap('a', 99, {}, 'uid-before')));
    response.write(line('ADDED', configMap('end', 101)));
    await eventually(() => bench.changes.at(-1), (change) => change === 'end ->101');
    expect(bench.cache.get(ref('a'))?.metadata.resourceVersion).toBe('100');
    expect(await bench.registry.metrics()).toContain('reflector_older_versions_total{name="configmaps"} 2');
  });

  test('nor asks for what it has seen, after older events and after objects that do not parse', async () => {
    bench.serve(listOf(10, configMap('a', 5)));
    bench.start();
    const response = await bench.watch(1);
    response.end(line('MODIFIED', configMap('a', 100)) + line('MODIFIED', configMap('a', 20)));
    const second = await bench.watch(2);
    second.end(line('MODIFIED', { ...configMap('a', 101), data: 'no map' }));
    await bench.watch(3);
    expect(bench.queries).toEqual(['list', 'watch 10', 'watch 100', 'watch 101']);
  });

  test('an older list is refused, until it is told five times', async () => {
    bench.serve(listOf(50, configMap('a', 40)), listOf(30, configMap('a', 20)));
    bench.start();
    const response = await bench.watch(1);
    response.write(line('ERROR', status(410, 'Expired')));
    await bench.watch(2);
    expect(bench.queries.filter((query) => query === 'list').length).toBe(6);
    expect(bench.queries.at(-1)).toBe('watch 30');
    expect(bench.cache.get(ref('a'))?.metadata.resourceVersion).toBe('20');
  });

  test('own writes that a restored etcd has forgotten are waited for no longer', async () => {
    bench.serve(listOf(50, configMap('a', 40)), listOf(30, configMap('a', 20)));
    bench.start();
    const response = await bench.watch(1);
    bench.cache.recordWrite(ConfigMap.parse(configMap('a', 60)));
    expect(bench.cache.isStale(ref('a'))).toBe(true);
    response.write(line('ERROR', status(410, 'Expired')));
    await bench.watch(2);
    expect(bench.cache.isStale(ref('a'))).toBe(false);
  });
});

test('a new list finds what was deleted and changed meanwhile', async () => {
  bench.serve(listOf(10, configMap('a', 5), configMap('b', 6), configMap('c', 7)), listOf(20, configMap('b', 6), configMap('c', 15)));
  bench.start();
  const response = await bench.watch(1);
  response.write(line('ERROR', status(410, 'Expired')));
  await bench.watch(2);
  expect(bench.changes.slice(3)).toEqual(['a 5>-', 'c 7>15']);
});

const broken = (name: string, resourceVersion: number): object => ({ ...configMap(name, resourceVersion), data: 'no map' });

describe('objects that do not parse', () => {
  test('are skipped and counted, and are not taken for deleted', async () => {
    bench.serve(listOf(10, configMap('a', 5), broken('x', 6)), listOf(20, broken('a', 15)));
    bench.start();
    const response = await bench.watch(1);
    response.write(line('MODIFIED', broken('a', 11)) + line('ADDED', configMap('b', 12)) + line('ERROR', status(410, 'Expired')));
    await bench.watch(2);
    expect(bench.changes).toEqual(['a ->5 initial', 'b ->12', 'b 12>-']);
    expect(bench.cache.get(ref('a'))?.metadata.resourceVersion).toBe('5');
    expect(await bench.registry.metrics()).toContain('reflector_skipped_objects_total{name="configmaps"} 3');
    expect(bench.logger.lines.filter(({ message }) => message.includes('does not parse')).map(({ fields }) => fields)).toMatchObject([{ name: 'x' }, { name: 'a' }, { name: 'a' }]);
  });
});

test('a handler that throws stops neither the others nor the watch', async () => {
  bench.cache.onChange(() => {
    throw new Error('handler');
  });
  const seen: string[] = [];
  bench.cache.onChange((_previous, current) => seen.push(current?.metadata.name ?? '-'));
  bench.serve(listOf(10, configMap('a', 5)));
  bench.start();
  (await bench.watch(1)).write(line('ADDED', configMap('b', 11)));
  await eventually(() => seen, (names) => names.length === 2);
  expect(await bench.registry.metrics()).toContain('reflector_handler_errors_total{name="configmaps"} 2');
});

test('a handler that was taken back is not called', async () => {
  const seen: string[] = [];
  const takeBack = bench.cache.onChange(() => seen.push('x'));
  takeBack();
  bench.serve(listOf(10, configMap('a', 5)));
  bench.start();
  await bench.watch(1);
  expect(seen).toEqual([]);
});

describe('stops', () => {
  test('during a backoff, and opens nothing afterwards', async () => {
    bench.server.handler = (_request, response) => answer(response, 503, status(503, 'ServiceUnavailable'));
    bench.start();
    await eventually(() => bench.clock.pending, (count) => count === 1);
    bench.stop.abort();
    await bench.running;
    bench.clock.advance(600_000);
    await settled();
    expect([bench.server.requests.length, bench.clock.pending]).toEqual([1, 0]);
  });

  test('during a watch, and closes it', async () => {
    bench.serve(listOf(10));
    bench.start();
    await bench.watch(1);
    bench.stop.abort();
    await bench.running;
    await eventually(() => bench.server.openCount, (count) => count === 0);
  });

  test('and does not run twice', async () => {
    bench.serve(listOf(10));
    bench.start();
    await expect(bench.cache.run(bench.stop.signal)).rejects.toThrow('runs already');
  });

  test('waiting for the first list ends with its signal', async () => {
    await expect(bench.cache.synced(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});
