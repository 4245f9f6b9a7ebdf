import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { InferResponse } from '../../../../contracts/inference.ts';
import type { CandidateAbsence } from '../../../../contracts/traffic.ts';
import { isWithin } from '../../../../server/traffic/share.ts';
import { infer } from '../http/v2/infer-rig.ts';
import { tinyCard } from '../tiny-package.ts';
import { httpCandidate, rowsOf, scored, scores, tcpCandidate } from './candidate-server.ts';
import type { CandidateServer } from './candidate-server.ts';
import { CANDIDATE, policy } from './policy.ts';
import { customer, INFER, PREDICT, stablePod } from './stable-pod.ts';
import { until } from '../../until.ts';

const names = Array.from({ length: 60 }, (_, index) => `${1000 + index}-CUST`);
const onCandidateSide = (percent: number) => (name: string): boolean => isWithin(percent, CANDIDATE, name);
const [moved = ''] = names.filter(onCandidateSide(25));
const [stays = ''] = names.filter((name) => !onCandidateSide(25)(name));

/** Scores what it is sent by name, so that a mixed-up order shows. */
const byName = (row: Readonly<Record<string, unknown>>): number => Number.parseInt(String(row.customerID), 10) / 10_000;

test.each([
  { percent: 0, header: undefined },
  { percent: 25, header: 'stable, candidate' },
  { percent: 50, header: 'stable, candidate' },
  { percent: 100, header: 'candidate' },
])('at $percent % rows of one request are split by customer and merged in order', async ({ percent, header }) => {
  const candidate = await httpCandidate((res, received) => void res.end(scored(received, byName)));
  const pod = await stablePod();
  await pod.follow(candidate, { percent });
  const { predictions, headers } = await pod.predict(names.map((name, index) => customer(name, index)));
  const moves = onCandidateSide(percent);
  expect(predictions.map(({ probability, decision, label, version, role }) => ({ probability, decision, label, version, role }))).toEqual(
    names.map((name, index) =>
      moves(name)
        ? { probability: byName({ customerID: name }), decision: false, label: 'stays', version: 'v2', role: 'candidate' }
        : { probability: Math.fround(index) / 100, decision: index >= 50, label: index >= 50 ? 'Yes' : 'No', version: 'v1', role: 'stable' },
    ),
  );
  expect(headers['x-churnops-role']).toBe(header);
  expect(candidate.received.flatMap(({ body }) => rowsOf(body))).toEqual(names.flatMap((name, index) => (moves(name) ? [customer(name, index)] : [])));
  expect(new Set(predictions.map(({ id }) => id)).size).toBe(names.length);
});

test('a customer has the same side in V2, where the rows come as tensors, and all columns go along', async () => {
  const candidate = await httpCandidate((res, received) => void res.end(scored(received, byName)));
  const pod = await stablePod();
  await pod.follow(candidate);
  const tensors = [
    { name: 'tenure', datatype: 'FP32', shape: [60, 1], data: names.map((_, index) => (index === 3 ? null : index)) },
    { name: 'Contract', datatype: 'BYTES', shape: [60], data: names.map(() => 'One year') },
    { name: 'customerID', datatype: 'BYTES', shape: [60], data: names },
    { name: 'shoeSize', datatype: 'INT32', shape: [60], data: names.map(() => 44) },
  ];
  const { body } = infer(tensors, { outputs: [{ name: 'probability' }, { name: 'role' }, { name: 'version' }, { name: 'label' }] });
  const { headers, text } = await pod.post(INFER, body);
  const [probability, role, version, label] = InferResponse.parse(JSON.parse(text)).outputs.map(({ data }) => data);
  const moves = names.map(onCandidateSide(25));
  expect(role).toEqual(moves.map((moved) => (moved ? 'candidate' : 'stable')));
  expect(version).toEqual(moves.map((moved) => (moved ? 'v2' : 'v1')));
  expect(label).toEqual(moves.map((moved, index) => (moved ? 'stays' : index >= 50 ? 'Yes' : 'No')));
  expect(probability).toHaveLength(60);
  expect(headers['x-churnops-role']).toBe('stable, candidate');
  expect(candidate.received.flatMap((received) => rowsOf(received.body))).toEqual(
    names.flatMap((customerID, index) => (moves[index] === true ? [{ tenure: index === 3 ? null : index, Contract: 'One year', customerID, shoeSize: 44 }] : [])),
  );
});

