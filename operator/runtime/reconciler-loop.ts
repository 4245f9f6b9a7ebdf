import { randomUUID } from 'node:crypto';
import { isApiError } from './api-error.ts';
import type { Clock, Random } from './clock.ts';
import { refOfKey } from './kube-object.ts';
import { withFields, type Logger } from './logger.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { WorkQueue } from './work-queue.ts';

const defaultDeadlineMs = 120_000;
/** controller-runtime's. */
const defaultGraceMs = 30_000;
/** Keys that were requeued together must not come back together. */
const requeueJitter = 0.1;

/** What follows a reconcile that did not throw. Waiting is a value: without `requeueAfterMs` only a change wakes the key. */
export type ReconcileResult = Readonly<{ requeueAfterMs?: number | undefined }>;

/** What a reconcile gets beside its key. */
export type ReconcileContext = Readonly<{
  /** Aborts at the reconcile's deadline, at the end of the grace period, or when leadership is lost. */
  signal: AbortSignal;
  reconcileID: string;
  /** Tries of this key that failed before this one, without one between them that did not. */
  failures: number;
  /** Carries controller, namespace, name and reconcileID. */
  logger: Logger;
}>;

/** Brings one object nearer to what is wanted. Level-triggered: it gets a key, never an event. Throws to be tried again, backing off. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** Trying again is pointless until the object changes: the key is not requeued. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'Terminal' as const;
  readonly retryable = false as const;
}

/** What a loop needs. */
export type ReconcilerLoopInput = Readonly<{
  /** Value of the label `controller` in metrics and logs. */
  name: string;
  queue: WorkQueue;
  reconcile: Reconcile;
  /** Keys in process at a time; default 1. */
  workers?: number;
  /** Longest reconcile; default 2 min. */
  deadlineMs?: number;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  newID?: () => string;
  /** Further fields of a key's log lines, such as the object's generation. */
  fields?: (key: string) => object;
}>;

/** Runs reconciles for the keys of a queue: controller-runtime's controller without the watches. */
export class ReconcilerLoop {
  readonly #input: ReconcilerLoopInput;
  readonly #labels: Readonly<{ controller: string }>;

  constructor(input: ReconcilerLoopInput) {
    this.#input = input;
    const { metrics, name } = input;
    const labels = { controller: name };
    this.#labels = labels;
    for (const result of ['success', 'error', 'requeue', 'requeue_after']) metrics.reconciles.inc({ ...labels, result }, 0);
    for (const counter of [metrics.reconcileErrors, metrics.terminalErrors, metrics.panics, metrics.timeouts]) counter.inc(labels, 0);
    metrics.activeWorkers.set(labels, 0);
    metrics.maxConcurrent.set(labels, input.workers ?? 1);
  }

