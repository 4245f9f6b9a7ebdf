import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ChurnModelStatus } from '../../../../contracts/churn-model/status.ts';
import { gateStateOf } from '../../../../operator/observation/gate-state.ts';
import { rolloutStateOf } from '../../../../operator/observation/rollout-state.ts';
import { INITIAL_STATE } from '../../../../operator/rollout/state.ts';
import { instant } from '../../../../operator/status/instant.ts';
import { rolloutRecord } from '../../../../operator/status/rollout-record.ts';
import { deployed, identity, inspecting, latest, NOW_MS, previous, rejected, stable } from '../rollout/builders.ts';
import { statesWith, texts } from './states.ts';

/** As it comes back from the API server. */
function stored(record: unknown): ChurnModelStatus {
  return ChurnModelStatus.parse(JSON.parse(JSON.stringify(record)));
}

describe('progress is written down and read back', () => {
  test('whole', () => {
    fc.assert(fc.property(statesWith(texts(100)), (state) => {
      expect(rolloutStateOf(stored(rolloutRecord(state)))).toEqual(state);
    }));
  });

  test('with long messages cut once, and then never again', () => {
    fc.assert(fc.property(statesWith(texts(1024)), (state) => {
      const first = stored(rolloutRecord(state));
      expect(stored(rolloutRecord(rolloutStateOf(first)))).toEqual(first);
    }), { numRuns: 50 });
  });

  test('nothing is no progress', () => {
    expect(rolloutRecord(INITIAL_STATE)).toEqual({});
    expect(rolloutStateOf({})).toEqual(INITIAL_STATE);
    expect(rolloutStateOf(undefined)).toEqual(INITIAL_STATE);
  });
});

const identityText = (version: string) => {
  const { entityColumn, ...rest } = identity(version);
  return { ...rest, entityColumn: String(entityColumn) };
};

test('what people and kubectl read of it', () => {
  const state = { stable: stable('a', { testAUC: undefined, entityColumn: null }), candidate: deployed('b', { heldSinceMs: NOW_MS }), previous: previous('c'), latest: latest('b', { failed: { failures: 2, code: 'StoreUnreachable', message: 'no answer' } }), policy: undefined, rejected: [rejected('d', { hash: undefined })] };
  const { entityColumn: _, testAUC: __, ...bare } = identity('a');
  expect(rolloutRecord(state)).toEqual({
    stable: { ...bare, startedAt: '2026-11-21T06:00:00.000Z' },
    candidate: {
      ...identityText('b'),
      startedAt: '2026-11-21T06:58:00.000Z',
      deployedAt: '2026-11-21T06:59:00.000Z',
      heldAt: '2026-11-21T07:00:00.000Z',
      weight: 0,
      inspection: { key: 'key-of-b', attempt: 1, verdict: 'Pass', message: 'passed' },
    },
    previous: { ...identityText('c'), replacedAt: '2026-11-21T06:00:00.000Z' },
    latest: { key: 'key-of-latest', version: 'b', checkedAt: '2026-11-21T06:50:00.000Z', nextCheckAt: '2026-11-21T07:50:00.000Z', failures: 2, code: 'StoreUnreachable', message: 'no answer' },
    rejected: [{ version: 'd', key: 'key-of-d', reason: 'OfflineGateFailed', message: 'too weak', at: '2026-11-21T06:00:00.000Z' }],
  });
});

test('a status from before Passes were kept knows of one where the newest look was it', () => {
  const record = { key: 'gate-1', run: 3, nextRunAt: instant(NOW_MS), message: 'AUC 0.86.', finishedAt: instant(NOW_MS) };
  const passedBy = (verdict: 'Pass' | 'Inconclusive', reason: string) => gateStateOf({ ...record, verdict, reason })?.passed;
  expect(passedBy('Pass', 'Proven')).toEqual({ reason: 'Proven', message: 'AUC 0.86.', atMs: NOW_MS, evidence: undefined });
  expect(passedBy('Inconclusive', 'AUCNotProven')).toBeUndefined();
});

describe('what cannot be read is found out again', () => {
  test('a finding whose words are of another version of ours', () => {
    expect(gateStateOf({ key: 'gate-1', run: 1, verdict: 'Pass', reason: 'AWordOfTheNextVersion', message: 'x', finishedAt: instant(NOW_MS) })).toEqual({ key: 'gate-1', run: 1, failures: 0, problem: undefined, finding: undefined, passed: undefined, state: 'Resting', nextRunAtMs: undefined });
  });

  const whole = stored(rolloutRecord({ stable: stable('a'), candidate: inspecting('b'), previous: previous('c'), latest: undefined, policy: undefined, rejected: [rejected('d')] }));
  test.each<{ name: string; status: ChurnModelStatus; expected: unknown }>([
    { name: 'a stable version without a digest', status: { stable: { ...stable('a'), startedAt: instant(NOW_MS), digest: 'abc', entityColumn: undefined } }, expected: INITIAL_STATE },
    { name: 'a candidate that is neither inspected nor under inspection', status: { candidate: { repository: 's3://b/x', requested: 'b', version: 'b', startedAt: instant(NOW_MS) } }, expected: INITIAL_STATE },
    {
      name: 'an instant that is none counts as long ago',
      status: { ...whole, candidate: undefined, previous: undefined, rejected: undefined, stable: { ...stable('a'), entityColumn: 'customerID', startedAt: 'yesterday' } },
      expected: { ...INITIAL_STATE, stable: stable('a', { startedAtMs: 0 }) },
    },
    {
      name: 'a reason of another version of ours',
      status: { rejected: [{ version: 'd', key: 'k', reason: 'GateFailed', message: 'm', at: instant(NOW_MS) }] },
      expected: { ...INITIAL_STATE, rejected: [{ version: 'd', hash: undefined, key: 'k', reason: 'NotReady', message: 'm', atMs: NOW_MS }] },
    },
  ])('$name', ({ status, expected }) => expect(rolloutStateOf(status)).toEqual(expected));
});
