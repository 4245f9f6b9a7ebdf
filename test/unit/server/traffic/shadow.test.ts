import { expect, test } from '@jest/globals';
import { InferResponse } from '../../../../contracts/inference.ts';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { MIRROR } from '../../../../server/traffic/mirror.ts';
import { infer } from '../http/v2/infer-rig.ts';
import { httpCandidate, rowsOf, scored, scores, tcpCandidate } from './candidate-server.ts';
import { CANDIDATE, STABLE } from './policy.ts';
import { customer, INFER, PREDICT, stablePod } from './stable-pod.ts';
import { until } from '../../until.ts';

const SHADOW = { mode: 'Shadow', percent: 100 } as const;

test('the copy is sent after the answer, and the pair is observed when the candidate has answered', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const candidate = await httpCandidate((res, received) => void held.then(() => res.writeHead(200, { 'server-timing': 'handler;dur=4' }).end(scored(received, (row) => (row.customerID === 'b' ? 0.8 : 0.2)))));
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  const before = Date.now();
  // With white space and an escape: the copy is the caller's body, byte by byte.
  const body = `{"instances": [${JSON.stringify(customer('a', 70))}, ${JSON.stringify(customer('b', 10)).replace('One', '\\u004fne')}]}`;
  const { status, headers, text } = await pod.post(PREDICT, body, { 'x-request-id': 'order-17' });
  const after = Date.now();
  expect(status).toBe(200);
  expect(headers).not.toHaveProperty('x-churnops-role');
  const ids = PredictResponse.parse(JSON.parse(text)).predictions.map(({ id }) => id);
  await until(() => candidate.received.length === 1);
  expect(candidate.received[0]).toMatchObject({ body, headers: { 'x-request-id': 'order-17', 'x-churnops-hop': CANDIDATE } });
  expect(pod.observed).toEqual([]);
  letGo(undefined);
  await until(() => pod.observed.length === 2);
  const atMs = pod.observed[0]?.atMs ?? 0;
  expect(atMs).toBeGreaterThanOrEqual(before);
  expect(atMs).toBeLessThanOrEqual(after);
  expect(pod.observed).toEqual([
    {
      predictionId: ids[0], requestId: 'order-17', entity: 'a', atMs, features: customer('a', 70),
      own: { version: 'v1', hash: STABLE, probability: expect.closeTo(0.7, 6), decision: true },
      candidate: { scored: true, score: { version: 'v2', hash: CANDIDATE, probability: 0.2, decision: false } },
      answered: { role: 'stable', decision: true, arm: undefined },
    },
    {
      predictionId: ids[1], requestId: 'order-17', entity: 'b', atMs, features: customer('b', 10),
      own: { version: 'v1', hash: STABLE, probability: expect.closeTo(0.1, 6), decision: false },
      candidate: { scored: true, score: { version: 'v2', hash: CANDIDATE, probability: 0.8, decision: true } },
      answered: { role: 'stable', decision: false, arm: undefined },
    },
  ]);
  expect(pod.traffic.state()).toMatchObject({ revision: 7, sides: { own: { requests: 1 }, candidate: { requests: 1, errors: 0, dropped: 0, latency: { sumSeconds: 0.004 } } } });
});

test('V2: the copy has the rows of the tensors, and the pairs are the same', async () => {
  const candidate = await httpCandidate(scores(0.9));
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  const { body } = infer([
    { name: 'tenure', datatype: 'FP64', shape: [2], data: [70, null] },
    { name: 'customerID', datatype: 'INT64', shape: [2], data: [7590, 7591] },
    { name: 'plan', datatype: 'BYTES', shape: [2], data: ['gold', 'Zoë'] },
  ]);
  const { text } = await pod.post(INFER, body);
  const ids = InferResponse.parse(JSON.parse(text)).outputs.find(({ name }) => name === 'id')?.data;
  await until(() => pod.observed.length === 2);
  const rows = [{ tenure: 70, customerID: 7590, plan: 'gold' }, { tenure: null, customerID: 7591, plan: 'Zoë' }];
  expect(rowsOf(candidate.received[0]?.body ?? '')).toEqual(rows);
  expect(pod.observed.map(({ predictionId, entity, features, candidate: side }) => ({ predictionId, entity, features, scored: side.scored }))).toEqual(
    rows.map((features, row) => ({ predictionId: ids?.[row], entity: String(features.customerID), features, scored: true })),
  );
});

test('a share of the requests is mirrored, each chosen by itself; the others are observed without a pair', async () => {
  const candidate = await httpCandidate(scores());
  const drawn = [0.1, 0.9, 0.299, 0.3];
  const pod = await stablePod({ random: () => drawn.shift() ?? 0 });
  await pod.follow(candidate, { ...SHADOW, percent: 30 });
  for (const name of ['a', 'b', 'c', 'd']) await pod.predict([customer(name, 1)]);
  await until(() => pod.observed.length === 4);
  expect(candidate.received.flatMap(({ body }) => rowsOf(body)).map(({ customerID }) => customerID)).toEqual(['a', 'c']);
  expect(Object.fromEntries(pod.observed.map(({ entity, candidate: side }) => [entity, side.scored ? 'scored' : side.absence]))).toEqual({ a: 'scored', b: 'NotSampled', c: 'scored', d: 'NotSampled' });
});

