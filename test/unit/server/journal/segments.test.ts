import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { segmentFile, segmentKey } from '../../../../server/journal/segment-name.ts';
import { Segments } from '../../../../server/journal/segments.ts';
import type { DropReason, SegmentLimits } from '../../../../server/journal/segments.ts';
import { drawWriter } from '../../../../server/journal/writer-lot.ts';
import { MemoryDisk } from './memory-disk.ts';
import { idsOf, line } from './rows.ts';

const HOUR_MS = 3_600_000;
const roomy: SegmentLimits = { segmentBytes: 1000, totalBytes: 1_000_000 };

/** Segments of one container after the other on one disk, and a store that remembers. */
async function rig(disk: MemoryDisk, limits = roomy) {
  const told = { written: 0, shipped: 0, torn: 0, dropped: new Map<DropReason, number>() };
  const store = new Map<string, Buffer>();
  const events = {
    written: (rows: number) => (told.written += rows),
    shipped: (rows: number) => (told.shipped += rows),
    torn: () => (told.torn += 1),
    dropped: (reason: DropReason, rows: number) => told.dropped.set(reason, (told.dropped.get(reason) ?? 0) + rows),
  };
  const start = async () => Segments.open(disk, limits, events, drawWriter());
  const ship = async (segments: Segments) => {
    segments.close();
    await segments.ship(async (segment, lines) => {
      store.set(segmentKey('p', 'pod', segment), Buffer.from(lines));
    });
  };
  return { told, store, start, ship, segments: await start() };
}

function span(ids: readonly string[], hourMs = 0) {
  return { hourMs, rows: ids.length, bytes: Buffer.from(ids.map(line).join('')) };
}

function stored(store: ReadonlyMap<string, Buffer>): readonly string[] {
  return [...store.values()].flatMap(idsOf);
}

test('an hour, and a size, begin a new segment; each goes where its hour is', async () => {
  const { segments, store, ship } = await rig(new MemoryDisk(), { ...roomy, segmentBytes: 20 });
  await segments.append(span(['a']));
  await segments.append(span(['b']));
  await segments.append(span(['c']));
  await segments.append(span(['d'], HOUR_MS));
  await ship(segments);
  expect([...store].map(([key, lines]) => [key.replace(/pod-.*-/, ''), idsOf(lines)])).toEqual([
    ['p/dt=1970-01-01/hour=00/000001.ndjson.gz', ['a', 'b']],
    ['p/dt=1970-01-01/hour=00/000002.ndjson.gz', ['c']],
    ['p/dt=1970-01-01/hour=01/000003.ndjson.gz', ['d']],
  ]);
  expect(segments.waiting).toEqual({ segments: 0, sizeBytes: 0 });
});

describe('a container that is killed', () => {
  const first = span(['a', 'b']);
  const second = span(['c', 'd', 'e']);
  const lineBytes = line('a').length;
  test.each(Array.from({ length: second.bytes.length + 1 }, (_, bytes) => bytes))('at byte %d of an append loses the lines that are not whole', async (bytes) => {
    const disk = new MemoryDisk();
    const { segments, start, ship, store, told } = await rig(disk);
    await segments.append(first);
    disk.killAfterBytes = bytes;
    void segments.append(second);
    await disk.killed;
    await ship(await start());
    expect(stored(store)).toEqual(['a', 'b', 'c', 'd', 'e'].slice(0, 2 + Math.floor(bytes / lineBytes)));
    expect(told.torn).toBe(bytes % lineBytes === 0 ? 0 : 1);
    expect(told.shipped).toBe(stored(store).length);
    expect(disk.files.size).toBe(0);
  });

  test('after the store had its segment: the next container sends the same object again', async () => {
    const disk = new MemoryDisk();
    const { segments, start, ship, store } = await rig(disk);
    await segments.append(first);
    disk.broken.set('remove', 'EIO');
    await ship(segments);
    expect(segments.waiting.segments).toBe(1);
    disk.broken.clear();
    await ship(await start());
    expect(store.size).toBe(1);
    expect(stored(store)).toEqual(['a', 'b']);
  });

  test('files that are no segments are left alone', async () => {
    const disk = new MemoryDisk();
    disk.files.set('lost+found', Buffer.from('x'));
    const { segments, ship, store } = await rig(disk);
    await ship(segments);
    expect([store.size, disk.files.size]).toEqual([0, 1]);
  });
});

