import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { Journal, JOURNAL_LIMITS } from '../../../../server/journal/journal.ts';
import type { JournalLimits } from '../../../../server/journal/journal.ts';
import type { ObservedPrediction } from '../../../../server/prediction/observed-prediction.ts';
import type { DropReason } from '../../../../server/journal/segments.ts';
import { ephemeralKeyring } from '../../../../server/prediction-id/keyring.ts';
import { PredictionIds } from '../../../../server/prediction-id/prediction-ids.ts';
import { keptLogger } from '../tiny-package.ts';
import { MemoryDisk } from './memory-disk.ts';
import { AT_MS, idsOf, line, plainRow } from './rows.ts';
import { until } from '../../until.ts';

type Timer = { ms: number; task: () => void; cancelled: boolean };
type RigOptions = Readonly<{ disk?: MemoryDisk; samplePercent?: number; limits?: Partial<JournalLimits> }>;

/** A journal whose timers fire when the test says so, and a store that does what the test says. */
async function rig({ disk = new MemoryDisk(), samplePercent = 100, limits = {} }: RigOptions = {}) {
  const dropped = new Map<DropReason, number>();
  const store = new Map<string, Buffer>();
  const timers: Timer[] = [];
  const told = { failures: 0, nowMs: 0, takes: async (): Promise<void> => undefined };
  const { logger, lines } = keptLogger();
  const journal = await Journal.open({
    records: {
      line: ({ predictionId }) => {
        if (predictionId === 'broken') throw new TypeError('no text');
        return line(predictionId);
      },
    },
    samplePercent,
    disk,
    store: {
      put: async (key, bytes) => {
        await told.takes();
        store.set(key, gunzipSync(bytes));
      },
    },
    prefix: 'predictions/tiny-churn',
    pod: 'pod',
    events: {
      dropped: (reason, rows) => dropped.set(reason, (dropped.get(reason) ?? 0) + rows),
      written: () => undefined,
      shipped: () => undefined,
      torn: () => undefined,
      shipFailed: () => (told.failures += 1),
    },
    logger,
    limits: { ...JOURNAL_LIMITS, bufferBytes: 1 << 16, ...limits },
    schedule: (ms, task) => {
      const timer = { ms, task, cancelled: false };
      timers.push(timer);
      return () => (timer.cancelled = true);
    },
    nowMs: () => told.nowMs,
    random: () => 0,
  });
  /** Fires what waits for at most so long. */
  const fire = (ms: number): void => {
    for (const timer of timers.splice(0).filter((each) => !each.cancelled)) {
      if (timer.ms <= ms) timer.task();
      else timers.push(timer);
    }
  };
  const waits = (): readonly number[] => timers.filter(({ cancelled }) => !cancelled).map(({ ms }) => ms);
  return { journal, disk, store, dropped, told, fire, waits, lines, stored: () => [...store.values()].flatMap(idsOf) };
}

function row(predictionId: string, given: Partial<ObservedPrediction> = {}): ObservedPrediction {
  return { ...plainRow, predictionId, ...given };
}

const never = new AbortController().signal;

test('rows are written after a while, and shipped where their hour is', async () => {
  const { journal, disk, store, fire, waits, stored } = await rig();
  journal.observe(row('a'));
  journal.observe(row('b', { atMs: AT_MS + 3_600_000 }));
  expect([disk.files.size, waits()]).toEqual([0, [55_000, 250]]);
  fire(250);
  await until(() => disk.files.size === 2);
  fire(60_000);
  await until(() => store.size === 2);
  expect(stored()).toEqual(['a', 'b']);
  expect([...store.keys()].map((key) => key.replace(/pod-\w+/, 'pod'))).toEqual([
    'predictions/tiny-churn/dt=2026-11-21/hour=07/pod-000001.ndjson.gz',
    'predictions/tiny-churn/dt=2026-11-21/hour=08/pod-000002.ndjson.gz',
  ]);
  await until(() => waits().length === 1);
  expect(waits()).toEqual([55_000]);
});

