/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { RowBatch } from '../../../../server/engine/row-batch.ts';
import { InstancesProtocol } from '../../../../server/http/instances-protocol.ts';
import type { PredictCall } from '../../../../server/http/predict-protocol.ts';
import { PredictTurns } from '../../../../server/http/predict-turns.ts';
import { PredictionWriter } from '../../../../server/http/prediction-writer.ts';
import { InstanceCheck } from '../../../../server/validation/instance-check.ts';
import { tinyCard } from '../tiny-package.ts';

const protocol = new InstancesProtocol(new InstanceCheck(tinyCard), new PredictionWriter({ model: 'tiny-churn', version: 'v1', role: 'stable', threshold: 0.42, labels: tinyCard.labels, nextId: () => 'an-id' }));

function call(requestId: string, rows: number): PredictCall {
  const body = Buffer.from(`{"instances":[{}${',{}'.repeat(rows - 1)}]}`);
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  return { res, caller: { requestId, acceptEncoding: undefined, shape: 'V1', hop: undefined }, protocol, body, head: { jsonBytes: undefined }, rows, receivedMs: 0 };
}

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
    batch: new RowBatch(tinyCard.inputs),
    maxRowsWaiting: 8192,
    answer: ({ call: { caller } }) => {
      log.push(caller.requestId);
      if (caller.requestId === 'e') resolve(undefined);
    },
    fail: (_call, thrown) => log.push(String(thrown)),
    over: () => log.push('over'),
  });
  for (const requestId of ['a', 'b', 'c', 'd']) expect(turns.enqueue(call(requestId, 1024))).toBeUndefined();
  turns.enqueue(call('e', 1));
  await done;
  expect(log).toEqual([...EIGHT_SLICES, 'a', 'b', 'over', ...EIGHT_SLICES, 'c', 'd', 'over', 'score 1', 'e', 'over']);
});