describe('a full disk', () => {
  test('drops the oldest segments and counts them', async () => {
    const disk = new MemoryDisk();
    const { segments, told, ship, store } = await rig(disk, { ...roomy, segmentBytes: 1 });
    await segments.append(span(['a', 'b']));
    await segments.append(span(['c', 'd']));
    disk.capacityBytes = disk.sizeBytes;
    await segments.append(span(['e', 'f']));
    await ship(segments);
    expect(stored(store)).toEqual(['c', 'd', 'e', 'f']);
    expect(told.dropped).toEqual(new Map([['OldestDropped', 2]]));
  });

  test('what another container left goes first, and is counted too', async () => {
    const disk = new MemoryDisk();
    disk.files.set(segmentFile({ hourMs: 0, writer: drawWriter(), sequence: 1 }), Buffer.from(`${line('x')}${line('y')}{"id":`));
    const { segments, told, ship, store } = await rig(disk);
    disk.capacityBytes = disk.sizeBytes;
    await segments.append(span(['a']));
    await ship(segments);
    expect(stored(store)).toEqual(['a']);
    expect(told.dropped).toEqual(new Map([['OldestDropped', 2]]));
  });

  test('with nothing to drop, what is new is counted, and what is half there goes', async () => {
    const disk = new MemoryDisk();
    const { segments, told, ship, store } = await rig(disk);
    await segments.append(span(['a']));
    disk.capacityBytes = disk.sizeBytes + 5;
    await segments.append(span(['b']));
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await segments.append(span(['c']));
    await ship(segments);
    expect(stored(store)).toEqual(['a', 'c']);
    expect(told).toMatchObject({ torn: 0, written: 2 });
    expect(told.dropped).toEqual(new Map([['DiskFull', 1]]));
  });

  test('where what is half there cannot go, nothing is written behind it', async () => {
    const disk = new MemoryDisk();
    const { segments, told, ship, store } = await rig(disk);
    await segments.append(span(['a']));
    disk.capacityBytes = disk.sizeBytes + 5;
    disk.broken.set('truncate', 'EIO');
    disk.broken.set('remove', 'EIO');
    await segments.append(span(['b']));
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    disk.broken.clear();
    await segments.append(span(['c']));
    await ship(segments);
    expect(stored(store)).toEqual(expect.arrayContaining(['a', 'c']));
    expect(told.torn).toBe(1);
  });

  test('a disk that is full and cannot be written to in any way is no endless loop', async () => {
    const disk = new MemoryDisk();
    const { segments, told } = await rig(disk, { ...roomy, segmentBytes: 1 });
    await segments.append(span(['a']));
    disk.capacityBytes = disk.sizeBytes + 5;
    for (const operation of ['truncate', 'remove'] as const) disk.broken.set(operation, 'EROFS');
    await segments.append(span(['b']));
    expect(told.dropped).toEqual(new Map([['DiskFull', 1]]));
  });

  test('the bound of the journal holds before the disk is full', async () => {
    const disk = new MemoryDisk();
    const { segments, told } = await rig(disk, { segmentBytes: 1, totalBytes: 50 });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      await segments.append(span([id]));
      expect(disk.sizeBytes).toBeLessThanOrEqual(50);
    }
    expect(told.dropped.get('OldestDropped')).toBe(8 - segments.waiting.segments);
  });
});

