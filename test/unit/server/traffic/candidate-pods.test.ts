import { afterEach, expect, test } from '@jest/globals';
import { CANDIDATE_PODS, CandidatePods } from '../../../../server/traffic/candidate-pods.ts';
import type { CandidatePodsOptions, Exchange, Resolve } from '../../../../server/traffic/candidate-pods.ts';
import { keptLogger } from '../tiny-package.ts';
import { httpCandidate, scores, tcpCandidate } from './candidate-server.ts';
import type { CandidateServer } from './candidate-server.ts';
import { CANDIDATE } from './policy.ts';
import { until } from '../../until.ts';

const opened: CandidatePods[] = [];
afterEach(async () => {
  for (const pods of opened.splice(0)) await pods.destroy();
});

const LONG_MS = 30_000;
const request = { body: '{"instances":[{"tenure":3}]}', sizeBytes: 28, requestId: 'order-17' };

/** Pods at these addresses, once they are known. */
async function pods(port: number, hosts: readonly string[] | Resolve, limits: Partial<NonNullable<CandidatePodsOptions['limits']>> = {}): Promise<CandidatePods> {
  const resolve = typeof hosts === 'function' ? hosts : async () => hosts;
  const made = new CandidatePods({ model: 'tiny-churn', address: `candidate.test:${port}`, candidateHash: CANDIDATE, logger: keptLogger().logger, resolve, limits: { ...CANDIDATE_PODS, ...limits } });
  opened.push(made);
  if (typeof hosts !== 'function') await until(() => made.hosts.length >= hosts.length);
  return made;
}

function of({ host, port }: CandidateServer, limits: Partial<NonNullable<CandidatePodsOptions['limits']>> = {}): Promise<CandidatePods> {
  return pods(port, [host], limits);
}

/** Without what is long or differs from run to run. */
function told(exchange: Exchange): string {
  if (exchange.end === 'Answered') return `Answered ${exchange.status}`;
  return exchange.end === 'NotSent' ? `NotSent ${exchange.why}` : exchange.end;
}

async function free(made: CandidatePods): Promise<void> {
  await until(() => made.inFlight === 0);
}

