import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { podControl } from '../../../../operator/traffic/pod-control.ts';
import { identity } from '../rollout/builders.ts';

const latency = { boundsSeconds: [0.1], counts: [1, 1], sumSeconds: 0.05 };
const state = { schemaVersion: 1, model: 'telco-churn', version: 'a', hash: identity('a').hash, revision: 7, sides: { own: { requests: 1, errors: 0, latency } } };
const open: { server: Server; close: () => Promise<void> }[] = [];

async function reading(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const control = podControl(address.port);
  open.push({ server, close: control.close });
  return control.read('127.0.0.1', new AbortController().signal);
}

afterEach(async () => {
  for (const { server, close } of open.splice(0)) {
    await close();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('the state, as the pod tells it', async () => {
  const paths: (string | undefined)[] = [];
  await expect(reading((request, response) => { paths.push(request.url); response.end(JSON.stringify(state)); })).resolves.toEqual(state);
  expect(paths).toEqual(['/control/traffic']);
});

test.each<{ name: string; answer: RequestListener; error: RegExp }>([
  { name: 'another status', answer: (_request, response) => response.writeHead(503).end('{}'), error: /it answers 503/ },
  { name: 'what is no state', answer: (_request, response) => response.end('{"revision":"x"}'), error: /schemaVersion/ },
  { name: 'an answer without end', answer: (_request, response) => response.end('x'.repeat(70_000)), error: /longer than 65536 bytes/ },
  { name: 'a connection that breaks', answer: (request) => request.socket.destroy(), error: /other side closed|ECONNRESET|socket hang up/ },
])('$name is an error', async ({ answer, error }) => expect(reading(answer)).rejects.toThrow(error));