test('a candidate that fails in Shadow is its own problem: counted, and no breaker keeps copies from it', async () => {
  const candidate = await httpCandidate((res) => void res.writeHead(500).end('{}'));
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  for (let index = 0; index < 60; index += 1) await pod.predict([customer('a', 1)]);
  await until(() => pod.observed.length === 60);
  expect(candidate.received).toHaveLength(60);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 60, errors: 60, fallbacks: 0, breaker: 'Closed' });
  expect(pod.observed[0]?.candidate).toEqual({ scored: false, absence: 'Failed' });
});

test('a candidate that hangs: so many copies wait, further ones are dropped and counted, and every caller has its answer', async () => {
  const candidate = await tcpCandidate(() => undefined);
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  const crowd = Array.from({ length: 1024 }, (_, index) => ({ tenure: index % 100 }));
  const onTheirWay = MIRROR.maxRowsInFlight / crowd.length;
  for (let index = 0; index < onTheirWay + MIRROR.maxRows / crowd.length; index += 1) {
    await pod.predict(crowd);
    // What may be on its way is on its way before the next one comes.
    await until(() => (pod.traffic.followed?.link.pods.inFlight ?? 0) === Math.min(index + 1, onTheirWay));
  }
  expect(pod.traffic.state().sides.candidate?.dropped).toBe(0);
  await pod.predict(crowd);
  await pod.predict([customer('a', 1)]);
  expect(pod.traffic.state().sides.candidate?.dropped).toBe(2);
  expect(pod.observed).toHaveLength(1025);
  expect(pod.observed.at(-1)).toMatchObject({ entity: 'a', candidate: { scored: false, absence: 'QueueFull' } });
  const metrics = await pod.registry.metrics();
  for (const series of ['candidate_requests_total{mode="Shadow",outcome="QueueFull"} 2', `mirror_waiting_requests ${MIRROR.maxRows / crowd.length}`]) expect(metrics).toContain(`churnops_${series}`);
  // The end of the policy lets go what waits.
  pod.traffic.read('');
  expect(pod.observed.filter(({ candidate: side }) => !side.scored && side.absence === 'Stopped')).toHaveLength(MIRROR.maxRows);
});

test('the end of the process lets go what waits and what is on its way', async () => {
  const candidate = await tcpCandidate(() => undefined);
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  for (let index = 0; index < MIRROR.maxInFlight + 3; index += 1) await pod.predict([customer(String(index), 1)]);
  await until(() => pod.traffic.followed?.link.pods.inFlight === MIRROR.maxInFlight);
  await pod.traffic.close();
  await until(() => pod.observed.length === MIRROR.maxInFlight + 3);
  expect(pod.observed.filter(({ candidate: side }) => !side.scored && side.absence === 'Stopped')).toHaveLength(MIRROR.maxInFlight + 3);
});

test('copies that wait or are on their way at the end of the process become pairs, where there is time', async () => {
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const candidate = await httpCandidate((res, received) => void held.then(() => res.writeHead(200).end(scored(received, () => 0.9))));
  const pod = await stablePod();
  await pod.follow(candidate, SHADOW);
  const requests = MIRROR.maxInFlight + 3;
  for (let index = 0; index < requests; index += 1) await pod.predict([customer(String(index), 1)]);
  const closed = pod.traffic.close(60_000);
  letGo(undefined);
  await closed;
  expect(pod.observed.filter(({ candidate: side }) => side.scored)).toHaveLength(requests);
});

test('without a policy every row is observed at once, after its answer', async () => {
  const pod = await stablePod({ data: { newPredictionId: () => 'id-1' } });
  const { predictions } = await pod.predict([customer('a', 70)], { 'x-request-id': 'order-17' });
  expect(predictions).toMatchObject([{ id: 'id-1' }]);
  expect(pod.observed).toMatchObject([{ predictionId: 'id-1', entity: 'a', candidate: { scored: false, absence: 'NoRollout' }, answered: { role: 'stable', decision: true } }]);
});

test('an observer that throws stands between no caller and its answer, and is complained of once', async () => {
  const observer = {
    observe: () => {
      throw new Error('the disk is gone');
    },
  };
  const pod = await stablePod({ data: { observer } });
  for (const name of ['a', 'b', 'c']) expect((await pod.predict([customer(name, 1)])).predictions).toHaveLength(1);
  expect(pod.lines.filter((line) => line.includes('the disk is gone'))).toHaveLength(1);
});