test('rows that name nobody go together, by their request', async () => {
  const candidate = await httpCandidate(scores());
  const pod = await stablePod();
  await pod.follow(candidate, { percent: 50 });
  const ids = Array.from({ length: 20 }, (_, index) => `request-${index}`);
  for (const id of ids) {
    const { predictions } = await pod.predict([customer(null, 1), { tenure: 2 }, customer('  ', 3)], { 'x-request-id': id });
    const role = isWithin(50, CANDIDATE, id) ? 'candidate' : 'stable';
    expect(predictions.map((prediction) => prediction.role)).toEqual([role, role, role]);
  }
});

test('a model without an entity column goes by the request', async () => {
  const candidate = await httpCandidate(scores());
  const pod = await stablePod({ model: { card: { ...tinyCard, entity: null } } });
  await pod.follow(candidate, { percent: 50 });
  const { predictions } = await pod.predict(names.map((name, index) => customer(name, index)), { 'x-request-id': 'order-17' });
  expect(new Set(predictions.map(({ role }) => role)).size).toBe(1);
  expect(pod.observed[0]?.entity).toBeUndefined();
});

type Bad = Readonly<{ name: string; candidate: () => Promise<CandidateServer>; absence: CandidateAbsence; errors: number }>;
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const bad: readonly Bad[] = [
  { name: 'hangs', candidate: () => tcpCandidate(() => undefined), absence: 'Timeout', errors: 1 },
  { name: 'speaks no HTTP', candidate: () => tcpCandidate((socket) => socket.once('data', () => socket.write('hello\r\n\r\n'))), absence: 'InvalidAnswer', errors: 1 },
  { name: 'dies in the middle of its answer', candidate: () => tcpCandidate((socket) => socket.once('data', () => socket.end(`${HEAD}content-length: 90\r\n\r\n{"pre`))), absence: 'Unreachable', errors: 1 },
  { name: 'fails', candidate: () => httpCandidate((res) => void res.writeHead(500).end('{}')), absence: 'Failed', errors: 1 },
  { name: 'refuses the row', candidate: () => httpCandidate((res) => void res.writeHead(422).end('{}')), absence: 'Refused', errors: 1 },
  { name: 'answers something else', candidate: () => httpCandidate((res) => void res.end('{"hello":"world"}')), absence: 'InvalidAnswer', errors: 1 },
  { name: 'is another version by now', candidate: () => httpCandidate((res, received) => void res.end(scored(received, () => 0.9, 'v3'))), absence: 'InvalidAnswer', errors: 1 },
  {
    name: 'is gone',
    candidate: async () => {
      const candidate = await httpCandidate(scores());
      await candidate.stop();
      return candidate;
    },
    absence: 'Unreachable',
    errors: 1,
  },
];

test.each(bad)('a candidate that $name fails no caller: the stable score is the answer', async ({ candidate, absence, errors }) => {
  const pod = await stablePod(absence === 'Timeout' ? { forwardTimeoutMs: 30 } : {});
  await pod.follow(await candidate());
  const { predictions, headers } = await pod.predict([customer(stays, 10), customer(moved, 70)]);
  expect(predictions).toMatchObject([
    { probability: 0.1, decision: false, label: 'No', version: 'v1', role: 'stable' },
    { probability: expect.closeTo(0.7, 6), decision: true, label: 'Yes', version: 'v1', role: 'fallback' },
  ]);
  expect(headers['x-churnops-role']).toBe('stable, fallback');
  expect(pod.observed.map((each) => ({ role: each.answered.role, candidate: each.candidate }))).toEqual([
    { role: 'stable', candidate: { scored: false, absence: 'StableSide' } },
    { role: 'fallback', candidate: { scored: false, absence } },
  ]);
  expect(pod.traffic.state().sides).toMatchObject({ own: { requests: 1, errors: 0 }, candidate: { requests: 1, errors, fallbacks: 1, dropped: 0, breaker: 'Closed' } });
  expect(await pod.registry.metrics()).toContain(`churnops_candidate_requests_total{mode="Canary",outcome="${absence}"} 1`);
});

