import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HEADERS } from '../../../../contracts/names.ts';
import { VersionScorer } from '../../../../server/evaluation/replay/version-scorer.ts';
import { httpCandidate, scores } from '../traffic/candidate-server.ts';
import type { CandidateServer } from '../traffic/candidate-server.ts';
import { keptLogger } from '../tiny-package.ts';

const HASH = 'c'.repeat(64);
const signal = new AbortController().signal;
const scorers: VersionScorer[] = [];
afterEach(async () => {
  for (const scorer of scorers.splice(0)) await scorer.close();
});

function scorerOf({ host, port }: Pick<CandidateServer, 'host' | 'port'>, totalMs = 5000): VersionScorer {
  const scorer = new VersionScorer({ model: 'tiny-churn', version: 'v2', hash: HASH, address: `${host}:${port}`, logger: keptLogger().logger, patience: { totalMs, baseMs: 5, maxMs: 20, signal } });
  scorers.push(scorer);
  return scorer;
}

const rows = [{ tenure: 1 }, { tenure: 2 }, { tenure: 3 }];

test('rows go to the path of callers, marked so that nobody journals or forwards them', async () => {
  const server = await httpCandidate(scores(0.25));
  expect(await scorerOf(server).score(rows)).toEqual(rows.map(() => ({ probability: 0.25 })));
  expect(server.received).toMatchObject([{ url: '/v1/models/tiny-churn:predict', headers: { [HEADERS.hop]: HASH }, body: JSON.stringify({ instances: rows }) }]);
});

test('rows that are refused are told; those beside them go again', async () => {
  const server = await httpCandidate((res, received, req) => {
    const instances: readonly { tenure: number }[] = JSON.parse(received.body).instances;
    const details = instances.flatMap(({ tenure }, at) => (tenure === 2 ? [{ path: `instances[${at}].tenure`, message: 'is too much' }] : []));
    if (details.length === 0) return scores(0.5)(res, received, req);
    return res.writeHead(422).end(JSON.stringify({ error: { code: 'InvalidInstance', message: 'One row is wrong.', details } }));
  });
  expect(await scorerOf(server).score(rows)).toEqual([{ probability: 0.5 }, { refusal: 'tenure: is too much' }, { probability: 0.5 }]);
  expect(server.received.length).toBe(2);
});

test('a row that is longer than a request may be is refused', async () => {
  const server = await httpCandidate(scores(0.5));
  expect(await scorerOf(server).score([{ tenure: 1 }, { note: 'x'.repeat(1 << 20) }])).toEqual([{ probability: 0.5 }, { refusal: 'is too long for a request' }]);
});

describe('what passes is sat out', () => {
  test.each([503, 500, 404])('a pod that answers %d twice', async (status) => {
    let answers = 0;
    const server = await httpCandidate((res, received, req) => {
      answers += 1;
      if (answers > 2) return scores(0.5)(res, received, req);
      return res.writeHead(status).end(JSON.stringify({ error: { code: 'Overloaded', message: 'Much to do.' } }));
    });
    expect(await scorerOf(server).score(rows)).toEqual(rows.map(() => ({ probability: 0.5 })));
  });

  test('a pod that goes away and comes back', async () => {
    const first = await httpCandidate(scores(0.5));
    const scorer = scorerOf(first);
    await scorer.score(rows);
    await first.stop();
    const again = scorer.score(rows);
    await httpCandidate(scores(0.75), { port: first.port });
    expect(await again).toEqual(rows.map(() => ({ probability: 0.75 })));
  });
});

describe('what stays is an error, with its reason', () => {
  test.each<{ name: string; answer: (res: ServerResponse) => unknown; message: string }>([
    { name: 'another version', answer: (res) => res.writeHead(404).end(JSON.stringify({ error: { code: 'VersionNotServed', message: 'Another one.' } })), message: 'Version v2 gave no scores (Refused: VersionNotServed: Another one.).' },
    { name: 'garbage', answer: (res) => res.writeHead(200).end('garbage'), message: 'Version v2 gave no scores (InvalidAnswer: 200).' },
    { name: 'refusals that name no row', answer: (res) => res.writeHead(422).end(JSON.stringify({ error: { code: 'InvalidInstance', message: 'No.', details: [{ path: 'instances[99].a', message: 'no' }] } })), message: 'Version v2 gave no scores (Refused: InvalidInstance: No.).' },
  ])('$name', async ({ answer, message }) => {
    const server = await httpCandidate((res) => answer(res));
    await expect(scorerOf(server, 60).score(rows)).rejects.toMatchObject({ code: 'ReplayFailed', message });
  });

  test('nobody', async () => {
    const { host, port, stop } = await httpCandidate(scores(0.5));
    await stop();
    await expect(scorerOf({ host, port }, 60).score(rows)).rejects.toMatchObject({ code: 'ReplayFailed' });
  });
});
