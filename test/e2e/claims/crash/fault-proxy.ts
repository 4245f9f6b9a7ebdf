import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import type { ApiRequest, ApiResponse, Transport } from '../../../../operator/runtime/transport.ts';
import { REFUSALS, SLOW_MS, STILL_MS, type Fault } from './fault.ts';
import { WatchView, type ViewMode } from './watch-view.ts';
import { effectOf, subjectOf, type Effect } from './write-log.ts';

/** What the proxy does to the world around it. */
export type FaultHands = Readonly<{ killOperator: () => void; compact: () => Promise<void> }>;

/**
 * Stands between one operator and the API server, counts its writes, and does one fault to one of them.
 * All else passes as it is: the API server behind it is the real one.
 */
export class FaultProxy {
  readonly #upstream: Transport;
  readonly #fault: Fault | undefined;
  readonly #hands: FaultHands;
  readonly #server: Server;
  readonly #views = new Set<WatchView>();
  readonly #closing = new AbortController();
  #writes = 0;
  #mode: ViewMode = 'Plain';
  #newest = '0';
  /** Lists come as of this version, while the operator is shown the past. */
  #past: string | undefined;
  /** Watches that begin at a forgotten version, by path. */
  readonly #forgetful = new Set<string>();
  readonly effects: Effect[] = [];
  /** Answers of the API server's own that say 410. */
  goneAnswers = 0;
  /** What was done, once it was. */
  done: string | undefined;
  lastWriteMs = Date.now();

  constructor(input: Readonly<{ upstream: Transport; fault: Fault | undefined; hands: FaultHands }>) {
    this.#upstream = input.upstream;
    this.#fault = input.fault;
    this.#hands = input.hands;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<number> {
    return listen(this.#server, 0, '127.0.0.1');
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const view of this.#views) view.cut();
    await closeGracefully(this.#server, 0);
  }

  /** Writes that the operator sent so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Whether the operator sees the world as it is. */
  get isPlain(): boolean {
    return this.#mode !== 'Still' && this.#past === undefined;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(incoming);
    if (request.query?.['watch'] === 'true') return this.#watch(request, response);
    const subject = subjectOf(request);
    if (subject !== undefined) return this.#write(request, subject, response);
    // An exact version cannot be read page by page from the present on.
    const past = this.#past === undefined || request.verb !== 'list' ? {} : { resourceVersion: this.#past, resourceVersionMatch: 'Exact' };
    return answer(response, await this.#upstream.send({ ...request, query: { ...request.query, ...past } }, this.#closing.signal));
  }

  async #write(request: ApiRequest, subject: string, response: ServerResponse): Promise<void> {
    this.#writes += 1;
    this.lastWriteMs = Date.now();
    const at = this.#writes;
    const kind = this.#fault?.at === at ? this.#fault.kind : undefined;
    if (kind !== undefined) this.done = `${kind} at write ${at}: ${request.verb} ${subject}`;
    const refusal = kind === undefined ? undefined : REFUSALS[kind];
    if (refusal !== undefined) {
      const { status, reason, retryAfter } = refusal;
      return answer(response, { status, retryAfter, text: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message: `fault: ${reason}` }) });
    }
    if (kind === 'KillBefore') this.#hands.killOperator();
    if (kind === 'KillBefore' || kind === 'Reset') return void response.destroy();
    if (kind === 'Slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    const before = this.#newest;
    if (kind === 'Frozen') this.#stand();
    const result = await this.#upstream.send(request, this.#closing.signal);
    const effect = effectOf(request.method, result.status);
    if (effect !== undefined) this.effects.push({ at, what: subject, effect });
    this.#newest = versionOf(result) ?? this.#newest;
    switch (kind) {
      case 'KillAfter':
      case 'LostAnswer':
        if (kind === 'KillAfter') this.#hands.killOperator();
        return void response.destroy();
      case 'KillThenPast':
        this.#past = before === '0' ? undefined : before;
        this.#stand();
        this.#hands.killOperator();
        return void response.destroy();
      case 'PartialAnswer':
        response.writeHead(result.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(result.text) });
        response.write(result.text.slice(0, result.text.length / 2), () => response.destroy());
        return undefined;
      case 'Gone':
        for (const view of this.#views) view.expire();
        break;
      case 'Compacted':
        await this.#hands.compact();
        for (const view of this.#views) this.#forgetful.add(view.path);
        for (const view of this.#views) view.cut();
        break;
      case 'Duplicated':
      case 'Reordered':
      case 'Lost':
        this.#mode = kind;
        break;
      default:
    }
    return answer(response, result);
  }

  /** Nothing new is seen for a while. */
  #stand(): void {
    this.#mode = 'Still';
    setTimeout(() => {
      this.#mode = 'Plain';
      this.#past = undefined;
      // Whoever listed the past goes on from there.
    }, STILL_MS).unref();
  }

  async #watch(request: ApiRequest, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const query = this.#forgetful.delete(request.path) ? { ...request.query, resourceVersion: '1' } : { ...request.query };
    const { status, chunks } = await this.#upstream.stream({ ...request, query }, AbortSignal.any([gone.signal, this.#closing.signal]));
    if (status === 410) this.goneAnswers += 1;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.flushHeaders();
    const view = new WatchView(response, request.path, () => this.#mode);
    this.#views.add(view);
    const decoder = new TextDecoder();
    try {
      for await (const chunk of chunks) {
        const text = decoder.decode(chunk, { stream: true });
        if (text.includes('"code":410')) this.goneAnswers += 1;
        if (status === 200) view.take(text);
        else response.write(text);
      }
      view.end();
    } catch {
      response.destroy();
    } finally {
      this.#views.delete(view);
    }
  }
}

async function requestOf(incoming: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (chunk instanceof Buffer) chunks.push(chunk);
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://proxy');
  const body = chunks.length === 0 ? undefined : Buffer.concat(chunks).toString('utf8');
  const query = Object.fromEntries(searchParams);
  return { ...methodOf(incoming.method, query), path: pathname, query, contentType: incoming.headers['content-type'], body };
}

function methodOf(method: string | undefined, query: Readonly<Record<string, string>>): Pick<ApiRequest, 'method' | 'verb'> {
  switch (method) {
    case 'POST':
      return { method, verb: 'create' };
    case 'PUT':
      return { method, verb: 'update' };
    case 'PATCH':
      return { method, verb: 'patch' };
    case 'DELETE':
      return { method, verb: 'delete' };
    default:
      return { method: 'GET', verb: 'limit' in query || 'labelSelector' in query ? 'list' : 'get' };
  }
}

function versionOf({ text }: ApiResponse): string | undefined {
  return /"resourceVersion":"(\d+)"/.exec(text)?.[1];
}

function answer(response: ServerResponse, { status, retryAfter, text }: ApiResponse): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) });
  response.end(text);
}