test('a request names the model, the hash it is for and the request it belongs to; connections are kept', async () => {
  const candidate = await httpCandidate(scores());
  const made = await of(candidate);
  for (let index = 0; index < 5; index += 1) {
    const exchange = await made.post(request, LONG_MS);
    expect(exchange).toMatchObject({ end: 'Answered', status: 200, serverTiming: 'handler;dur=2.5' });
  }
  expect(candidate.received).toHaveLength(5);
  expect(candidate.received[0]).toMatchObject({
    url: '/v1/models/tiny-churn:predict',
    body: request.body,
    headers: { 'content-type': 'application/json', 'content-length': '28', 'x-request-id': 'order-17', 'x-churnops-hop': CANDIDATE },
  });
  // Two, since the first one is not quite free yet when the next request comes.
  expect(candidate.connections()).toBeLessThanOrEqual(2);
});

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
test.each([
  { name: 'does not speak HTTP', talk: 'hello\r\n\r\n', end: 'Broken' },
  { name: 'answers with two lengths', talk: `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, end: 'Broken' },
  { name: 'never stops', talk: `${HEAD}\r\n${'x'.repeat(5000)}`, end: 'Broken' },
  { name: 'answers half of it and hangs', talk: `${HEAD}content-length: 100\r\n\r\n{"pred`, end: 'Timeout' },
  { name: 'answers half of it and is gone', talk: `${HEAD}content-length: 100\r\n\r\n{"pred`, gone: true, end: 'Unreachable' },
  { name: 'is gone without a word', talk: '', gone: true, end: 'Unreachable' },
  { name: 'hangs', talk: '', end: 'Timeout' },
])('who $name: $end, and nothing is left behind', async ({ talk, gone = false, end }) => {
  const candidate = await tcpCandidate((socket) => {
    socket.once('data', () => {
      socket.write(talk, () => {
        if (gone) socket.destroy();
      });
    });
  });
  const made = await of(candidate, { maxAnswerBytes: 4000 });
  expect(told(await made.post(request, end === 'Timeout' ? 50 : LONG_MS))).toBe(end);
  await free(made);
});

test.each([500, 503, 422, 302])('status %d is an answer', async (status) => {
  const candidate = await httpCandidate((res) => void res.writeHead(status, { location: '/' }).end('{}'));
  expect(told(await (await of(candidate)).post(request, LONG_MS))).toBe(`Answered ${status}`);
});

test('nobody listens: Unreachable, long before the time is over', async () => {
  const candidate = await httpCandidate(scores());
  const made = await of(candidate);
  await candidate.stop();
  expect(told(await made.post(request, LONG_MS))).toBe('Unreachable');
});

test('who is too slow is given up, and what it says later is for nobody', async () => {
  const { promise: late, resolve: answerNow } = Promise.withResolvers<undefined>();
  const candidate = await httpCandidate((res, received, req) => void late.then(() => scores()(res, received, req)));
  const made = await of(candidate);
  expect(told(await made.post(request, 20))).toBe('Timeout');
  answerNow(undefined);
  expect(told(await made.post(request, LONG_MS))).toBe('Answered 200');
  await free(made);
});

test('what is answered while this process was busy is answered in time', async () => {
  const candidate = await httpCandidate(scores());
  const made = await of(candidate);
  await made.post(request, LONG_MS);
  const exchange = made.post(request, 30);
  // Answered in this turn of the event loop, and so not read yet.
  await until(() => candidate.received.length >= 2);
  const begun = performance.now();
  while (performance.now() - begun < 60);
  expect(told(await exchange)).toBe('Answered 200');
});

test('requests go round; who died is passed over, and the request it was to answer is answered by another', async () => {
  const one = await httpCandidate(scores(0.1));
  const other = await httpCandidate(scores(0.2), { host: '127.0.0.2', port: one.port });
  const made = await pods(one.port, ['127.0.0.1', '127.0.0.2']);
  for (let index = 0; index < 20; index += 1) await made.post(request, LONG_MS);
  expect([one.received.length, other.received.length]).toEqual([10, 10]);
  await other.stop();
  for (let index = 0; index < 20; index += 1) expect(told(await made.post(request, LONG_MS))).toBe('Answered 200');
  expect(one.received).toHaveLength(30);
});

test('new pods are found, those that are gone are forgotten, and a broken DNS changes nothing', async () => {
  const one = await httpCandidate(scores(0.1));
  const other = await httpCandidate(scores(0.2), { host: '127.0.0.2', port: one.port });
  const answers: (readonly string[] | Error)[] = [[], ['127.0.0.1'], new Error('EAI_AGAIN'), ['127.0.0.2']];
  let looks = 0;
  const made = await pods(
    one.port,
    async () => {
      const answer = answers[Math.min(looks, answers.length - 1)] ?? [];
      looks += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    { lookUpEveryMs: 5, lookUpSoonMs: 5 },
  );
  expect(told(await made.post(request, LONG_MS))).toBe('NotSent NoAddress');
  const known: string[] = [];
  while (made.hosts[0] !== '127.0.0.2') {
    if (looks === 3 && made.hosts[0] !== undefined) known.push(made.hosts[0]);
    await new Promise(setImmediate);
  }
  expect(new Set(known)).toEqual(new Set(['127.0.0.1']));
  await made.post(request, LONG_MS);
  expect(other.received).toHaveLength(1);
});

test('a name of this machine is looked up as the system does', async () => {
  const candidate = await httpCandidate(scores());
  const made = new CandidatePods({ model: 'tiny-churn', address: `localhost:${candidate.port}`, candidateHash: CANDIDATE, logger: keptLogger().logger });
  opened.push(made);
  await until(() => made.hosts.length > 0);
  expect(made.hosts).toContain('127.0.0.1');
});

test('a candidate that hangs holds as many requests and bytes as it may, and no more, however many are sent', async () => {
  const candidate = await tcpCandidate(() => undefined);
  const small = await of(candidate, { maxInFlightOfOne: 8 });
  const ends = await Promise.all(Array.from({ length: 500 }, () => small.post(request, 100)));
  expect(ends.filter(({ end }) => end === 'Timeout')).toHaveLength(8);
  expect(ends.filter((end) => told(end) === 'NotSent Saturated')).toHaveLength(492);
  expect(candidate.connections()).toBeLessThanOrEqual(8);
  const narrow = await of(candidate, { maxBytes: 100 });
  expect((await Promise.all(Array.from({ length: 10 }, () => narrow.post(request, 20)))).map(told).toSorted()).toEqual([...Array.from({ length: 7 }, () => 'NotSent Saturated'), 'Timeout', 'Timeout', 'Timeout']);
  const few = await of(candidate, { maxInFlight: 2 });
  expect((await Promise.all(Array.from({ length: 4 }, () => few.post(request, 20)))).map(told).toSorted()).toEqual(['NotSent Saturated', 'NotSent Saturated', 'Timeout', 'Timeout']);
});

test('closed: what is on its way is still answered, and nothing is sent any more', async () => {
  const { promise: late, resolve: answerNow } = Promise.withResolvers<undefined>();
  const candidate = await httpCandidate((res, received, req) => void late.then(() => scores()(res, received, req)));
  const made = await of(candidate);
  const waiting = made.post(request, LONG_MS);
  await until(() => candidate.received.length > 0);
  const closed = made.close();
  expect(told(await made.post(request, LONG_MS))).toBe('NotSent Stopped');
  answerNow(undefined);
  expect(told(await waiting)).toBe('Answered 200');
  await closed;
});

test('destroyed: who waits is told', async () => {
  const candidate = await tcpCandidate(() => undefined);
  const made = await of(candidate);
  const waiting = made.post(request, LONG_MS);
  await until(() => candidate.connections() > 0);
  await made.destroy();
  expect([told(await waiting), told(await made.post(request, LONG_MS))]).toEqual(['NotSent Stopped', 'NotSent Stopped']);
  await free(made);
});