  /**
   * Works until `stop` aborts. Then nothing new starts (the state is in the API server, so queued keys lose nothing),
   * running reconciles have `graceMs` to end (default 30 s), and those that have not are aborted. Never rejects.
   * @param input.halt aborts running reconciles at once: leadership was lost
   */
  async run(input: { stop: AbortSignal; halt?: AbortSignal; graceMs?: number }): Promise<void> {
    const { stop, halt, graceMs = defaultGraceMs } = input;
    const { clock, workers = 1 } = this.#input;
    const cut = new AbortController();
    const onHalt = (): void => cut.abort(halt?.reason);
    let cancelGrace: (() => void) | undefined;
    const onStop = (): void => {
      cancelGrace = clock.schedule(graceMs, () => cut.abort(new Error('the grace period is over')));
    };
    const ending = new AbortController();
    const end = (): void => ending.abort();
    for (const signal of [stop, halt]) {
      if (signal?.aborted === true) end();
      signal?.addEventListener('abort', end, { once: true });
    }
    if (halt?.aborted === true) onHalt();
    halt?.addEventListener('abort', onHalt, { once: true });
    stop.addEventListener('abort', onStop, { once: true });
    try {
      await Promise.all(Array.from({ length: workers }, async () => this.#work(ending.signal, cut.signal)));
    } finally {
      cancelGrace?.();
      for (const signal of [stop, halt]) signal?.removeEventListener('abort', end);
      halt?.removeEventListener('abort', onHalt);
      stop.removeEventListener('abort', onStop);
    }
  }

  async #work(ending: AbortSignal, cut: AbortSignal): Promise<void> {
    const { queue } = this.#input;
    while (!ending.aborted) {
      const key = await queue.get(ending);
      if (key === undefined) return;
      try {
        await this.#reconcileOnce(key, cut);
      } finally {
        queue.done(key);
      }
    }
  }

  async #reconcileOnce(key: string, cut: AbortSignal): Promise<void> {
    const { clock, metrics, name, newID = randomUUID, logger, fields } = this.#input;
    const reconcileID = newID();
    const { namespace, name: objectName } = refOfKey(key);
    const log = withFields(logger, { controller: name, namespace, name: objectName, reconcileID, ...fields?.(key) });
    const deadline = new Deadline(this.#input.deadlineMs ?? defaultDeadlineMs, clock, cut);
    const startedMs = clock.nowMs();
    metrics.activeWorkers.inc(this.#labels);
    try {
      const result = await this.#input.reconcile(key, { signal: deadline.signal, reconcileID, failures: this.#input.queue.failures(key), logger: log });
      this.#succeeded(key, result);
    } catch (error) {
      this.#failed(key, error, log, cut.aborted);
    } finally {
      if (deadline.met) metrics.timeouts.inc(this.#labels);
      deadline.end();
      metrics.activeWorkers.dec(this.#labels);
      metrics.reconcileSeconds.observe(this.#labels, (clock.nowMs() - startedMs) / 1000);
    }
  }

  #succeeded(key: string, { requeueAfterMs }: ReconcileResult): void {
    const { queue, metrics, random } = this.#input;
    queue.forget(key);
    if (requeueAfterMs === undefined) {
      metrics.reconciles.inc({ ...this.#labels, result: 'success' });
      return;
    }
    metrics.reconciles.inc({ ...this.#labels, result: 'requeue_after' });
    queue.addAfter(key, requeueAfterMs * (1 + requeueJitter * (2 * random() - 1)));
  }

  #failed(key: string, error: unknown, logger: Logger, cut: boolean): void {
    const { queue, metrics } = this.#input;
    // Somebody wrote first: no failure, but a look that came too early.
    if (isApiError(error, 'Conflict') && !cut) {
      metrics.reconciles.inc({ ...this.#labels, result: 'requeue' });
      queue.addRateLimited(key);
      logger.info({ problem: error.message }, 'the object changed meanwhile, it is looked at again');
      return;
    }
    metrics.reconciles.inc({ ...this.#labels, result: 'error' });
    metrics.reconcileErrors.inc(this.#labels);
    if (isProgrammingError(error)) metrics.panics.inc(this.#labels);
    if (error instanceof TerminalError) {
      metrics.terminalErrors.inc(this.#labels);
      queue.forget(key);
      logger.error({ error }, 'reconcile failed for good, it waits for a change');
      return;
    }
    if (cut) {
      logger.warn({ error }, 'reconcile was cut off by the shutdown');
      return;
    }
    queue.addRateLimited(key);
    logger.error({ error, failures: queue.failures(key) }, 'reconcile failed, it is tried again');
  }
}

/** One reconcile's signal: the loop's end, or its own time limit. */
class Deadline {
  readonly #own = new AbortController();
  readonly #cut: AbortSignal;
  readonly #cancel: () => void;
  readonly #onCut = (): void => this.#own.abort(this.#cut.reason);
  #met = false;

  constructor(limitMs: number, clock: Clock, cut: AbortSignal) {
    this.#cut = cut;
    if (cut.aborted) this.#onCut();
    else cut.addEventListener('abort', this.#onCut, { once: true });
    this.#cancel = clock.schedule(limitMs, () => {
      this.#met = true;
      this.#own.abort(new Error(`the reconcile took longer than ${limitMs} ms`));
    });
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  get met(): boolean {
    return this.#met;
  }

  end(): void {
    this.#cancel();
    this.#cut.removeEventListener('abort', this.#onCut);
  }
}

/** What Go would call a panic: a bug, not the world. */
function isProgrammingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError || !(error instanceof Error);
}
