/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { RowBatch } from '../../../../server/engine/row-batch.ts';
import { PredictTurns } from '../../../../server/http/predict-turns.ts';
import { InstanceCheck } from '../../../../server/validation/instance-check.ts';
import { tinyCard } from '../tiny-package.ts';

const EIGHT_SLICES: readonly string[] = Array.from({ length: 8 }, () => 'score 256');

test('a turn has at most 2,048 rows, so that who waits with one row is not behind all of a crowd', async () => {
  const log: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<undefined>();
  const turns = new PredictTurns({
    engine: {
      name: 'onnx',
      score: async ({ rows }) => {
        log.push(`score ${rows}`);
        return new Float64Array(rows).fill(0.5);
      },
      close: async () => undefined,
    },
    check: new InstanceCheck(tinyCard),
    batch: new RowBatch(tinyCard.inputs),
    maxRowsWaiting: 8192,
    answer: (call) => {
      log.push(call.requestId);
      if (call.requestId === 'e') resolve(undefined);
    },
    fail: (_call, thrown) => log.push(String(thrown)),
  });
  const body = Buffer.from(`{"instances":[{}${',{}'.repeat(1023)}]}`);
  for (const requestId of ['a', 'b', 'c', 'd']) {
    expect(turns.enqueue({ res: new ServerResponse(new IncomingMessage(new Socket())), body, rows: 1024, requestId, receivedMs: 0 })).toBeUndefined();
  }
  const single = Buffer.from('{"instances":[{}]}');
  turns.enqueue({ res: new ServerResponse(new IncomingMessage(new Socket())), body: single, rows: 1, requestId: 'e', receivedMs: 0 });
  await done;
  expect(log).toEqual([...EIGHT_SLICES, 'a', 'b', ...EIGHT_SLICES, 'c', 'd', 'score 1', 'e']);
});