describe('shipping', () => {
  test('what the store does not take waits, and so does all behind it', async () => {
    const { segments, ship, store } = await rig(new MemoryDisk(), { ...roomy, segmentBytes: 1 });
    for (const id of ['a', 'b', 'c']) await segments.append(span([id]));
    segments.close();
    let calls = 0;
    const failing = segments.ship(async () => {
      calls += 1;
      if (calls === 2) throw new Error('gone');
    });
    await expect(failing).rejects.toThrow('gone');
    expect([calls, segments.waiting.segments]).toEqual([2, 2]);
    await ship(segments);
    expect(stored(store)).toEqual(['b', 'c']);
  });

  test('a segment that cannot be read now is an error, and waits', async () => {
    const disk = new MemoryDisk();
    const { segments, ship, store } = await rig(disk);
    await segments.append(span(['a']));
    disk.broken.set('read', 'EIO');
    await expect(ship(segments)).rejects.toMatchObject({ code: 'EIO' });
    expect([store.size, segments.waiting.segments]).toEqual([0, 1]);
    disk.broken.clear();
    await ship(segments);
    expect(stored(store)).toEqual(['a']);
  });

  test('a segment that is gone is counted, and does not hold up the others', async () => {
    const disk = new MemoryDisk();
    const { segments, ship, store, told } = await rig(disk, { ...roomy, segmentBytes: 1 });
    await segments.append(span(['a']));
    await segments.append(span(['b']));
    const [first] = disk.files.keys();
    const lost = disk.files.get(first ?? '');
    disk.files.delete(first ?? '');
    await ship(segments);
    expect(stored(store)).toEqual(['b']);
    expect(told.dropped).toEqual(new Map([['Unreadable', 1]]));
    expect(lost).toBeDefined();
  });

  test('while a segment is being sent it is not dropped', async () => {
    const disk = new MemoryDisk();
    const { segments, told } = await rig(disk, { ...roomy, segmentBytes: 1 });
    await segments.append(span(['a']));
    segments.close();
    disk.capacityBytes = disk.sizeBytes;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const shipping = segments.ship(async () => promise);
    await segments.append(span(['b']));
    expect(told.dropped).toEqual(new Map([['DiskFull', 1]]));
    resolve(undefined);
    await shipping;
    expect(told.shipped).toBe(1);
  });
});

type Step = { do: 'append'; rows: number; hour: number } | { do: 'ship'; fails: boolean } | { do: 'kill'; bytes: number } | { do: 'shrink' | 'grow' | 'break' | 'mend' };

test('whatever happens, a row that was written is shipped or counted, and no object is overwritten with something else', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), rows: fc.integer({ min: 1, max: 4 }), hour: fc.integer({ min: 0, max: 2 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('ship' as const), fails: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), bytes: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('shrink' as const, 'grow' as const, 'break' as const, 'mend' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const disk = new MemoryDisk();
      const { start, told, store, segments: opened } = await rig(disk, { segmentBytes: 40, totalBytes: 300 });
      let segments = opened;
      let issued = 0;
      const written = new Set<string>();
      const send = (fails: boolean) => async (segment: Parameters<typeof segmentKey>[2], lines: Buffer) => {
        const key = segmentKey('p', 'pod', segment);
        const before = store.get(key);
        // The very same bytes, unless a kill cut off its end between two tries.
        if (before !== undefined) expect(lines.toString()).toBe(before.toString());
        store.set(key, Buffer.from(lines));
        if (fails) throw new Error('answer lost');
      };
      for (const each of steps) {
        if (each.do === 'append') {
          const ids = Array.from({ length: each.rows }, () => String((issued += 1)));
          const before = told.written;
          await segments.append(span(ids, each.hour * HOUR_MS));
          if (told.written > before) for (const id of ids) written.add(id);
        } else if (each.do === 'ship') {
          segments.close();
          await segments.ship(send(each.fails)).catch(() => undefined);
        } else if (each.do === 'kill') {
          disk.broken.clear();
          disk.killAfterBytes = each.bytes;
          void segments.append(span([String((issued += 1)), String((issued += 1))]));
          await disk.killed;
          segments = await start();
        } else if (each.do === 'shrink') disk.capacityBytes = disk.sizeBytes;
        else if (each.do === 'grow') disk.capacityBytes = Number.POSITIVE_INFINITY;
        else if (each.do === 'break') for (const operation of ['append', 'truncate', 'remove'] as const) disk.broken.set(operation, 'EIO');
        else disk.broken.clear();
        expect(disk.sizeBytes).toBeLessThanOrEqual(400);
      }
      disk.broken.clear();
      segments.close();
      await segments.ship(send(false));
      expect(disk.files.size).toBe(0);
      const shipped = new Set(stored(store));
      const missing = [...written].filter((id) => !shipped.has(id)).length;
      expect(missing).toBeLessThanOrEqual(told.dropped.get('OldestDropped') ?? 0);
    }),
    { numRuns: 300, seed: 20261121 },
  );
});
