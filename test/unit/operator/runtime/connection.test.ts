import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../../../operator/runtime/connection.ts';

const never = new AbortController().signal;
const get = { verb: 'get', method: 'GET', path: '/readyz' } as const;

let folder: string;
let server: Server;
let port: number;
/** Subject of each connection's client certificate, and of each request. */
const connections: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'churnops-tls-'));
  for (const name of ['server', 'one', 'two']) {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', ...subject, ...files], { stdio: 'ignore' });
  }
  const clients = await Promise.all(['one.crt', 'two.crt'].map(async (name) => readFile(join(folder, name))));
  const [key, cert] = await Promise.all(['server.key', 'server.crt'].map(async (name) => readFile(join(folder, name))));
  server = createServer({ key, cert, ca: clients, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    requests.push(String(request.headers.authorization));
    response.end('ok');
  });
  server.on('secureConnection', (socket) => connections.push(String(socket.getPeerCertificate().subject.CN)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

async function kubeconfig(client: string, ca = 'server.crt'): Promise<string> {
  const path = join(folder, 'kubeconfig');
  for (const end of ['crt', 'key']) await writeFile(join(folder, `client.${end}`), await readFile(join(folder, `${client}.${end}`)));
  const config = {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': join(folder, ca) } }],
    users: [{ name: 'test', user: { 'client-certificate': join(folder, 'client.crt'), 'client-key': join(folder, 'client.key') } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

test('connections are kept while the certificate is the same, and renewed when it rotates', async () => {
  const connection = connect({ kubeconfig: await kubeconfig('one'), version: 'test' });
  connections.length = 0;
  for (let count = 0; count < 20; count += 1) expect(await connection.send(get, never)).toEqual({ status: 200, retryAfter: undefined, text: 'ok' });
  expect(new Set(connections)).toEqual(new Set(['one']));
  await kubeconfig('two');
  for (let count = 0; count < 20; count += 1) await connection.send(get, never);
  expect(new Set(connections)).toEqual(new Set(['one', 'two']));
  expect(connections.length).toBeLessThanOrEqual(4); // a next call may come before the last one's socket is free
  await connection.close();
});

test('a server that the cluster’s authority does not vouch for is not spoken to', async () => {
  const connection = connect({ kubeconfig: await kubeconfig('one', 'two.crt'), version: 'test' });
  requests.length = 0;
  await expect(connection.send(get, never)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('self-signed') });
  expect(requests).toEqual([]);
  await connection.close();
});

test('nobody listens: Unavailable, with the address', async () => {
  const path = await kubeconfig('one');
  await writeFile(path, (await readFile(path, 'utf8')).replace(`:${port}`, ':1'));
  const connection = connect({ kubeconfig: path, version: 'test' });
  await expect(connection.send(get, never)).rejects.toMatchObject({ code: 'Unavailable', retryable: true, message: expect.stringContaining('127.0.0.1:1') });
  await connection.close();
});

test.each([
  { name: 'outside a cluster', kubeconfig: undefined, told: 'set CHURNOPS_KUBECONFIG to the path of a kubeconfig' },
  { name: 'a kubeconfig that is not there', kubeconfig: '/none/kubeconfig', told: 'CHURNOPS_KUBECONFIG: /none/kubeconfig cannot be read as a kubeconfig.' },
])('$name: what to do', ({ kubeconfig, told }) => expect(() => connect({ kubeconfig, version: 'test' })).toThrow(told));

test('a kubeconfig without a cluster says so', async () => {
  const path = await kubeconfig('one');
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'none', clusters: [], users: [], contexts: [] }));
  expect(() => connect({ kubeconfig: path, version: 'test' })).toThrow('no current cluster');
});
