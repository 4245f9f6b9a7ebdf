import { connect, type Socket } from 'node:net';
import { portOf } from './sender.ts';

const EVERY_MS = 1000;
const DECLARED_BYTES = 1000;

/** What became of connections that sent a byte a second. */
export type SlowReport = Readonly<{ opened: number; answered: Readonly<Record<string, number>>; longestMs: number; mostAtOnce: number }>;

/** Connections that send a byte a second: every other one is slow within its head, the others within their body. One that is closed is opened again. */
export class SlowSenders {
  readonly #url: URL;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #answered = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #opened = 0;
  #longestMs = 0;
  #mostAtOnce = 0;
  #stopped = false;

  constructor(input: Readonly<{ url: string; path: string; connections: number }>) {
    this.#url = new URL(input.url);
    this.#path = input.path;
    for (let index = 0; index < input.connections; index += 1) this.#open();
    this.#timer = setInterval(() => {
      this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#sockets.size);
      for (const socket of this.#sockets) if (socket.writable) socket.write('x');
    }, EVERY_MS);
  }

  stop(): SlowReport {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    return { opened: this.#opened, answered: Object.fromEntries(this.#answered), longestMs: this.#longestMs, mostAtOnce: this.#mostAtOnce };
  }

  #open(): void {
    this.#opened += 1;
    const startedMs = performance.now();
    let received = '';
    const head = `POST ${this.#path} HTTP/1.1\r\nhost: ${this.#url.host}\r\ncontent-type: application/json\r\ncontent-length: ${DECLARED_BYTES}\r\n`;
    const socket = connect(portOf(this.#url), this.#url.hostname);
    this.#sockets.add(socket);
    socket.setEncoding('latin1').on('error', () => undefined).on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#stopped) return;
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? 'closed';
      this.#answered.set(status, (this.#answered.get(status) ?? 0) + 1);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedMs);
      this.#open();
    });
    socket.write(this.#opened % 2 === 0 ? `${head}\r\n{` : `${head}x-slow: `);
  }
}
