import { Agent, request } from 'node:http';
import type { Connection } from './protocol.ts';

/** What came back, or why nothing did. */
export type Outcome = Readonly<{ status: number; text: string } | CallFailure>;

/** `connectionBroke`: it was refused, or ended before the answer was whole. A call without an answer in time may still be at work. */
export type CallFailure = Readonly<{ error: string; connectionBroke: boolean }>;

/** Calls over connections of both kinds. Nothing is tried again. */
export class Caller {
  readonly #url: URL;
  readonly #timeoutMs: number;
  /** One connection each: an agent of many would use few of them at a modest rate. */
  readonly #kept: readonly Agent[];
  #turn = 0;

  constructor(input: Readonly<{ url: string; keptConnections: number; timeoutMs: number }>) {
    this.#url = new URL(input.url);
    this.#timeoutMs = input.timeoutMs;
    this.#kept = Array.from({ length: input.keptConnections }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  /** Posts a body and reads the whole answer. Never rejects. */
  async call(connection: Connection, body: string): Promise<Outcome> {
    const agent = connection === 'Kept' ? this.#kept[(this.#turn += 1) % this.#kept.length] : undefined;
    return new Promise((resolve) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const req = request(this.#url, { method: 'POST', agent: agent ?? false, headers }, (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (chunk: string) => (text += chunk));
        res.once('end', () => settle(res.complete ? { status: res.statusCode ?? 0, text } : broken('the answer was cut off')));
        res.once('error', (error) => settle(broken(`while reading: ${error.message}`)));
      });
      const timer = setTimeout(() => {
        settle({ error: `no answer within ${this.#timeoutMs} ms`, connectionBroke: false });
        req.destroy();
      }, this.#timeoutMs);
      let settled = false;
      const settle = (outcome: Outcome): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        resolve(outcome);
      };
      req.once('error', (error) => settle(broken('code' in error ? `${String(error.code)}: ${error.message}` : error.message)));
      req.end(body);
    });
  }

  close(): void {
    for (const agent of this.#kept) agent.destroy();
  }
}

function broken(error: string): CallFailure {
  return { error, connectionBroke: true };
}
