import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { InspectionReport } from '../../../../contracts/reports.ts';
import type { InspectionJob } from '../../../../operator/rollout/facts.ts';
import { decideInspection, retryDelayMs, type InspectionMove } from '../../../../operator/rollout/inspection.ts';
import type { InspectionProblem, InspectionState } from '../../../../operator/rollout/state.ts';
import { finished, HOUR_MS, identity, NOW_MS, report, REPOSITORY } from './builders.ts';

describe('wait before the next try', () => {
  test.each<{ attempt: number; seconds: number }>([
    { attempt: 1, seconds: 10 },
    { attempt: 2, seconds: 20 },
    { attempt: 3, seconds: 40 },
    { attempt: 5, seconds: 160 },
    { attempt: 6, seconds: 300 },
    { attempt: 1000, seconds: 300 },
    { attempt: 2 ** 31 - 1, seconds: 300 },
  ])('after try $attempt: $seconds s', ({ attempt, seconds }) => expect(retryDelayMs(attempt)).toBe(seconds * 1000));
});

const running: InspectionState = { key: 'k', attempt: 3, state: 'Running', last: undefined };
const problem: InspectionProblem = { code: 'StoreUnreachable', message: 'no answer', atMs: NOW_MS - 5000, report: undefined };
const waiting = (nextTryAtMs: number): InspectionState => ({ key: 'k', attempt: 3, state: 'Error', problem, nextTryAtMs });

function decide(inspection: InspectionState, job: InspectionJob): InspectionMove {
  return decideInspection({ nowMs: NOW_MS, repository: REPOSITORY, requested: 'a', inspection, job });
}

function errored(code: string, message: string, atMs: number, path: string | undefined): InspectionMove {
  return { move: 'Errored', inspection: { key: 'k', attempt: 3, state: 'Error', problem: { code, message, atMs, report: path }, nextTryAtMs: NOW_MS + 40_000 } };
}

const retry: InspectionMove = { move: 'Retry', inspection: { key: 'k', attempt: 4, state: 'Running', last: problem } };

describe('a finished wait or an unfinished one', () => {
  test.each<{ name: string; nextTryAtMs: number; expected: InspectionMove }>([
    { name: 'time is left', nextTryAtMs: NOW_MS + 1, expected: { move: 'Wait', inspection: waiting(NOW_MS + 1), recheckMs: 1 } },
    { name: 'the longest wait there is', nextTryAtMs: NOW_MS + 300_000, expected: { move: 'Wait', inspection: waiting(NOW_MS + 300_000), recheckMs: 300_000 } },
    { name: 'due now', nextTryAtMs: NOW_MS, expected: retry },
    { name: 'overdue after a restart of the operator', nextTryAtMs: NOW_MS - HOUR_MS, expected: retry },
    { name: 'the clock jumped back: no wait is longer than five minutes', nextTryAtMs: NOW_MS + 300_001, expected: retry },
    { name: 'an instant that could not be read', nextTryAtMs: 0, expected: retry },
  ])('$name', ({ nextTryAtMs, expected }) => expect(decide(waiting(nextTryAtMs), { state: 'Absent' })).toEqual(expected));

  test('a Job of the failed try does not shorten the wait', () => {
    expect(decide(waiting(NOW_MS + 1), finished(report('a')))).toEqual({ move: 'Wait', inspection: waiting(NOW_MS + 1), recheckMs: 1 });
  });
});

describe('what a Job says', () => {
  const path = 'evaluations/telco-churn/inspection.json';
  test.each<{ name: string; job: InspectionJob; expected: InspectionMove }>([
    { name: 'not created yet', job: { state: 'Absent' }, expected: { move: 'Wait', inspection: running, recheckMs: undefined } },
    { name: 'running', job: { state: 'Running', problem: undefined }, expected: { move: 'Wait', inspection: running, recheckMs: 30_000 } },
    { name: 'ended without a report', job: { state: 'Broken', message: 'OOMKilled', finishedAtMs: 7 }, expected: errored('InspectionBroken', 'OOMKilled', 7, undefined) },
    {
      name: 'an error with a code of the catalogue',
      job: finished(report('a', { verdict: 'Error', reason: 'PackageError', code: 'DigestMismatch', message: 'model.onnx differs' })),
      expected: errored('DigestMismatch', 'model.onnx differs', NOW_MS - 1000, path),
    },
    { name: 'an error without a code', job: finished(report('a', { verdict: 'Error', reason: 'PackageError', message: 'hm', report: null })), expected: errored('PackageError', 'hm', NOW_MS - 1000, undefined) },
    {
      name: 'too weak',
      job: finished(report('a', { verdict: 'Fail', reason: 'OfflineGateFailed', message: '0.52 < 0.80' })),
      expected: { move: 'Fail', reason: 'OfflineGateFailed', message: '0.52 < 0.80', version: 'a', hash: identity('a').hash },
    },
    {
      name: 'a new required column',
      job: finished(report('a', { verdict: 'Fail', reason: 'SchemaIncompatible', message: 'column x is new' })),
      expected: { move: 'Fail', reason: 'SchemaIncompatible', message: 'column x is new', version: 'a', hash: identity('a').hash },
    },
    {
      name: 'a failure that knows neither version nor hash',
      job: finished(report('a', { verdict: 'Fail', reason: 'OfflineGateFailed', message: 'm', version: undefined, candidateHash: undefined })),
      expected: { move: 'Fail', reason: 'OfflineGateFailed', message: 'm', version: 'a', hash: undefined },
    },
    { name: 'passed', job: finished(report('a')), expected: { move: 'Pass', identity: identity('a'), message: 'all is well', report: path } },
    {
      name: 'passed, and latest resolved',
      job: finished(report('b', { entityColumn: null, testAUC: undefined, report: null })),
      expected: { move: 'Pass', identity: { ...identity('b'), requested: 'a', entityColumn: null, testAUC: undefined }, message: 'all is well', report: undefined },
    },
  ])('$name', ({ job, expected }) => expect(decide(running, job)).toEqual(expected));

  test.each<{ name: string; lacking: Partial<InspectionReport> }>([
    { name: 'version', lacking: { version: undefined } },
    { name: 'digest', lacking: { packageDigest: undefined } },
    { name: 'hash', lacking: { candidateHash: undefined } },
    { name: 'digest of another form', lacking: { packageDigest: 'abc' } },
  ])('a pass without $name is an error, never a pass', ({ lacking }) => {
    expect(decide(running, finished(report('a', lacking)))).toEqual(errored('InspectionBroken', 'the report passes but names no version, digest or hash', NOW_MS - 1000, path));
  });
});

test('only a report that passes lets a version through', () => {
  const verdicts = fc.constantFrom('Pass' as const, 'Fail' as const, 'Error' as const);
  fc.assert(fc.property(verdicts, fc.boolean(), fc.integer({ min: 1, max: 100 }), (verdict, isWaiting, attempt) => {
    const inspection = { ...(isWaiting ? waiting(NOW_MS + 1) : running), attempt };
    const { move } = decide(inspection, finished(report('a', { verdict })));
    return move !== 'Pass' || (verdict === 'Pass' && !isWaiting);
  }));
});
