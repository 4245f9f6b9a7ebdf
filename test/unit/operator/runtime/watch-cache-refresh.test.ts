import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { CacheBench, ref } from './cache-bench.ts';
import { eventually } from './manual-clock.ts';
import { answer, configMap, listOf, status } from './scripted-server.ts';

let bench: CacheBench;
beforeEach(async () => {
  bench = await CacheBench.open();
});
afterEach(async () => bench.close());

describe('rights that are missing', () => {
  const forbidden = status(403, 'Forbidden', 'configmaps is forbidden: User "operator" cannot list resource');

  test('are told once, in words that say what to do; the rest goes on without, and it comes back by itself', async () => {
    bench.server.handler = (_request, response) => answer(response, 403, forbidden);
    bench.start();
    await bench.cache.settled(AbortSignal.timeout(5_000));
    expect({ synced: bench.cache.hasSynced, refused: bench.cache.isRefused, heardAtMs: bench.cache.lastProgressMs }).toEqual({ synced: false, refused: true, heardAtMs: 1_000 });
    for (const count of [2, 3]) {
      await eventually(() => bench.clock.pending, (pending) => pending > 0);
      bench.clock.advance(60_000);
      await eventually(() => bench.queries.length, (seen) => seen === count);
    }
    await eventually(() => bench.clock.pending, (pending) => pending > 0);
    const errors = bench.logger.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ message: 'rights are missing', fields: { namespace: 'shop', hint: expect.stringContaining('list and watch configmaps in namespace shop') } }]);
    expect(bench.logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    bench.serve(listOf(10, configMap('a', 5)));
    bench.clock.advance(60_000);
    await bench.cache.synced(AbortSignal.timeout(5_000));
    expect({ refused: bench.cache.isRefused, changes: bench.changes }).toEqual({ refused: false, changes: ['a ->5 initial'] });
  });

  test('that are taken away later stop the copy from being trusted, and cost no refresh its end', async () => {
    bench.serve(listOf(10, configMap('a', 5)));
    bench.start();
    const response = await bench.watch(1);
    bench.server.handler = (_request, refusal) => answer(refusal, 403, forbidden);
    const refreshed = bench.cache.refresh(AbortSignal.timeout(5_000));
    response.end();
    await refreshed;
    expect(bench.cache.isRefused).toBe(true);
  });
});

describe('refresh', () => {
  test('cuts the watch and resolves after a list that began later', async () => {
    bench.serve(listOf(10, configMap('a', 5)), listOf(12, configMap('a', 12)));
    bench.start();
    await bench.watch(1);
    await bench.cache.refresh(AbortSignal.timeout(5_000));
    expect(bench.changes).toEqual(['a ->5 initial', 'a 5>12']);
    await bench.watch(2);
    expect(bench.queries).toEqual(['list', 'watch 10', 'list', 'watch 12']);
  });

  test('a list that was under way is not enough', async () => {
    const lists: ServerResponse[] = [];
    bench.server.handler = ({ url }, response) => {
      if (url.searchParams.get('watch') === 'true') response.writeHead(200).flushHeaders();
      else lists.push(response);
    };
    bench.start();
    await eventually(() => lists.length, (count) => count === 1);
    const refreshed = bench.cache.refresh(AbortSignal.timeout(5_000));
    await eventually(() => lists.length, (count) => count === 2);
    if (lists[1] !== undefined) answer(lists[1], 200, listOf(12, configMap('a', 12)));
    await refreshed;
    expect(bench.cache.get(ref('a'))?.metadata.resourceVersion).toBe('12');
  });

  test('gives up with its signal', async () => {
    bench.start();
    await expect(bench.cache.refresh(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});
