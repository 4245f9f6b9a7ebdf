import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CacheBench, ConfigMap, ref } from './cache-bench.ts';
import { OwnWrites } from '../../../../operator/runtime/own-writes.ts';
import { eventually } from './manual-clock.ts';
import { configMap, line, listOf } from './scripted-server.ts';

let bench: CacheBench;
beforeEach(async () => {
  bench = await CacheBench.open();
});
afterEach(async () => bench.close());

const owned = (name: string, version: number, app: string, uid: string): object => ({
  ...configMap(name, version),
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(version), labels: { app }, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid }] },
});

const names = (objects: readonly ConfigMap[]): readonly string[] => objects.map(({ metadata }) => metadata.name);

const written = (name: string, version: number, uid = `uid-${name}`): ConfigMap => ConfigMap.parse(configMap(name, version, {}, uid));

const stale = (): boolean => bench.cache.isStale(ref('a')) || bench.cache.isStale(ref('new'));

describe('indexes', () => {
  test('follow changes', async () => {
    bench.serve(listOf(10, owned('a', 5, 'one', 'u1'), owned('b', 6, 'one', 'u2')));
    bench.start();
    const response = await bench.watch(1);
    expect([names(bench.cache.byIndex('app', 'one')), names(bench.cache.byOwner('u2'))]).toEqual([['a', 'b'], ['b']]);
    response.write(line('MODIFIED', owned('a', 11, 'two', 'u2')) + line('DELETED', owned('b', 12, 'one', 'u2')));
    await eventually(() => bench.changes.length, (count) => count === 4);
    expect([bench.cache.byIndex('app', 'one'), names(bench.cache.byIndex('app', 'two')), names(bench.cache.byOwner('u2'))]).toEqual([[], ['a'], ['a']]);
  });

  test('must be declared', () => expect(() => bench.cache.byIndex('none', 'x')).toThrow('no index none; declared are app, ownerUid'));
});

describe('own writes', () => {
  test.each<{ name: string; record: () => void; staleAtOnce: boolean; lines: readonly string[]; staleAfter: boolean }>([
    { name: 'a write that came back', record: () => bench.cache.recordWrite(written('a', 12)), staleAtOnce: true, lines: [line('MODIFIED', configMap('a', 12))], staleAfter: false },
    { name: 'a write that something newer covers', record: () => bench.cache.recordWrite(written('a', 12)), staleAtOnce: true, lines: [line('MODIFIED', configMap('a', 13))], staleAfter: false },
    { name: 'an older event is not it', record: () => bench.cache.recordWrite(written('a', 14)), staleAtOnce: true, lines: [line('MODIFIED', configMap('a', 13))], staleAfter: true },
    { name: 'a bookmark beyond it', record: () => bench.cache.recordWrite(written('a', 12)), staleAtOnce: true, lines: [line('BOOKMARK', { metadata: { resourceVersion: '12' } })], staleAfter: false },
    { name: 'a create that came and went', record: () => bench.cache.recordWrite(written('new', 12)), staleAtOnce: true, lines: [line('ADDED', configMap('new', 12)), line('DELETED', configMap('new', 13))], staleAfter: false },
    { name: 'a write that changed nothing', record: () => bench.cache.recordWrite(written('a', 5)), staleAtOnce: false, lines: [], staleAfter: false },
    { name: 'of two writes the later counts', record: () => { bench.cache.recordWrite(written('a', 14)); bench.cache.recordWrite(written('a', 12)); }, staleAtOnce: true, lines: [line('MODIFIED', configMap('a', 12))], staleAfter: true },
    { name: 'a delete', record: () => bench.cache.recordDelete(written('a', 5)), staleAtOnce: true, lines: [line('DELETED', configMap('a', 12))], staleAfter: false },
    { name: 'a delete, and another object of the name', record: () => bench.cache.recordDelete(written('a', 5)), staleAtOnce: true, lines: [line('MODIFIED', configMap('a', 12, {}, 'uid-next'))], staleAfter: false },
    { name: 'a delete that only begins', record: () => bench.cache.recordDelete(written('a', 5)), staleAtOnce: true, lines: [line('MODIFIED', { ...configMap('a', 12), metadata: { name: 'a', namespace: 'shop', uid: 'uid-a', resourceVersion: '12', deletionTimestamp: '2026-01-01T00:00:00Z' } })], staleAfter: false },
    { name: 'a bookmark does not prove a delete', record: () => bench.cache.recordDelete(written('a', 5)), staleAtOnce: true, lines: [line('BOOKMARK', { metadata: { resourceVersion: '99' } })], staleAfter: true },
  ])('$name', async ({ record, staleAtOnce, lines, staleAfter }) => {
    bench.serve(listOf(10, configMap('a', 5)));
    bench.start();
    const response = await bench.watch(1);
    record();
    expect(stale()).toBe(staleAtOnce);
    for (const text of lines) response.write(text);
    response.write(line('MODIFIED', configMap('end', 11)));
    await eventually(() => bench.cache.get(ref('end')), (object) => object !== undefined);
    expect(stale()).toBe(staleAfter);
  });
});

const ownedBy = (owner: string, name: string, resourceVersion: string) => ({
  apiVersion: 'v1', kind: 'Service',
  metadata: { name, namespace: 'n', uid: `uid-${name}`, resourceVersion, ownerReferences: [{ apiVersion: 'v1', kind: 'ChurnModel', name: 'm', uid: owner, controller: true }] },
});

test('an owner is stale until every own write of what it controls has come back, whatever its name or kind of write', () => {
  const writes = new OwnWrites();
  writes.record(ownedBy('one', 'a', '7'));
  writes.recordDelete(ownedBy('one', 'b', '8'));
  const at = (resourceVersion: string, b: ReturnType<typeof ownedBy> | undefined) => (ref: { name: string }) => ({ object: ref.name === 'b' ? b : undefined, resourceVersion });
  const b = ownedBy('one', 'b', '5');
  expect([writes.isStaleFor('one', at('6', b)), writes.isStaleFor('two', at('6', b))]).toEqual([true, false]);
  expect(writes.isStaleFor('one', at('7', b))).toBe(true);
  expect(writes.isStaleFor('one', at('8', undefined))).toBe(false);
});
