import { HEADERS } from '../../contracts/names.ts';
import type { CandidateAbsence } from '../../contracts/traffic.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RowOutcome } from '../traffic/candidate-client.ts';
import type { CandidateScore } from '../traffic/candidate-answer.ts';
import type { FollowedPolicy } from '../traffic/followed-policy.ts';
import type { PredictionObserver } from '../prediction/observed-prediction.ts';
import { candidateRows, mergeRows } from '../traffic/sides.ts';
import type { Traffic } from '../traffic/traffic.ts';
import { AnsweredRows } from './answered-rows.ts';
import type { RowsFrame } from './answered-rows.ts';
import type { EncodedAnswer } from './predict-protocol.ts';
import type { ScoredCall } from './predict-turns.ts';

/** What answers are made of. */
export type PredictAnswersOptions = Readonly<{
  frame: RowsFrame;
  traffic: Traffic;
  /** Told of every row; undefined: nobody is. */
  observer: PredictionObserver | undefined;
  logger: Logger;
  /** Writes an answer and counts it; false where the caller is gone. */
  write: (scored: ScoredCall, answer: EncodedAnswer) => boolean;
  /** Counts this pod's own handler time, which ends here. */
  countOwn: (scored: ScoredCall) => void;
  fail: (scored: ScoredCall, thrown: unknown) => void;
}>;

/** A request that was answered, with what has to follow. */
type Answered = Readonly<{
  rows: AnsweredRows;
  /** Bytes of its body. */
  sizeBytes: number;
  atMs: number;
  /** Of each row; one for all of them where nobody was asked. */
  outcomes: readonly RowOutcome[] | CandidateAbsence;
  mirrorBy: FollowedPolicy | undefined;
}>;

/**
 * Turns scores into answers: with this pod's own scores, or with the candidate's where the policy and the customer's side say so. Once
 * answers are written, it has copies sent and rows observed. Without a policy, an observer and an experiment it only encodes.
 */
export class PredictAnswers {
  readonly #options: PredictAnswersOptions;
  #answered: Answered[] = [];
  #complained = false;

  constructor(options: PredictAnswersOptions) {
    this.#options = options;
  }

  /** Answers a request: now, or once the candidate has been asked. */
  answer(scored: ScoredCall, scores: Float64Array): void {
    const { traffic, observer, frame, write, countOwn } = this.#options;
    const { call, decoded, from, to } = scored;
    const { followed } = traffic;
    // A row that another pod sends is that pod's to observe, and is sent to nobody else.
    if (call.caller.hop !== undefined || (followed === undefined && observer === undefined && frame.experiment === undefined)) {
      write(scored, decoded.encode(scores, from, to));
      countOwn(scored);
      return;
    }
    const ids = Array.from({ length: to - from }, () => frame.nextId());
    const rows = new AnsweredRows(frame, { requestId: call.caller.requestId, decoded, own: scores.slice(from, to), ids });
    const isCanary = followed?.policy.mode === 'Canary';
    if (isCanary && this.#split(scored, rows, followed)) return;
    const isWritten = write(scored, frame.experiment === undefined ? decoded.encode(scores, from, to, ids) : decoded.encodeEach(rows.predictions()));
    countOwn(scored);
    if (isCanary) traffic.metrics.countCanaryRows('stable', rows.count);
    if (!isWritten) return;
    const mirrorBy = followed?.choosesToMirror() === true ? followed : undefined;
    this.#answered.push({ rows, sizeBytes: call.body.length, atMs: Date.now(), outcomes: absenceIn(followed), mirrorBy });
  }

  /** Has copies sent and rows observed of what was answered since: for the end of a turn, when its answers are written. */
  afterTurn(): void {
    if (this.#answered.length === 0) return;
    const answered = this.#answered;
    this.#answered = [];
    for (const each of answered) {
      if (each.mirrorBy === undefined) this.#observe(each, each.outcomes);
      else this.#mirror(each, each.mirrorBy);
    }
  }

  /**
   * Canary: has the candidate asked for the rows of its side; false, and nothing is done, where there are none. The other rows of the
   * request wait with them, since they are one answer.
   */
  #split(scored: ScoredCall, rows: AnsweredRows, followed: FollowedPolicy): boolean {
    const { requestId } = rows;
    const chosen = candidateRows({ rows: rows.count, entityOf: (row) => rows.entityOf(row), requestId }, followed.policy);
    if (chosen.length === 0) return false;
    this.#options.countOwn(scored);
    const finish = (outcomes: readonly RowOutcome[]): void => this.#answerSplit(scored, rows, { followed, outcomes: mergeRows<CandidateScore>(rows.count, chosen, outcomes) });
    const asked = followed.forwarder.forward({ requestId, rowAt: (row) => rows.rowAt(row), rows: chosen });
    if (typeof asked === 'string') finish(chosen.map(() => asked));
    else this.#later(asked, finish).catch((thrown: unknown) => this.#options.fail(scored, thrown));
    return true;
  }

  async #later(asked: Promise<readonly RowOutcome[]>, finish: (outcomes: readonly RowOutcome[]) => void): Promise<void> {
    finish(await asked);
    // This request is in no turn any more.
    this.afterTurn();
  }

  #answerSplit(scored: ScoredCall, rows: AnsweredRows, { followed, outcomes }: Readonly<{ followed: FollowedPolicy; outcomes: readonly RowOutcome[] }>): void {
    const { traffic, write } = this.#options;
    rows.answerWith(outcomes);
    const roles = rows.roles();
    const { body, headers } = scored.decoded.encodeEach(rows.predictions());
    const named = roles.map(({ role }) => role).join(', ');
    const isWritten = write(scored, { body, headers: { ...headers, [HEADERS.role]: named } });
    for (const { role, count } of roles) {
      traffic.metrics.countCanaryRows(role, count);
      if (role === 'fallback') followed.tally.fellBack(count);
    }
    if (isWritten) this.#answered.push({ rows, sizeBytes: scored.call.body.length, atMs: Date.now(), outcomes, mirrorBy: undefined });
  }

  #mirror(answered: Answered, followed: FollowedPolicy): void {
    const { rows, sizeBytes } = answered;
    const isTaken = followed.mirror.offer({
      requestId: rows.requestId,
      rows: rows.count,
      sizeBytes,
      bodies: () => rows.copy(),
      settled: (outcomes) => this.#observe(answered, outcomes),
    });
    if (isTaken) return;
    followed.dropped();
    this.#observe(answered, 'QueueFull');
  }

  #observe({ rows, atMs }: Answered, outcomes: readonly RowOutcome[] | CandidateAbsence): void {
    const { observer, logger } = this.#options;
    if (observer === undefined) return;
    try {
      for (let row = 0; row < rows.count; row += 1) observer.observe(rows.observed(row, atMs, typeof outcomes === 'string' ? outcomes : (outcomes[row] ?? 'InvalidAnswer')));
    } catch (error) {
      // Whoever observes must not stand between callers and their answers.
      if (!this.#complained) logger.error({ error }, 'a prediction could not be observed; this is told once');
      this.#complained = true;
    }
  }
}

/** Why rows that nobody was asked about have no score of the candidate's. */
function absenceIn(followed: FollowedPolicy | undefined): CandidateAbsence {
  if (followed === undefined) return 'NoRollout';
  return followed.policy.mode === 'Canary' ? 'StableSide' : 'NotSampled';
}
