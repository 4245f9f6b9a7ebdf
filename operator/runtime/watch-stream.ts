import { z } from 'zod';
import { ApiError, apiErrorOf, statusOf } from './api-error.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** One line of a watch; the object is not parsed yet. */
export type WatchEvent = Readonly<
  { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: unknown } | { type: 'BOOKMARK'; resourceVersion: string }
>;

/** etcd refuses values above 1.5 MiB; managedFields and JSON's escapes stay far below this. */
const longestLineBytes = 16 * 1024 * 1024;

const Line = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: z.unknown() }),
  z.object({ type: z.literal('BOOKMARK'), object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }) }),
  z.object({ type: z.literal('ERROR'), object: z.unknown() }),
]);

/**
 * Opens a watch and yields its events until the server ends it.
 * @param idleMs longest silence: a connection that died without a word is found by it
 * @throws ApiError of the head's status or of an ERROR event; Timeout after a silence; Malformed; Unavailable when the connection breaks
 */
export async function* readWatch(transport: Transport, request: ApiRequest, idleMs: number, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  const what = `WATCH ${request.path}`;
  const idle = new IdleGuard(idleMs, signal);
  try {
    const { status, retryAfter, chunks } = await transport.stream(request, idle.signal);
    if (status !== 200) throw apiErrorOf({ what, status, body: await firstJson(chunks), retryAfter });
    for await (const line of linesOf(idle.over(chunks), what)) yield eventOf(line, what);
  } catch (error) {
    if (!idle.expired) throw error;
    throw new ApiError({ code: 'Timeout', message: `${what}: silent for ${idleMs} ms`, cause: error });
  } finally {
    idle.end();
  }
}

/** Aborts after a silence. It uses the machine's timers, not the injected clock: it guards a real socket. */
class IdleGuard {
  readonly #own = new AbortController();
  readonly #caller: AbortSignal;
  readonly #onAbort = (): void => this.#own.abort(this.#caller.reason);
  readonly #timer: NodeJS.Timeout;
  #expired = false;

  constructor(idleMs: number, caller: AbortSignal) {
    this.#caller = caller;
    if (caller.aborted) this.#onAbort();
    else caller.addEventListener('abort', this.#onAbort, { once: true });
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#own.abort();
    }, idleMs);
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  get expired(): boolean {
    return this.#expired;
  }

  async *over(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#timer.refresh();
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onAbort);
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let pendingLength = 0;
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      const line = [...pending, piece].join('');
      pending = [];
      pendingLength = 0;
      if (line !== '') yield line;
    }
    pending.push(rest);
    pendingLength += rest.length;
    if (pendingLength > longestLineBytes) throw new ApiError({ code: 'Malformed', message: `${what}: a line without end` });
  }
  if (pendingLength > 0) throw new ApiError({ code: 'Unavailable', message: `${what}: the connection ended within an event` });
}

function eventOf(line: string, what: string): WatchEvent {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new ApiError({ code: 'Malformed', message: `${what}: a line is not JSON`, cause });
  }
  const parsed = Line.safeParse(json);
  if (!parsed.success) throw new ApiError({ code: 'Malformed', message: `${what}: a line is not a watch event` });
  const event = parsed.data;
  if (event.type === 'ERROR') throw apiErrorOf({ what, status: statusOf(event.object), body: event.object });
  if (event.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion };
  return event;
}

/** The body of a refusal, as far as it is small and JSON. */
async function firstJson(chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of chunks) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > 65_536) break;
    }
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
