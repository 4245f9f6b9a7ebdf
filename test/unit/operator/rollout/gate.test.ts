import { describe, expect, test } from '@jest/globals';
import type { EvaluationJob } from '../../../../operator/rollout/facts.ts';
import { decideGate, type GateMove } from '../../../../operator/rollout/gate.ts';
import type { GateState } from '../../../../operator/rollout/state.ts';
import { evaluation, finding, GATE, HOUR_MS, identity, MINUTE_MS, NOW_MS } from './builders.ts';

const { hash } = identity('b');
const REPLAY = { ...GATE, labels: 'Replay' as const };
function running(over: Partial<Extract<GateState, { state: 'Running' }>> = {}): GateState {
  return { key: GATE.key, run: 2, failures: 0, problem: undefined, finding: undefined, passed: undefined, state: 'Running', startedAtMs: NOW_MS - MINUTE_MS, ...over };
}
function resting(nextRunAtMs: number | undefined, over: Partial<Extract<GateState, { state: 'Resting' }>> = {}): GateState {
  return { key: GATE.key, run: 2, failures: 0, problem: undefined, finding: finding(), passed: undefined, state: 'Resting', nextRunAtMs, ...over };
}
const ended = (verdict: Parameters<typeof evaluation>[1], over: Parameters<typeof evaluation>[3] = {}): EvaluationJob => ({ state: 'Finished', report: evaluation(hash, verdict, NOW_MS - 1000, over), finishedAtMs: NOW_MS - 1000 });
const pass = finding({ verdict: 'Pass', reason: 'Proven', message: 'AUC 0.86.' });
const passed = { reason: pass.reason, message: pass.message, atMs: pass.atMs, evidence: pass.evidence };
const problem = { code: 'StoreUnreachable', message: 'no answer', atMs: NOW_MS - 1000 };

type Row = Readonly<{ name: string; gate?: GateState; wanted?: typeof GATE; job?: EvaluationJob; isUp?: boolean; expected: Partial<GateMove> }>;

