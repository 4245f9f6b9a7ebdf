import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import type { SeenAnswer } from './judge.ts';
import type { FuzzRequest } from './requests.ts';

const CONNECTIONS = 32;
const CHUNK_BYTES = 700;
const TIMEOUT_MS = 30_000;
const MISSING_BYTES = 100;

/** Sends fuzzed requests over kept-alive connections; what is no whole request gets a connection of its own. */
export class Sender {
  readonly #agent = new Agent({ connections: CONNECTIONS, bodyTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS });
  readonly #url: URL;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /**
   * The answer; undefined where the connection was closed without one, which only what is no whole request may see.
   * @throws the client's error where there was no answer to a whole request
   */
  async send(fuzzed: FuzzRequest): Promise<SeenAnswer | undefined> {
    const { path, headers, body, delivery } = fuzzed;
    switch (delivery) {
      case 'Whole':
        return this.#whole(path, headers, body);
      case 'Chunked':
        return this.#whole(path, headers, Readable.from(chunksOf(body)));
      case 'CutShort':
        return this.#raw(Buffer.concat([headOf(fuzzed, this.#url.host), body]));
      case 'NotHttp':
        return this.#raw(body);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #whole(path: string, headers: FuzzRequest['headers'], body: Buffer | Readable): Promise<SeenAnswer> {
    const answer = await request(new URL(path, this.#url), { dispatcher: this.#agent, method: 'POST', headers, body });
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
  }

  async #raw(bytes: Buffer): Promise<SeenAnswer | undefined> {
    const socket = connect(portOf(this.#url), this.#url.hostname);
    const received: Buffer[] = [];
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => received.push(chunk));
    socket.end(bytes);
    // `once` of node:events would reject on 'error'; a connection that is reset is an answer like none.
    await new Promise((resolve) => {
      socket.once('close', resolve);
    });
    return parseAnswer(Buffer.concat(received));
  }
}

/** The port of an address; URL leaves 80 out. */
export function portOf(url: URL): number {
  return Number(url.port === '' ? 80 : url.port);
}

async function* chunksOf(body: Buffer): AsyncIterable<Buffer> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
}

/** Head of a request whose body says to be longer than it is. */
function headOf({ path, headers, body }: FuzzRequest, host: string): Buffer {
  const lines = Object.entries({ host, ...headers, 'content-length': String(body.length + MISSING_BYTES) }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The first answer in what a connection gave. */
function parseAnswer(bytes: Buffer): SeenAnswer | undefined {
  if (bytes.length === 0) return undefined;
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const length = Number(headers['content-length'] ?? 0);
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]), headers, body: bytes.subarray(end + 4, end + 4 + length) };
}