test('no pod of the candidate is known: the stable score at once, and it is no error of the candidate', async () => {
  const pod = await stablePod();
  pod.traffic.read(JSON.stringify(policy()));
  const { predictions } = await pod.predict([customer(moved, 70)]);
  expect(predictions).toMatchObject([{ role: 'fallback' }]);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 0, errors: 0, fallbacks: 1 });
});

test('errors of too many forwards open the breaker: nobody is asked any more, and nobody waits', async () => {
  const candidate = await httpCandidate((res) => void res.writeHead(500).end('{}'));
  const pod = await stablePod();
  await pod.follow(candidate);
  for (let index = 0; index < 60; index += 1) await pod.predict([customer(moved, index)]);
  expect(candidate.received).toHaveLength(50);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 50, errors: 50, fallbacks: 60, breaker: 'Open' });
  expect(pod.observed.at(-1)?.candidate).toEqual({ scored: false, absence: 'BreakerOpen' });
  const metrics = await pod.registry.metrics();
  for (const series of ['breaker_open 1', 'canary_rows_total{role="fallback"} 60', 'traffic_policy_revision 7', 'candidate_requests_total{mode="Canary",outcome="Failed"} 50']) expect(metrics).toContain(`churnops_${series}`);
  // Another weight for the same candidate does not forget that it is bad, but counts anew.
  await pod.follow(candidate, { revision: 8, percent: 50 });
  await pod.predict([customer(moved, 1)]);
  expect(pod.traffic.state()).toMatchObject({ revision: 8, sides: { own: { requests: 1 }, candidate: { requests: 0, fallbacks: 1, breaker: 'Open' } } });
  // Another candidate is another matter.
  await pod.follow(candidate, { revision: 9, percent: 100, candidateHash: 'e'.repeat(64) });
  await pod.predict([customer(moved, 1)]);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 1, breaker: 'Closed' });
});

/** A stable pod before a candidate that holds its answers back until `letGo`. */
async function heldCandidate() {
  const { promise: held, resolve } = Promise.withResolvers<undefined>();
  const candidate = await httpCandidate((res, received, req) => void held.then(() => scores()(res, received, req)));
  const pod = await stablePod();
  await pod.follow(candidate);
  return { candidate, pod, letGo: () => resolve(undefined) };
}

/** A caller whose row waits at such a candidate. */
async function waitingCaller() {
  const { candidate, pod, letGo } = await heldCandidate();
  const answer = pod.predict([customer(moved, 70)]);
  await until(() => candidate.received.length === 1);
  return { pod, answer, letGo };
}

test("each side's own handler time: the caller's wait for the candidate is nobody's", async () => {
  const { pod, answer, letGo } = await waitingCaller();
  expect(pod.traffic.state().sides).toMatchObject({ own: { requests: 1 }, candidate: { requests: 0 } });
  letGo();
  await answer;
  const { own, candidate: side } = pod.traffic.state().sides;
  expect(own.requests).toBe(1);
  expect(side?.latency.sumSeconds).toBe(0.0025);
  expect(side?.latency.counts).toEqual(own.latency.boundsSeconds.map((bound) => Number(bound >= 0.0025)).concat(1));
});

test('1,024 rows: all forwards of them merge, also where they do not fit one body', async () => {
  const candidate = await httpCandidate((res, received) => void res.end(scored(received, byName)));
  const pod = await stablePod({ observe: false });
  await pod.follow(candidate, { percent: 100 });
  const many = Array.from({ length: 1024 }, (_, index) => `${index}-X`);
  const { predictions } = await pod.predict(many.map((name, index) => customer(name, index % 100)));
  expect(predictions.map(({ probability }) => probability)).toEqual(many.map((name) => byName({ customerID: name })));
  expect(candidate.received).toHaveLength(1);
  // Binary tensors are short; as rows the same values, each with its long name, are several bodies.
  const long = 'x'.repeat(1500);
  const tensors = [
    { name: 'customerID', datatype: 'BYTES', shape: [1024], data: many },
    { name: long, datatype: 'UINT8', shape: [1024], bytes: Buffer.alloc(1024, 7) },
  ];
  const { headers, body } = infer(tensors);
  const { text } = await pod.post(INFER, body, headers);
  expect(InferResponse.parse(JSON.parse(text)).outputs[0]?.data).toEqual(many.map((name) => byName({ customerID: name })));
  expect(candidate.received).toHaveLength(3);
  const [, ...parts] = candidate.received.map((received) => rowsOf(received.body));
  expect(parts.flat().map(({ customerID }) => String(customerID)).toSorted()).toEqual(many.toSorted());
  expect(parts.flat().every((row) => row[long] === 7)).toBe(true);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 3, errors: 0, fallbacks: 0 });
}, 30_000);

