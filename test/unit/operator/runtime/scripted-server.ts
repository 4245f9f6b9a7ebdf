import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Connection } from '../../../../operator/runtime/connection.ts';

/** One request as the server saw it. */
export type SeenRequest = Readonly<{ method: string; url: URL; headers: IncomingMessage['headers']; body: string; socket: number }>;

/** What a script does with a request. */
export type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** An API server on loopback that answers as a test tells it to, over real sockets. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Map<unknown, number>();
  readonly #open = new Set<ServerResponse>();
  #folder: string | undefined;
  #connection: Connection | undefined;
  /** The script; replace it at any time. */
  handler: Handler = (_request, response) => answer(response, 404, status(404, 'NotFound'));

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const socket = this.#sockets.get(request.socket) ?? this.#sockets.size;
        this.#sockets.set(request.socket, socket);
        const url = new URL(request.url ?? '/', 'http://server');
        const seen = { method: request.method ?? '', url, headers: request.headers, body: Buffer.concat(chunks).toString(), socket };
        this.requests.push(seen);
        this.#open.add(response);
        response.on('close', () => this.#open.delete(response));
        this.handler(seen, response);
      });
    });
  }

  /** Starts, and connects as the operator does: by a kubeconfig. */
  async start(user: object = { token: 'secret-token' }): Promise<Connection> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#folder = await mkdtemp(join(tmpdir(), 'churnops-'));
    const path = join(this.#folder, 'kubeconfig');
    await writeFile(path, JSON.stringify(kubeconfig(address.port, user)));
    this.#connection = connect({ kubeconfig: path, version: '1.2.3' });
    return this.#connection;
  }

  /** Sockets that were opened. */
  get socketCount(): number {
    return this.#sockets.size;
  }

  /** Answers that are still open: watches. */
  get openCount(): number {
    return this.#open.size;
  }

  async stop(): Promise<void> {
    await this.#connection?.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}

/** A whole JSON answer. */
export function answer(response: ServerResponse, code: number, body: object | string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** `metav1.Status`. */
export function status(code: number, reason: string, message = reason): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** A ConfigMap as the server sends it. */
export function configMap(name: string, resourceVersion: number, data: Readonly<Record<string, string>> = {}, uid = `uid-${name}`): object {
  return {
    apiVersion: 'v1', kind: 'ConfigMap', data,
    metadata: { name, namespace: 'shop', uid, resourceVersion: String(resourceVersion), managedFields: [{ manager: 'kubectl' }] },
  };
}

/** A list as the server sends it: items of built-in kinds without apiVersion and kind. */
export function listOf(resourceVersion: number, ...items: object[]): object {
  const bare = items.map((item) => Object.fromEntries(Object.entries(item).filter(([field]) => field !== 'kind' && field !== 'apiVersion')));
  return { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: String(resourceVersion) }, items: bare };
}

/** One line of a watch. */
export function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function kubeconfig(port: number, user: object): object {
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  };
}
