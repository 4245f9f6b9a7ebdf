/** Callers in a process of their own: takes a GeneratorCommand, answers a GeneratorReport. */
import { Pool, type Dispatcher } from 'undici';
import { seededRandom } from '../../test/e2e/seeded-random.ts';
import { quantile } from '../../test/e2e/load/tally.ts';
import { arrivals } from './arrivals.ts';
import { GeneratorCommand, type GeneratorReport } from './protocol.ts';

/** Who gets no answer within this has none. */
const TIMEOUT_MS = 10_000;
const OK = 200;

type Ended = (status: number, failure: string | undefined) => void;

/** One call, read to its end. */
class Call implements Dispatcher.DispatchHandler {
  readonly #ended: Ended;
  #status = 0;

  constructor(ended: Ended) {
    this.#ended = ended;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#ended(this.#status, this.#status === OK ? undefined : `HTTP ${this.#status}`);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#ended(0, error.message);
  }
}

/** Times and failures of a run. */
class Tally {
  readonly #tookMs: number[] = [];
  readonly #lateMs: number[] = [];
  readonly #startedMs = performance.now();
  sent = 0;
  #failed = 0;
  #firstFailure: string | undefined;

  late(ms: number): void {
    this.#lateMs.push(ms);
  }

  ended(tookMs: number, failure: string | undefined, timed: boolean): void {
    if (failure !== undefined) {
      this.#failed += 1;
      this.#firstFailure ??= failure;
    } else if (timed) this.#tookMs.push(tookMs);
  }

  report(): GeneratorReport {
    const [took, late] = [this.#tookMs, this.#lateMs].map((values) => values.toSorted((a, b) => a - b));
    if (took === undefined || late === undefined) throw new Error('two lists were sorted');
    return {
      calls: took.length,
      sent: this.sent,
      failed: this.#failed,
      ...(this.#firstFailure === undefined ? {} : { firstFailure: this.#firstFailure }),
      p50Ms: quantile(took, 0.5),
      p99Ms: quantile(took, 0.99),
      maxMs: took.at(-1) ?? 0,
      lateP99Ms: quantile(late, 0.99),
      tookMs: performance.now() - this.#startedMs,
    };
  }
}

let bodies: readonly string[] = [];
/** Goes on from slice to slice, so that each has other customers. */
let turn = 0;

function nextBody(): string {
  turn += 1;
  return bodies[turn % bodies.length] ?? '';
}

async function run(url: string, connections: number, calls: (send: (ended: Ended) => void, tally: Tally) => Promise<void>): Promise<GeneratorReport> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const tally = new Tally();
  const send = (ended: Ended): void => {
    tally.sent += 1;
    pool.dispatch({ path: pathname, method: 'POST', headers: ['content-type', 'application/json'], body: nextBody() }, new Call(ended));
  };
  try {
    await calls(send, tally);
    return tally.report();
  } finally {
    await pool.destroy();
  }
}

async function saturate({ url, connections, durationMs }: Extract<GeneratorCommand, { command: 'Saturate' }>): Promise<GeneratorReport> {
  return run(url, connections, async (send, tally) => {
    const endMs = performance.now() + durationMs;
    const lane = async (): Promise<void> => {
      while (performance.now() < endMs) {
        const sentMs = performance.now();
        const failure = await new Promise<string | undefined>((resolve) => send((_status, why) => resolve(why)));
        tally.ended(performance.now() - sentMs, failure, true);
        // A server that is not there would be asked a million times a second.
        if (failure !== undefined) return;
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
  });
}

async function pace({ url, connections, warmUpCalls, calls, ratePerSecond, seed }: Extract<GeneratorCommand, { command: 'Pace' }>): Promise<GeneratorReport> {
  const all = warmUpCalls + calls;
  const dueMs = arrivals(all, (all * 1000) / ratePerSecond, seededRandom(seed));
  return run(url, connections, async (send, tally) => {
    const startMs = performance.now();
    let next = 0;
    let ended = 0;
    await new Promise<void>((resolve) => {
      const sendDue = (): void => {
        for (; next < all; next += 1) {
          const sentMs = performance.now();
          const lateMs = sentMs - startMs - (dueMs[next] ?? 0);
          if (lateMs < 0) break;
          const timed = next >= warmUpCalls;
          if (timed) tally.late(lateMs);
          send((_status, failure) => {
            tally.ended(performance.now() - sentMs, failure, timed);
            ended += 1;
            if (ended === all) resolve();
          });
        }
        // A millisecond is the finest that timers have; what came due meanwhile is sent together, as callers do by chance, too.
        if (next < all) setTimeout(sendDue, 1);
      };
      sendDue();
    });
  });
}

async function obey(command: GeneratorCommand): Promise<GeneratorReport | undefined> {
  switch (command.command) {
    case 'Bodies':
      ({ bodies } = command);
      return undefined;
    case 'Saturate':
      return saturate(command);
    case 'Pace':
      return pace(command);
  }
}

process.on('message', (message: unknown) => {
  obey(GeneratorCommand.parse(message)).then(
    (report) => process.send?.(report ?? 'noted'),
    (thrown: unknown) => process.send?.({ error: String(thrown) }),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