test('a clock that jumps loses and overwrites nothing', async () => {
  const { journal, store, stored } = await rig();
  const jumps = [AT_MS, 0, AT_MS, AT_MS + 1e10, AT_MS - 1e10, AT_MS];
  for (const [at, atMs] of jumps.entries()) {
    journal.observe(row(String(at), { atMs }));
    await journal.ship(never);
  }
  expect(store.size).toBe(jumps.length);
  expect(stored()).toEqual(['0', '1', '2', '3', '4', '5']);
});

/** Knows which files were read while they were being written to. */
class WatchedDisk extends MemoryDisk {
  readonly readTooSoon: string[] = [];
  appended: () => void = () => undefined;
  readonly #open = new Set<string>();

  override async append(name: string, bytes: Uint8Array): Promise<void> {
    this.#open.add(name);
    await new Promise(setImmediate);
    await super.append(name, bytes);
    this.appended();
    this.#open.delete(name);
  }

  override async read(name: string): Promise<Buffer> {
    if (this.#open.has(name)) this.readTooSoon.push(name);
    return super.read(name);
  }
}

test.each([1, 1 << 16])('rows that never cease to come hold no shipping up, nor are they cut in two (flushed at %d bytes)', async (flushBytes) => {
  const disk = new WatchedDisk();
  const { journal, stored, dropped } = await rig({ disk, limits: { flushBytes } });
  let rows = 0;
  const observe = (): void => {
    if (rows < 1000) journal.observe(row(String((rows += 1))));
  };
  disk.appended = observe;
  observe();
  await journal.ship(never);
  expect(stored().length).toBeLessThan(10);
  for (let round = 0; round < 1000; round += 1) await journal.ship(never);
  expect(stored()).toEqual(Array.from({ length: 1000 }, (_, at) => String(at + 1)));
  expect([disk.readTooSoon, dropped.size]).toEqual([[], 0]);
});

test('the next minute begins with the round, not with its end', async () => {
  const { journal, told, fire, waits, store } = await rig();
  journal.observe(row('a'));
  told.takes = async () => {
    told.nowMs += 8000;
  };
  fire(60_000);
  await until(() => store.size === 1 && waits().length === 1);
  expect(waits()).toEqual([47_000]);
});

describe('memory is bounded', () => {
  test('by a disk that hangs: what does not fit is counted, what fits is written once it is back', async () => {
    const disk = new MemoryDisk();
    const gate = Promise.withResolvers<void>();
    disk.gate = gate.promise;
    const { journal, dropped, stored } = await rig({ disk, limits: { bufferBytes: 1000, flushBytes: 500 } });
    for (let at = 0; at < 1000; at += 1) journal.observe(row(String(at)));
    const lost = dropped.get('BufferFull') ?? 0;
    expect(lost).toBeGreaterThan(800);
    gate.resolve();
    await journal.ship(never);
    expect(stored().length).toBe(1000 - lost);
    journal.observe(row('later'));
    await journal.ship(never);
    expect(stored().at(-1)).toBe('later');
    expect([...dropped.keys()]).toEqual(['BufferFull']);
  });

  test('a burst is written before its time', async () => {
    const { journal, disk, waits } = await rig({ limits: { flushBytes: 100 } });
    for (let at = 0; at < 20; at += 1) journal.observe(row(String(at)));
    await until(() => disk.files.size === 1);
    expect(waits()).toContain(55_000);
  });
});

describe('a store', () => {
  test('that is dead keeps nobody waiting: segments stay and are tried again, later and later', async () => {
    const { journal, told, fire, waits, store, stored, lines } = await rig();
    told.takes = async () => {
      throw new ChurnOpsError('StoreUnreachable', 'The store is away.');
    };
    journal.observe(row('a'));
    for (const [failures, ms] of [[1, 2500], [2, 5000], [3, 10_000], [4, 20_000], [5, 27_500]] as const) {
      fire(60_000);
      await until(() => told.failures === failures && waits().length === 1);
      expect(waits()).toEqual([ms]);
    }
    expect(journal.waiting.segments).toBe(1);
    told.takes = async () => undefined;
    fire(60_000);
    await until(() => store.size === 1 && waits().length === 1);
    expect([stored(), waits(), journal.waiting.segments]).toEqual([['a'], [55_000], 0]);
    expect(lines.join('')).toContain('takes segments again');
  });

  test('whose answer is lost gets the same object again', async () => {
    const { journal, told, store } = await rig();
    journal.observe(row('a'));
    let keys: readonly string[] = [];
    told.takes = async () => {
      keys = [...store.keys()];
    };
    await journal.ship(never);
    const [key] = store.keys();
    journal.observe(row('b'));
    await journal.ship(never);
    expect([keys, [...store.keys()].length]).toEqual([[key], 2]);
  });
});

describe('closing', () => {
  test('ships what is there, and takes nothing more', async () => {
    const { journal, stored, dropped, waits } = await rig();
    journal.observe(row('a'));
    expect(await journal.close(never)).toEqual({ segments: 0, sizeBytes: 0 });
    journal.observe(row('b'));
    expect([stored(), [...dropped], waits()]).toEqual([['a'], [['Closed', 1]], []]);
  });

  test('tries a store that is away until the time is up, and leaves the rest to the next container', async () => {
    const disk = new MemoryDisk();
    const { journal, told, lines } = await rig({ disk });
    const stop = new AbortController();
    told.takes = async () => {
      told.failures += 1;
      stop.abort(new Error('time is up'));
      throw new ChurnOpsError('StoreUnreachable', 'The store is away.');
    };
    journal.observe(row('a'));
    expect(await journal.close(stop.signal)).toEqual({ segments: 1, sizeBytes: line('a').length });
    expect(lines.join('')).toContain('stay on the volume');
    const next = await rig({ disk });
    expect(next.waits()).toEqual([0]);
    next.fire(0);
    await until(() => next.store.size === 1);
    expect(next.stored()).toEqual(['a']);
  });

  test('does not wait for a round that hangs longer than there is time', async () => {
    const { journal, told, fire } = await rig();
    const stop = new AbortController();
    journal.observe(row('a'));
    const hung = Promise.withResolvers<void>();
    told.takes = async () => {
      told.failures += 1;
      stop.signal.addEventListener('abort', () => hung.reject(stop.signal.reason));
      await hung.promise;
    };
    fire(60_000);
    await until(() => told.failures === 1);
    const closing = journal.close(stop.signal);
    stop.abort(new Error('time is up'));
    expect((await closing).segments).toBe(1);
  });
});

describe('sampling', () => {
  const ids = new PredictionIds('tiny-churn', ephemeralKeyring());
  test.each([
    { samplePercent: 0, least: 0, most: 0 },
    { samplePercent: 25, least: 375, most: 625 },
    { samplePercent: 100, least: 2000, most: 2000 },
  ])('$samplePercent percent', async ({ samplePercent, least, most }) => {
    const { journal, stored, dropped } = await rig({ samplePercent, limits: { bufferBytes: 1 << 20 } });
    for (let at = 0; at < 2000; at += 1) journal.observe(row(ids.issue(AT_MS)));
    await journal.ship(never);
    expect(stored().length).toBeGreaterThanOrEqual(least);
    expect(stored().length).toBeLessThanOrEqual(most);
    expect(dropped.size).toBe(0);
  });
});

test('a row that cannot be written down is counted and told once, and never reaches the caller', async () => {
  const { journal, dropped, lines } = await rig();
  for (let at = 0; at < 3; at += 1) journal.observe(row('broken'));
  expect([...dropped]).toEqual([['Defect', 3]]);
  expect(lines.filter((each) => each.includes('could not be journaled')).length).toBe(1);
});

test('a folder that cannot be used is an error at the start', async () => {
  const disk = new MemoryDisk();
  disk.broken.set('list', 'EROFS');
  await expect(rig({ disk })).rejects.toMatchObject({ code: 'EROFS' });
});
