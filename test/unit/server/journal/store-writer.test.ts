import { expect, test } from '@jest/globals';
import { StoreWriter } from '../../../../server/journal/store-writer.ts';

const BYTES = Buffer.from('x');
const never = new AbortController().signal;

test('an object is put in the place of one of the same key', async () => {
  const puts: unknown[] = [];
  const writer = new StoreWriter({ put: async (key, bytes, { ifAbsent }) => (puts.push({ key, bytes, ifAbsent }), 'Written') }, 60_000);
  await writer.put('a', BYTES, never);
  expect(puts).toEqual([{ key: 'a', bytes: BYTES, ifAbsent: false }]);
});

test('a store that hangs costs one call and its time; nothing else is begun until it lets go', async () => {
  const { promise: hung, resolve } = Promise.withResolvers<'Written'>();
  let calls = 0;
  const writer = new StoreWriter(
    {
      put: async () => {
        calls += 1;
        return hung;
      },
    },
    5,
  );
  await expect(writer.put('a', BYTES, never)).rejects.toMatchObject({ code: 'StoreUnreachable', message: expect.stringContaining('within 5 ms') });
  await expect(writer.put('a', BYTES, never)).rejects.toMatchObject({ code: 'StoreUnreachable' });
  expect(calls).toBe(1);
  resolve('Written');
  // Its end is seen a few promises later.
  await new Promise((seen) => setImmediate(seen));
  await writer.put('a', BYTES, never);
  expect(calls).toBe(2);
});

test('who is told to stop does not wait for a store that hangs', async () => {
  const stop = new AbortController();
  const writer = new StoreWriter({ put: async () => new Promise<never>(() => undefined) }, 60_000);
  const put = writer.put('a', BYTES, stop.signal);
  stop.abort(new Error('time is up'));
  await expect(put).rejects.toThrow('time is up');
  await expect(writer.put('a', BYTES, stop.signal)).rejects.toThrow('time is up');
});
