import type { ServerResponse } from 'node:http';
import { BUNDLE_MS } from './fault.ts';

/** How events are handed on. */
export type ViewMode = 'Plain' | 'Still' | 'Duplicated' | 'Reordered' | 'Lost';

type Line = Readonly<{ text: string; uid: string; type: string }>;

/** One watch of the operator: lines of the API server in, lines as a fault makes them out. */
export class WatchView {
  /** Of the collection that is watched. */
  readonly path: string;
  readonly #response: ServerResponse;
  readonly #mode: () => ViewMode;
  #rest = '';
  #held: Line[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, path: string, mode: () => ViewMode) {
    this.path = path;
    this.#response = response;
    this.#mode = mode;
  }

  take(chunk: string): void {
    const pieces = (this.#rest + chunk).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const text of pieces) if (text !== '') this.#line(parse(text));
  }

  /** The API server ended it: what is held comes first. */
  end(): void {
    clearTimeout(this.#timer);
    for (const line of this.#held) this.#write(line);
    this.#held = [];
    this.#response.end();
  }

  /** Ends it with an event of the API server's own. */
  expire(): void {
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410, message: 'too old resource version' };
    clearTimeout(this.#timer);
    this.#held = [];
    this.#response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  }

  cut(): void {
    clearTimeout(this.#timer);
    this.#held = [];
    this.#response.destroy();
  }

  #line(line: Line): void {
    const mode = this.#mode();
    if (mode === 'Plain' && this.#held.length === 0) return this.#write(line);
    if (mode === 'Duplicated') {
      this.#write(line);
      return this.#write(line);
    }
    this.#held.push(line);
    this.#timer ??= setTimeout(() => this.#release(), BUNDLE_MS);
    return undefined;
  }

  #release(): void {
    this.#timer = undefined;
    const mode = this.#mode();
    if (mode === 'Still' || (mode === 'Lost' && this.#held.length > 0 && !this.#isQuiet())) {
      this.#timer = setTimeout(() => this.#release(), BUNDLE_MS);
      return;
    }
    const held = this.#held;
    this.#held = [];
    // A bookmark says that all before it was seen: it keeps its place at the end.
    const events = held.filter(({ type }) => type !== 'BOOKMARK');
    const ordered = mode === 'Reordered' ? events.toReversed() : mode === 'Lost' ? lastOfEach(events) : events;
    for (const line of ordered) this.#write(line);
    for (const line of held.filter(({ type }) => type === 'BOOKMARK')) this.#write(line);
  }

  #seen = 0;

  /** Whether nothing came since the last look: only then the newest state of an object is handed on. */
  #isQuiet(): boolean {
    const quiet = this.#held.length === this.#seen;
    this.#seen = quiet ? 0 : this.#held.length;
    return quiet;
  }

  #write({ text }: Line): void {
    if (!this.#response.destroyed) this.#response.write(`${text}\n`);
  }
}

function lastOfEach(events: readonly Line[]): readonly Line[] {
  return events.filter(({ uid }, index) => !events.slice(index + 1).some((later) => later.uid === uid));
}

function parse(text: string): Line {
  const event = JSON.parse(text);
  return { text, type: String(event.type), uid: String(event.object?.metadata?.uid ?? '') };
}
