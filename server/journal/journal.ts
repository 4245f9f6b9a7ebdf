import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Logger } from '../../platform/logging/logger.ts';
import { retry } from '../../platform/retry/retry.ts';
import { idFraction } from '../prediction-id/prediction-ids.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { RecordWriter } from './record-writer.ts';
import type { ObservedPrediction } from '../prediction/observed-prediction.ts';
import type { SegmentDisk } from './segment-disk.ts';
import { segmentKey } from './segment-name.ts';
import type { SegmentName } from './segment-name.ts';
import { Segments } from './segments.ts';
import type { JournalEvents } from './segments.ts';
import { shipDelayMs } from './ship-delay.ts';
import type { StoreWriter } from './store-writer.ts';
import { drawWriter } from './writer-lot.ts';

/** How much the journal takes, and how often it writes. */
export type JournalLimits = Readonly<{
  /** Each of two buffers: a turn of 2,048 rows has some 1.5 MB. */
  bufferBytes: number;
  /** Lines are written once there are as many, */
  flushBytes: number;
  /** or once one waits for as long: what a killed container loses. */
  flushMs: number;
  /** A segment is closed once it has as many. */
  segmentBytes: number;
  /** All segments on the disk together; the oldest go. */
  totalBytes: number;
}>;

export const JOURNAL_LIMITS: JournalLimits = { bufferBytes: 4 << 20, flushBytes: 256 << 10, flushMs: 250, segmentBytes: 4 << 20, totalBytes: 256 << 20 };

/** Runs a task after a time, unless it is cancelled; keeps no process alive. */
export type Schedule = (ms: number, task: () => void) => () => void;

/** What a journal is made of. */
export type JournalOptions = Readonly<{
  records: Pick<RecordWriter, 'line'>;
  /** Share of predictions that is kept, 0..100; the same prediction is kept or not wherever it is asked. */
  samplePercent: number;
  disk: SegmentDisk;
  store: Pick<StoreWriter, 'put'>;
  /** Of the model's predictions in the store. */
  prefix: string;
  pod: string;
  events: JournalEvents & Readonly<{ shipFailed: (thrown: unknown) => void }>;
  logger: Logger;
  limits?: JournalLimits;
  schedule?: Schedule;
  /** Milliseconds of a clock that does not jump. */
  nowMs?: () => number;
  random?: () => number;
}>;

/** What could not be shipped before the process had to end. It is on the volume, for the next container of the pod. */
export type Left = Readonly<{ segments: number; sizeBytes: number }>;

const compressed = promisify(gzip);

/** A store that is back for a moment before the pod goes must be met. */
const CLOSING_RETRY = { totalMs: Number.POSITIVE_INFINITY, baseMs: 250, maxMs: 2000, isTransient: () => true } as const;

