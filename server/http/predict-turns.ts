import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { Engine } from '../engine/engine.ts';
import type { RowBatch } from '../engine/row-batch.ts';
import { scoreSpans } from '../engine/slices.ts';
import type { DecodedCall, PredictCall } from './predict-protocol.ts';

/** A request whose rows [from, to) have their scores. */
export type ScoredCall = Readonly<{ call: PredictCall; decoded: DecodedCall; from: number; to: number; unknownColumns: number }>;

/** What a turn needs; `answer` and `fail` write, log and count, `answer` perhaps later. The scores are overwritten in the next turn. */
export type TurnPorts = Readonly<{
  engine: Engine;
  batch: RowBatch;
  maxRowsWaiting: number;
  answer: (scored: ScoredCall, scores: Float64Array) => void;
  fail: (call: PredictCall, thrown: unknown, scored: boolean) => void;
  /** All of the turn have been given to `answer` or `fail`. */
  over: () => void;
}>;

/** Most requests of one turn: keeps p99 down at saturation (reference/serving.md 4.2). */
export const MAX_TURN_CALLS = 64;
/** Most body bytes of one turn (the first request always counts): parsing cannot be sliced. */
export const MAX_TURN_BYTES = 256 * 1024;
/** Most rows of one turn (the first request always counts): 10 ms to 0.16 s of scoring, in slices (limits.ts for the cost of a row). */
export const MAX_TURN_ROWS = 2048;

type Staged = Readonly<{ call: PredictCall; decoded: DecodedCall }>;

/**
 * Answers predict requests in turns of the event loop: everything that arrived is parsed, then all is checked, then all is scored in one
 * go, then all is written. The same work request by request takes 1.8 times the processor time (reference/serving.md 3.3), and a batch
 * costs the engine little more than one row. Turns never overlap, so they share one RowBatch.
 */
export class PredictTurns {
  readonly #ports: TurnPorts;
  #waiting: PredictCall[] = [];
  #rowsWaiting = 0;
  #running = false;
  #scores = new Float64Array(64);

  constructor(ports: TurnPorts) {
    this.#ports = ports;
  }

  /** Takes a request, whose answer comes in one of the next turns; or tells why not, when too many rows wait or are being scored. */
  enqueue(call: PredictCall): ChurnOpsError | undefined {
    const { maxRowsWaiting } = this.#ports;
    if (this.#rowsWaiting > 0 && this.#rowsWaiting + call.rows > maxRowsWaiting) return new ChurnOpsError('Overloaded', `${maxRowsWaiting} rows may wait to be scored.`);
    this.#rowsWaiting += call.rows;
    this.#waiting.push(call);
    if (this.#running) return undefined;
    this.#running = true;
    this.#next();
    return undefined;
  }

  #next(): void {
    setImmediate(() => {
      this.#turn().then(
        () => this.#done(),
        () => this.#done(),
      );
    });
  }

  #done(): void {
    if (this.#waiting.length > 0) this.#next();
    else this.#running = false;
  }

  async #turn(): Promise<void> {
    const taken = this.#take();
    const calls = taken.filter((call) => !call.res.destroyed);
    try {
      const checked = this.#checkAll(this.#parseAll(calls));
      const failures = await this.#scoreAll(checked);
      for (const [index, each] of checked.entries()) {
        const failure = failures[index];
        if (failure === undefined) this.#ports.answer(each, this.#scores);
        else this.#ports.fail(each.call, failure, true);
      }
      this.#ports.over();
    } catch (cause) {
      // A defect of ours: whoever has no answer yet gets one. `fail` does nothing for the others.
      for (const call of calls) this.#ports.fail(call, new ChurnOpsError('Internal', 'The request could not be answered.', { cause }), true);
    } finally {
      this.#ports.batch.clear();
      for (const call of taken) this.#rowsWaiting -= call.rows;
    }
  }

  #take(): readonly PredictCall[] {
    let count = 0;
    let sizeBytes = 0;
    let rows = 0;
    for (const call of this.#waiting) {
      sizeBytes += call.body.length;
      rows += call.rows;
      if (count > 0 && (count >= MAX_TURN_CALLS || sizeBytes > MAX_TURN_BYTES || rows > MAX_TURN_ROWS)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #parseAll(calls: readonly PredictCall[]): readonly Staged[] {
    const staged: Staged[] = [];
    for (const call of calls) {
      try {
        staged.push({ call, decoded: call.protocol.decode(call) });
      } catch (thrown) {
        this.#ports.fail(call, thrown, false);
      }
    }
    return staged;
  }

  #checkAll(staged: readonly Staged[]): readonly ScoredCall[] {
    const checked: ScoredCall[] = [];
    const { batch } = this.#ports;
    for (const { call, decoded } of staged) {
      const from = batch.rows;
      try {
        const unknownColumns = decoded.appendTo(batch);
        checked.push({ call, decoded, from, to: batch.rows, unknownColumns });
      } catch (thrown) {
        this.#ports.fail(call, thrown, false);
      }
    }
    return checked;
  }

  async #scoreAll(checked: readonly ScoredCall[]): Promise<readonly (ChurnOpsError | undefined)[]> {
    const { batch, engine } = this.#ports;
    if (checked.length === 0) return [];
    if (this.#scores.length < batch.rows) this.#scores = new Float64Array(batch.rows * 2);
    return scoreSpans(engine, batch, checked, this.#scores);
  }
}