test('what another pod forwards is answered, and goes no further', async () => {
  const nobody = await httpCandidate(scores());
  const pod = await stablePod({ model: { version: 'v2' } });
  await pod.follow(nobody, { percent: 100 });
  const { predictions, headers } = await pod.predict([customer(moved, 70)], { 'x-churnops-hop': 'a'.repeat(64) });
  expect(predictions).toMatchObject([{ version: 'v2', role: 'stable', decision: true }]);
  expect(headers['server-timing']).toMatch(/^handler;dur=\d+\.\d{3}$/);
  expect(headers).not.toHaveProperty('x-churnops-role');
  expect([nobody.received, pod.observed]).toEqual([[], []]);
  expect(pod.traffic.state().sides.own.requests).toBe(1);
  expect(await pod.registry.metrics()).toContain('churnops_requests_total{role="candidate",code="200"} 1');
});

test('what is forwarded to another hash is refused, and callers get no timing', async () => {
  const pod = await stablePod();
  const refused = await pod.post(PREDICT, JSON.stringify({ instances: [customer(moved, 1)] }), { 'x-churnops-hop': CANDIDATE });
  expect(refused.status).toBe(404);
  expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'VersionNotServed', message: expect.stringContaining('x-churnops-hop') } });
  expect((await pod.predict([customer(moved, 1)])).headers).not.toHaveProperty('server-timing');
});

test('two real pods: the candidate answers what it is asked, counts it as its own, and its refusals are its errors', async () => {
  const strict = { ...tinyCard, inputs: tinyCard.inputs.map((input) => (input.name === 'Contract' ? { ...input, missing: { policy: 'Refuse' as const, meaning: '' } } : input)) };
  const candidate = await stablePod({ model: { version: 'v2', hash: CANDIDATE, threshold: 0.9, card: strict } });
  const pod = await stablePod();
  await pod.follow({ host: '127.0.0.1', port: candidate.port }, { percent: 100 });
  expect((await pod.predict([customer('a', 70), customer('b', 95)])).predictions).toMatchObject([
    { probability: expect.closeTo(0.7, 6), decision: false, version: 'v2', role: 'candidate' },
    { decision: true, version: 'v2', role: 'candidate' },
  ]);
  expect((await pod.predict([{ tenure: 1 }])).predictions).toMatchObject([{ version: 'v1', role: 'fallback' }]);
  expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: 2, errors: 1, fallbacks: 1 });
  expect(pod.traffic.state().sides.candidate?.latency.counts.at(-1)).toBe(2);
  expect(candidate.traffic.state()).toMatchObject({ revision: 0, sides: { own: { requests: 1, errors: 0 } } });
  expect(candidate.observed).toEqual([]);
});

test('a caller that goes while the candidate is asked leaves nothing behind, and is in no record', async () => {
  const { candidate, pod, letGo } = await heldCandidate();
  const body = JSON.stringify({ instances: [customer(moved, 70)] });
  const caller = connect(pod.port, '127.0.0.1');
  caller.write(`POST ${PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await until(() => candidate.received.length === 1);
  caller.destroy();
  await until(() => pod.data.inFlight() === 0);
  letGo();
  await until(() => pod.traffic.state().sides.candidate?.requests === 1);
  await pod.predict([customer(stays, 1)]);
  expect(pod.observed).toHaveLength(1);
});

test('a policy that ends while the candidate is asked still lets its answer through', async () => {
  const { pod, answer, letGo } = await waitingCaller();
  pod.traffic.read('');
  letGo();
  expect((await answer).predictions).toMatchObject([{ role: 'candidate', version: 'v2' }]);
  expect(pod.traffic.state()).toMatchObject({ revision: 0, sides: { own: { requests: 0 } } });
  expect((await pod.predict([customer(moved, 70)])).predictions).toMatchObject([{ role: 'stable' }]);
});
