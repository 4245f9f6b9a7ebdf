import type { Dispatcher } from 'undici';

/** How an attempt ended for who waits for it. */
export type AttemptEnd = Readonly<
  | { end: 'Answered'; status: number; body: Buffer; serverTiming: string | readonly string[] | undefined }
  /** `Broken`: what came was no HTTP, or too much of it. */
  | { end: 'Timeout' | 'Unreachable' | 'Broken' }
>;

/** `settled` is called once, as soon as the outcome is known; `finished` once, when nothing of the attempt is left in memory or on the wire. */
export type AttemptListener = Readonly<{ settled: (end: AttemptEnd) => void; finished: (end: AttemptEnd['end'], connected: boolean) => void }>;

/** Codes of undici for answers that are no HTTP, or too long: another pod of the same version would hardly do better. */
const BROKEN = /^UND_ERR_(?:RES|HEADERS_OVERFLOW)/;

const GIVEN_UP = new Error('nobody waits for the answer any more');

/**
 * One request on the wire, as undici tells of it. Whoever waits can give up at any time; a request whose connection is still being made
 * cannot be taken back from undici, and counts as not finished until it is made or fails.
 */
export class HttpAttempt implements Dispatcher.DispatchHandler {
  readonly #listener: AttemptListener;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #serverTiming: string | string[] | undefined;
  #end: AttemptEnd | undefined;

  constructor(listener: AttemptListener) {
    this.#listener = listener;
  }

  giveUp(): void {
    if (this.#end !== undefined) return;
    this.#settle({ end: 'Timeout' });
    this.#controller?.abort(GIVEN_UP);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end !== undefined) controller.abort(GIVEN_UP);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.#status = status;
    this.#serverTiming = headers['server-timing'];
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#finish({ end: 'Answered', status: this.#status, body, serverTiming: this.#serverTiming });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    // The parser's errors mostly have no code.
    this.#finish({ end: error.name === 'HTTPParserError' || BROKEN.test(code) ? 'Broken' : 'Unreachable' });
  }

  #finish(end: AttemptEnd): void {
    const known = this.#end ?? end;
    if (this.#end === undefined) this.#settle(end);
    this.#listener.finished(known.end, this.#controller !== undefined);
  }

  #settle(end: AttemptEnd): void {
    this.#end = end;
    this.#listener.settled(end);
  }
}