/**
 * Journal of a pod (DESIGN section 3.3): rows go to a buffer, from there in batches to segments on the pod's volume, and from there to the
 * store. Whoever is scored never waits for any of it. Delivered at least once.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #limits: JournalLimits;
  readonly #schedule: Schedule;
  readonly #buffer: RecordBuffer;
  readonly #segments: Segments;
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;
  #cancelFlush: (() => void) | undefined;
  #cancelShip: (() => void) | undefined;
  #round: Promise<void> | undefined;
  #failures = 0;
  #sealing = false;
  #closed = false;
  #defectTold = false;

  private constructor(options: JournalOptions, segments: Segments) {
    this.#options = options;
    this.#limits = options.limits ?? JOURNAL_LIMITS;
    this.#schedule = options.schedule ?? later;
    this.#buffer = new RecordBuffer(this.#limits.bufferBytes);
    this.#segments = segments;
  }

  /**
   * Opens the folder; what an earlier container left there is shipped first, at once.
   * @throws the error of the file system where the folder cannot be used
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const segments = await Segments.open(options.disk, options.limits ?? JOURNAL_LIMITS, options.events, drawWriter());
    const journal = new Journal(options, segments);
    const { waiting } = journal;
    if (waiting.segments > 0) options.logger.warn({ ...waiting }, 'an earlier container of this pod left segments; shipping them');
    journal.#shipIn(waiting.segments > 0 ? 0 : shipDelayMs(0, options.random ?? Math.random));
    return journal;
  }

  /** Segments on the disk, and their bytes. */
  get waiting(): Left {
    return this.#segments.waiting;
  }

  /** Takes a row that was scored and answered. Never throws, never waits; what finds no room is counted. */
  observe(row: ObservedPrediction): void {
    const { samplePercent, events, records } = this.#options;
    try {
      if (samplePercent < 100 && idFraction(row.predictionId) * 100 >= samplePercent) return;
      if (this.#closed) return events.dropped('Closed', 1);
      if (!this.#buffer.append(records.line(row), row.atMs)) events.dropped('BufferFull', 1);
      if (this.#buffer.sizeBytes >= this.#limits.flushBytes) this.#flush();
      else this.#cancelFlush ??= this.#schedule(this.#limits.flushMs, () => this.#flush());
    } catch (error) {
      events.dropped('Defect', 1);
      if (!this.#defectTold) this.#options.logger.error({ error }, 'a prediction could not be journaled; further ones are only counted');
      this.#defectTold = true;
    }
  }

  /** Begins to ship now what would be shipped later: the pod is about to go. */
  hasten(): void {
    if (this.#closed || this.#round !== undefined) return;
    this.#cancelShip?.();
    this.#round = this.#shipRound();
  }

  /** Writes and ships all there is now. @throws what the store threw, or the signal's reason */
  async ship(signal: AbortSignal): Promise<void> {
    await this.#seal();
    await this.#segments.ship((segment, lines) => this.#send(segment, lines, signal));
  }

  /**
   * Takes no more rows, writes what waits and ships until the store has it all or the signal fires.
   * @returns what is left on the volume
   */
  async close(signal: AbortSignal): Promise<Left> {
    this.#closed = true;
    this.#cancelShip?.();
    const onAbort = (): void => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await this.#round;
      // Also where there is no time left to ship: what is on the volume is not lost.
      await this.#seal();
      await retry(() => this.ship(signal), { ...CLOSING_RETRY, signal, onRetry: (error) => this.#options.logger.warn({ error }, 'segments could not be shipped yet') });
    } catch (error) {
      this.#options.logger.error({ error, ...this.waiting }, 'segments stay on the volume of the pod');
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return this.waiting;
  }

  /** Writes what waits now, and closes the segment behind it. Ends however many rows come meanwhile: they are the next one's. */
  async #seal(): Promise<void> {
    await this.#writing;
    this.#flush();
    if (this.#writing === undefined) return this.#segments.close();
    // Closed by the write itself, when it ends: whoever waits for it comes a moment later, when another one may have begun.
    this.#sealing = true;
    await this.#writing;
  }

  /** Begins to write what waits, unless that is under way: then its end begins the next. */
  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#writing !== undefined) return;
    const spans = this.#buffer.take();
    if (spans.length === 0) return;
    this.#writing = this.#write(spans);
  }

  async #write(spans: ReturnType<RecordBuffer['take']>): Promise<void> {
    try {
      for (const span of spans) await this.#segments.append(span);
    } catch (error) {
      this.#options.events.dropped('Defect', spans.reduce((sum, { rows }) => sum + rows, 0));
      this.#options.logger.error({ error }, 'a batch of predictions could not be written');
    }
    if (this.#sealing) this.#segments.close();
    this.#sealing = false;
    this.#buffer.release();
    this.#writing = undefined;
    if (this.#buffer.sizeBytes >= this.#limits.flushBytes) this.#flush();
    else if (this.#buffer.sizeBytes > 0) this.#cancelFlush ??= this.#schedule(this.#limits.flushMs, () => this.#flush());
  }

  async #send(segment: SegmentName, lines: Buffer, signal: AbortSignal): Promise<void> {
    await this.#options.store.put(segmentKey(this.#options.prefix, this.#options.pod, segment), await compressed(lines), signal);
  }

  #shipIn(ms: number): void {
    this.#cancelShip = this.#schedule(ms, () => {
      this.#round ??= this.#shipRound();
    });
  }

  async #shipRound(): Promise<void> {
    const { events, logger, random = Math.random, nowMs = () => performance.now() } = this.#options;
    const beganMs = nowMs();
    try {
      await this.ship(this.#stop.signal);
      if (this.#failures > 0) logger.info({ failures: this.#failures }, 'the store takes segments again');
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      events.shipFailed(error);
      if (!this.#closed) logger.warn({ error, failures: this.#failures, ...this.waiting }, 'segments could not be shipped; they wait on the volume');
    }
    this.#round = undefined;
    if (this.#closed) return;
    const delayMs = shipDelayMs(this.#failures, random);
    // From beginning to beginning: the first row after a round must not wait for the length of the round, too.
    this.#shipIn(this.#failures === 0 ? Math.max(0, delayMs - (nowMs() - beganMs)) : delayMs);
  }
}

/** The {@link Schedule} of the process. */
export function later(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms).unref();
  return () => clearTimeout(timer);
}
