import { describe, expect, test } from '@jest/globals';
import type { Move } from '../../../../operator/rollout/decision.ts';
import { eventOf } from '../../../../operator/status/events.ts';
import { NOW_MS } from '../rollout/builders.ts';

const errored: Move & { move: 'InspectionErrored' } = { move: 'InspectionErrored', requested: 'b', attempt: 2, code: 'BucketNotFound', message: 'there is no bucket nowhere.', nextTryAtMs: NOW_MS + 20_000 };

describe('events', () => {
  test.each<{ move: Move; expected: string }>([
    { move: { move: 'InspectionStarted', requested: 'b', attempt: 1 }, expected: 'Normal Inspecting/Inspect: Inspecting b' },
    { move: { move: 'InspectionStarted', requested: 'b', attempt: 3 }, expected: 'Normal Inspecting/Inspect: Inspecting b, try 3' },
    { move: errored, expected: 'Warning BucketNotFound/Inspect: Try 2 for b: BucketNotFound: there is no bucket nowhere. Next try at 2026-11-21T07:00:20Z' },
    { move: { ...errored, code: 'not a word' }, expected: 'Warning InspectionError/Inspect: Try 2 for b: not a word: there is no bucket nowhere. Next try at 2026-11-21T07:00:20Z' },
    { move: { move: 'InspectionPassed', version: 'b', message: 'all is well' }, expected: 'Normal Inspected/Inspect: all is well' },
    { move: { move: 'CandidateAborted', version: 'b' }, expected: 'Normal Aborted/Abort: b is no longer wanted' },
    {
      move: { move: 'CandidateHeld', version: 'b', code: 'CardChanged', message: 'model.json is not the one inspected. The kubelet tries again by itself.' },
      expected: 'Warning CardChanged/Start: Pods of b do not become ready: CardChanged: model.json is not the one inspected. The kubelet tries again by itself.',
    },
    { move: { move: 'CandidateRejected', version: 'b', reason: 'OfflineGateFailed', message: '0.52 < 0.80' }, expected: 'Warning OfflineGateFailed/Reject: b is rejected: 0.52 < 0.80' },
    { move: { move: 'Promoted', version: 'b', from: undefined, wasDown: false }, expected: 'Normal Promoted/Promote: b is ready and answers callers' },
    { move: { move: 'Promoted', version: 'b', from: 'a', wasDown: false }, expected: 'Normal Promoted/Promote: b is ready; callers move from a' },
    { move: { move: 'Promoted', version: 'b', from: 'a', wasDown: true }, expected: 'Normal Promoted/Promote: no pod of a was ready; callers move to b' },
    { move: { move: 'ReturnedToPrevious', version: 'a' }, expected: 'Normal ReturnedToPrevious/RollBack: Going back to a within the rollback window, without gates' },
    { move: { move: 'PreviousDrained', version: 'a' }, expected: 'Normal Drained/ScaleDown: a drained and goes to zero replicas; it can come back within the rollback window' },
    { move: { move: 'PreviousRemoved', version: 'a' }, expected: 'Normal RollbackWindowOver/Remove: a is removed: the rollback window is over' },
  ])('$expected', ({ move, expected }) => {
    const { type, reason, action, note } = eventOf(move);
    expect(`${type} ${reason}/${action}: ${note}`).toBe(expected);
  });

  test('the next try is named however long the cause is', () => {
    const { note } = eventOf({ ...errored, message: '雪'.repeat(1024) });
    expect(note.endsWith('… Next try at 2026-11-21T07:00:20Z')).toBe(true);
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  });
});
