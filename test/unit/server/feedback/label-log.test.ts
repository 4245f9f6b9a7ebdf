import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import type { LabelRecord } from '../../../../contracts/journal.ts';
import { LABEL_LIMITS, LabelLog } from '../../../../server/feedback/label-log.ts';
import type { LabelLogLimits } from '../../../../server/feedback/label-log.ts';
import { until } from '../../until.ts';

const AT_MS = Date.parse('2026-11-21T23:59:59.999Z');
const never = new AbortController().signal;

function label(entity: string): LabelRecord {
  return { schemaVersion: 1, entity, label: true, observedAt: '2026-11-20T00:00:00.000Z', receivedAt: '2026-11-21T23:59:59.999Z', source: 'feedback' };
}

function rig(limits: Partial<LabelLogLimits> = {}) {
  const objects = new Map<string, readonly string[]>();
  const told = { puts: 0, takes: async (): Promise<void> => undefined };
  let timers: (() => void)[] = [];
  const log = new LabelLog({
    store: {
      put: async (key, bytes) => {
        told.puts += 1;
        await told.takes();
        const lines = gunzipSync(bytes).toString('utf8').trimEnd().split('\n');
        objects.set(key, lines.map((line) => String(JSON.parse(line).entity)));
      },
    },
    prefix: 'labels/tiny-churn',
    pod: 'pod',
    now: () => AT_MS,
    schedule: (ms, task) => {
      expect(ms).toBeLessThanOrEqual(500);
      timers.push(task);
      return () => {
        timers = timers.filter((each) => each !== task);
      };
    },
    limits: { ...LABEL_LIMITS, retryMs: 0, ...limits },
    signal: never,
  });
  const fire = (): void => {
    for (const task of timers.splice(0)) task();
  };
  return { log, objects, told, fire };
}

test('labels of several callers are one object, and nobody is answered before the store has it', async () => {
  const { log, objects, told, fire } = rig();
  const gate = Promise.withResolvers<void>();
  told.takes = async () => gate.promise;
  let answered = 0;
  const calls = [log.store([label('a'), label('b')]), log.store([label('c')])].map(async (call) => call.then(() => (answered += 1)));
  expect(told.puts).toBe(0);
  fire();
  await until(() => told.puts === 1);
  expect(answered).toBe(0);
  gate.resolve();
  await Promise.all(calls);
  expect([...objects].map(([key, entities]) => [key.replace(/pod-\w+/, 'pod'), entities])).toEqual([['labels/tiny-churn/dt=2026-11-21/pod-000001.ndjson.gz', ['a', 'b', 'c']]]);
});

test('what comes while a group is being written is the next one, at once', async () => {
  const { log, objects, told, fire } = rig();
  const gate = Promise.withResolvers<void>();
  told.takes = async () => gate.promise;
  const first = log.store([label('a')]);
  fire();
  await until(() => told.puts === 1);
  const second = log.store([label('b')]);
  fire();
  gate.resolve();
  await Promise.all([first, second]);
  expect([...objects.values()]).toEqual([['a'], ['b']]);
});

test('a large group does not wait', async () => {
  const { log, objects } = rig({ groupBytes: 10 });
  await log.store([label('a')]);
  expect(objects.size).toBe(1);
});

describe('a store that does not take them', () => {
  test.each(['StoreUnreachable', 'AccessDenied'] as const)('%s: everybody of the group is told, and the next group is tried', async (code) => {
    const { log, objects, told, fire } = rig();
    told.takes = async () => {
      throw new ChurnOpsError(code, 'no');
    };
    const calls = [log.store([label('a')]), log.store([label('b')])];
    fire();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'LabelsNotStored', status: 503, retryable: true, message: expect.stringContaining(code) });
    told.takes = async () => undefined;
    const again = log.store([label('a')]);
    fire();
    await again;
    expect([...objects.values()]).toEqual([['a']]);
  });

  test('a hiccup is sat out with the same object', async () => {
    const { log, objects, told, fire } = rig({ retryMs: 10_000 });
    told.takes = async () => {
      if (told.puts === 1) throw new ChurnOpsError('StoreUnreachable', 'no');
    };
    const call = log.store([label('a')]);
    fire();
    await call;
    expect([told.puts, objects.size]).toEqual([2, 1]);
  });

  test('memory is bounded: who comes when too many wait is told at once', async () => {
    const { log, told, fire } = rig({ waitingBytes: 400 });
    told.takes = async () => new Promise<never>(() => undefined);
    void log.store([label('a')]);
    fire();
    await until(() => told.puts === 1);
    void log.store([label('b'), label('c')]);
    await expect(log.store([label('d')])).rejects.toMatchObject({ code: 'Overloaded' });
  });
});