describe('one look of the gate after the other', () => {
  test.each<Row>([
    { name: 'nothing answers yet', isUp: false, expected: { move: 'Wait', gate: undefined } },
    { name: 'both sides answer: the first look', expected: { move: 'Wait', gate: running({ run: 1, startedAtMs: NOW_MS }) } },
    { name: 'the look is being taken', gate: running(), job: { state: 'Running', problem: undefined }, expected: { move: 'Wait', gate: running(), recheckMs: 30_000 } },
    { name: 'its Job is to be made, or was deleted', gate: running(), expected: { move: 'Wait', gate: running() } },
    { name: 'it ended: told, and looked again after the interval', gate: running(), job: ended('Inconclusive'), expected: { move: 'Judged', isNews: true, recheckMs: HOUR_MS } },
    { name: 'the same verdict again is no news', gate: running({ finding: finding() }), job: ended('Inconclusive'), expected: { move: 'Judged', isNews: false } },
    { name: 'another verdict is', gate: running({ finding: finding() }), job: ended('Pass'), expected: { move: 'Judged', isNews: true } },
    { name: 'no look was due: what was found stands', gate: running({ finding: finding() }), job: ended('NotDue'), expected: { move: 'Wait', gate: resting(NOW_MS + HOUR_MS) } },
    { name: 'a gate that looks once has looked', gate: running({ finding: finding() }), job: ended('NotDue', { reason: 'AlreadyLooked' }), expected: { move: 'Wait', gate: resting(undefined) } },
    { name: 'not due yet', gate: resting(NOW_MS + MINUTE_MS), expected: { move: 'Wait', gate: resting(NOW_MS + MINUTE_MS), recheckMs: MINUTE_MS } },
    { name: 'due', gate: resting(NOW_MS), expected: { move: 'Wait', gate: running({ run: 3, finding: finding(), startedAtMs: NOW_MS }) } },
    { name: 'due, but one side has no pod', gate: resting(NOW_MS), isUp: false, expected: { move: 'Wait', gate: resting(NOW_MS) } },
    { name: 'a clock that jumped back makes no longer wait', gate: resting(NOW_MS + 9 * HOUR_MS), expected: { move: 'Wait', gate: running({ run: 3, finding: finding(), startedAtMs: NOW_MS }) } },
    { name: 'another gate asks anew, under another name, whatever was found', gate: resting(undefined, { key: 'another' }), expected: { move: 'Wait', gate: running({ run: 3, startedAtMs: NOW_MS }) } },
    { name: 'another gate while one side has no pod: its runs go on counting, so that the Job of the one before is not its own', gate: resting(undefined, { key: 'another' }), isUp: false, expected: { move: 'Wait', gate: resting(NOW_MS, { finding: undefined }) } },
    { name: 'Replay looks once', gate: running(), wanted: REPLAY, job: ended('Fail'), expected: { move: 'Judged', recheckMs: undefined, isNews: true } },
    { name: 'what it found is lost (a downgrade, a hand): it looks again', gate: resting(undefined, { finding: undefined }), wanted: REPLAY, expected: { move: 'Wait', gate: running({ run: 3, startedAtMs: NOW_MS }) } },
    { name: 'a report that nothing is due where nothing is known: asked again after the interval, not at once', gate: running(), wanted: REPLAY, job: ended('NotDue', { reason: 'AlreadyLooked' }), expected: { move: 'Wait', gate: resting(NOW_MS + HOUR_MS, { finding: undefined }) } },
    { name: 'and not again', gate: resting(undefined), wanted: REPLAY, expected: { move: 'Wait', gate: resting(undefined) } },
    {
      name: 'a look that failed is taken again, and what was found stands',
      gate: running({ finding: finding() }),
      job: ended('Error', { code: 'StoreUnreachable', message: 'no answer' }),
      expected: { move: 'Errored', gate: resting(NOW_MS + 10_000, { failures: 1, problem }), problem, nextRunAtMs: NOW_MS + 10_000, isNews: true, recheckMs: 10_000 },
    },
    { name: 'backing off, told once', gate: running({ failures: 3, problem }), job: ended('Error', { code: 'StoreUnreachable' }), expected: { move: 'Errored', isNews: false, recheckMs: 80_000 } },
    { name: 'Replay too is tried again after an Error', gate: running(), wanted: REPLAY, job: ended('Error', { code: 'ReplayFailed' }), expected: { move: 'Errored', nextRunAtMs: NOW_MS + 10_000 } },
    { name: 'no report is an Error', gate: running(), job: { state: 'Broken', message: 'OOMKilled', finishedAtMs: NOW_MS }, expected: { move: 'Errored', problem: { code: 'EvaluationBroken', message: 'OOMKilled', atMs: NOW_MS } } },
    { name: 'after a look that succeeded the failures are over', gate: running({ failures: 3, problem }), job: ended('Pass'), expected: { move: 'Judged' } },
  ])('$name', ({ gate, wanted = GATE, job = { state: 'Absent' }, isUp = true, expected }) => {
    const move = decideGate({ nowMs: NOW_MS, wanted, gate, hash, job, isUp });
    expect(move).toMatchObject(expected);
    if (move.move === 'Judged') expect(move.gate).toMatchObject({ failures: 0, problem: undefined, state: 'Resting', nextRunAtMs: wanted.labels === 'Replay' ? undefined : NOW_MS + HOUR_MS });
  });

  test.each<{ name: string; gate: GateState; job: EvaluationJob; expected: GateState['passed'] }>([
    { name: 'a Pass is kept', gate: running(), job: ended('Pass', { message: 'AUC 0.87.' }), expected: { reason: 'Proven', message: 'AUC 0.87.', atMs: NOW_MS - 1000, evidence: undefined } },
    { name: 'the first one, through another', gate: running({ finding: pass, passed }), job: ended('Pass'), expected: passed },
    { name: 'through a look that is Inconclusive', gate: running({ finding: pass, passed }), job: ended('Inconclusive'), expected: passed },
    { name: 'through looks that find nothing to look at', gate: running({ finding: pass, passed }), job: ended('NotDue'), expected: passed },
    { name: 'through looks that cannot be taken', gate: running({ finding: pass, passed }), job: ended('Error'), expected: passed },
    { name: 'and through the wait for the next', gate: resting(NOW_MS, { passed }), job: { state: 'Absent' }, expected: passed },
    { name: 'a Fail takes it away', gate: running({ finding: pass, passed }), job: ended('Fail'), expected: undefined },
    { name: 'and so does another gate', gate: resting(undefined, { key: 'another', finding: pass, passed }), job: { state: 'Absent' }, expected: undefined },
  ])('a Pass latches (DESIGN section 4, invariant 5): $name', ({ gate, job, expected }) => {
    expect(decideGate({ nowMs: NOW_MS, wanted: GATE, gate, hash, job, isUp: true }).gate?.passed).toEqual(expected);
  });

  test('a verdict belongs to the candidate that it measured', () => {
    const job: EvaluationJob = { state: 'Finished', report: evaluation(identity('c').hash, 'Pass'), finishedAtMs: NOW_MS };
    expect(decideGate({ nowMs: NOW_MS, wanted: GATE, gate: running(), hash, job, isUp: true })).toMatchObject({ move: 'Errored', problem: { code: 'EvaluationBroken' } });
  });

  test('what the report says is what is remembered', () => {
    const report = evaluation(hash, 'Inconclusive', NOW_MS - 5000, { difference: { value: 0.01, lower: -0.02, upper: 0.04, variance: 0.001 }, missing: { positives: 38, negatives: 2 }, expectedDecisionAt: '2026-12-01T00:00:00Z', report: { path: 's3://churn/x-gate.json', sha256: 'ab'.repeat(32) } });
    const move = decideGate({ nowMs: NOW_MS, wanted: GATE, gate: running(), hash, job: { state: 'Finished', report, finishedAtMs: NOW_MS }, isUp: true });
    expect(move.gate?.finding).toEqual({
      verdict: 'Inconclusive', reason: 'TooFewLabels', message: 'as it is', atMs: NOW_MS - 5000, rows: 60, positives: 12, negatives: 48,
      auc: { value: 0.81, lower: 0.7, upper: 0.9 }, difference: { value: 0.01, lower: -0.02, upper: 0.04 }, missing: { positives: 38, negatives: 2, labels: undefined },
      expectedDecisionAtMs: Date.parse('2026-12-01T00:00:00Z'), evidence: { path: 's3://churn/x-gate.json', sha256: 'ab'.repeat(32) },
    });
  });
});
