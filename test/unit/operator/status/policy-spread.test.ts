import { expect, test } from '@jest/globals';
import type { ChurnModelStatus } from '../../../../contracts/churn-model/status.ts';
import type { StablePod } from '../../../../operator/observation/asked-pods.ts';
import type { PolicyRecord } from '../../../../operator/rollout/state.ts';
import { spreadOf } from '../../../../operator/status/policy-spread.ts';
import { SPREADS_WITHIN_MS, type PodTraffic, type TrafficView } from '../../../../operator/traffic/traffic-view.ts';
import { identity, MINUTE_MS, NOW_MS, TRAFFIC } from '../rollout/builders.ts';

const REVISION = 7;
const policy = (writtenAtMs: number): PolicyRecord => ({
  revision: REVISION,
  writtenAtMs,
  terms: { mode: 'Shadow', percent: 100, stableHash: identity('a').hash, candidateHash: identity('b').hash, candidateVersion: 'b', candidateAddress: TRAFFIC.candidateAddress, maxErrorPercent: 1 },
});
const pod = (name: string, bornMs = NOW_MS - 60 * MINUTE_MS): StablePod => ({ name, uid: name, address: '10.0.0.1', bornMs });
const follows = (uid: string): PodTraffic => ({ uid, revision: REVISION, problem: undefined, laggingSinceMs: undefined, hasFollowed: true });
const lags = (uid: string, sinceMs: number, problem = 'it follows revision 6'): PodTraffic => ({ uid, revision: 6, problem, laggingSinceMs: sinceMs, hasFollowed: false });
/** One that followed, and whose container starts again. */
const lagsAgain = (uid: string, sinceMs: number): PodTraffic => ({ ...lags(uid, sinceMs), hasFollowed: true });
const counters = { own: { requests: 10, errors: 0 }, candidate: { requests: 9, errors: 1, fallbacks: 0, dropped: 2 } };
const view = (...pods: readonly PodTraffic[]): TrafficView => ({ revision: REVISION, atMs: NOW_MS, pods: new Map(pods.map((each) => [each.uid, each])), counters });
const long = NOW_MS - SPREADS_WITHIN_MS;
const later = NOW_MS - MINUTE_MS;

const known: ChurnModelStatus = {
  traffic: { revision: REVISION, writtenAt: '2026-11-21T06:00:00.000Z', pods: { asked: 2, following: 2 } },
  conditions: [{ type: 'PolicySpread', status: 'True', reason: 'AllFollow', message: '2 pods of stable follow revision 7', observedGeneration: 1, lastTransitionTime: '2026-11-21T06:00:00.000Z' }],
};

const knownLag: ChurnModelStatus = {
  traffic: { revision: REVISION, writtenAt: '2026-11-21T06:00:00.000Z', pods: { asked: 2, following: 1 } },
  conditions: [{ type: 'PolicySpread', status: 'False', reason: 'PodsLag', message: 'told before', observedGeneration: 1, lastTransitionTime: '2026-11-21T06:00:00.000Z' }],
};

type Row = Readonly<{ name: string; record?: PolicyRecord; pods?: readonly StablePod[]; seen?: TrafficView; stored?: ChurnModelStatus; condition: string | undefined; following?: readonly [number, number]; recheckMs?: number }>;

test.each<Row>([
  { name: 'no policy, nothing to say', record: { revision: REVISION, writtenAtMs: NOW_MS, terms: undefined }, condition: undefined },
  { name: 'just written', record: policy(NOW_MS), condition: 'Unknown Spreading: 2 of 2 pods of stable do not follow revision 7 yet', recheckMs: SPREADS_WITHIN_MS },
  { name: 'some follow', record: policy(NOW_MS - 1000), seen: view(follows('p1'), lags('p2', NOW_MS - 500)), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS - 500 },
  { name: 'all follow', seen: view(follows('p1'), follows('p2')), condition: 'True AllFollow: 2 pods of stable follow revision 7', following: [2, 2] },
  { name: 'one does not, for two minutes: named, with its own word', seen: view(follows('p1'), lags('p2', long, 'RevisionReused')), condition: 'False PodsLag: 1 of 2 pods of stable do not follow revision 7: p2 (RevisionReused)', following: [2, 1] },
  { name: 'one that followed, and whose container begins again, has its time anew', seen: view(follows('p1'), lagsAgain('p2', NOW_MS - 1000)), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS - 1000 },
  { name: 'a pod that is ready again, and was not asked yet, has its time, too', seen: view(follows('p1')), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS },
  { name: 'one that lags for long is not hidden by one that lags for a second, and is named first', seen: view(lagsAgain('p1', NOW_MS - 1000), lags('p2', long)), condition: 'False PodsLag: 2 of 2 pods of stable do not follow revision 7: p2 (it follows revision 6), p1 (it follows revision 6)', following: [2, 0] },
  { name: 'a clock that jumped back makes no longer wait than ours', seen: view(lags('p1', NOW_MS + 60 * MINUTE_MS), follows('p2')), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS },
  { name: 'a pod that was born since does not count', pods: [pod('p1'), pod('p2'), pod('p3', NOW_MS)], seen: view(follows('p1'), follows('p2'), lags('p3', long)), condition: 'True AllFollow: 2 pods of stable follow revision 7', following: [2, 2] },
  { name: 'after a roll in place those that are there now speak for it', pods: [pod('p3', later), pod('p4', later)], seen: view(follows('p3'), follows('p4')), condition: 'True AllFollow: 2 pods of stable follow revision 7', following: [2, 2] },
  { name: 'and have their time', pods: [pod('p3', later), pod('p4', later)], seen: view(follows('p3'), lags('p4', long)), condition: 'False PodsLag: 1 of 2 pods of stable do not follow revision 7: p4 (it follows revision 6)', following: [2, 1] },
  { name: 'nobody is there', pods: [], condition: 'Unknown NobodyToFollow: no pod of stable is ready' },
  { name: 'an operator that has only just begun says what was known', stored: known, condition: 'True AllFollow: 2 pods of stable follow revision 7', following: [2, 2] },
  { name: 'and does not take back that a pod lags, though it knows it only since now', stored: knownLag, seen: view(follows('p1'), lags('p2', NOW_MS)), condition: 'False PodsLag: 1 of 2 pods of stable do not follow revision 7: p2 (it follows revision 6)', following: [2, 1] },
  { name: 'nor where it was not asked yet', stored: knownLag, seen: view(follows('p1')), condition: 'False PodsLag: 1 of 2 pods of stable do not follow revision 7: p2 (not asked yet)', following: [2, 1] },
  { name: 'until it follows', stored: knownLag, seen: view(follows('p1'), follows('p2')), condition: 'True AllFollow: 2 pods of stable follow revision 7', following: [2, 2] },
  { name: 'and another, which followed, begins again', stored: knownLag, seen: view(lagsAgain('p1', NOW_MS), follows('p2')), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS },
  { name: 'a pod that lagged behind another revision is no judgement of this one', stored: { ...knownLag, traffic: { revision: 6, writtenAt: '2026-11-21T06:00:00.000Z' } }, seen: view(follows('p1'), lags('p2', NOW_MS)), condition: 'Unknown Spreading: 1 of 2 pods of stable do not follow revision 7 yet', following: [2, 1], recheckMs: SPREADS_WITHIN_MS },
  { name: 'but not of another revision', stored: { ...known, traffic: { revision: 6, writtenAt: '2026-11-21T06:00:00.000Z', pods: { asked: 2, following: 2 } } }, record: policy(NOW_MS), condition: 'Unknown Spreading: 2 of 2 pods of stable do not follow revision 7 yet', recheckMs: SPREADS_WITHIN_MS },
  { name: 'what was read of another revision says nothing', seen: { ...view(follows('p1'), follows('p2')), revision: 6 }, record: policy(NOW_MS), condition: 'Unknown Spreading: 2 of 2 pods of stable do not follow revision 7 yet', recheckMs: SPREADS_WITHIN_MS },
])('$name', ({ record = policy(long), pods = [pod('p1'), pod('p2')], seen, stored, condition, following, recheckMs }) => {
  const spread = spreadOf({ nowMs: NOW_MS, policy: record, pods, view: seen, stored });
  const said = spread.condition === undefined ? undefined : `${spread.condition.status} ${spread.condition.reason}: ${spread.condition.message}`;
  expect(said).toBe(condition);
  expect(spread.read.pods).toEqual(following === undefined ? undefined : { asked: following[0], following: following[1] });
  expect(spread.recheckMs).toBe(recheckMs);
});

test('of many that lag five are named', () => {
  const names = Array.from({ length: 8 }, (_, index) => `p${index}`);
  const { condition } = spreadOf({ nowMs: NOW_MS, policy: policy(long), pods: names.map((name) => pod(name)), view: view(...names.map((name) => lags(name, long, 'x'))), stored: undefined });
  expect(condition?.message).toBe('8 of 8 pods of stable do not follow revision 7: p0 (x), p1 (x), p2 (x), p3 (x), p4 (x) and 3 more');
});

test('what the pods counted', () => {
  const { read } = spreadOf({ nowMs: NOW_MS, policy: policy(long), pods: [pod('p1')], view: view(follows('p1')), stored: undefined });
  expect(read.counters).toEqual({ at: '2026-11-21T07:00:00.000Z', ...counters });
});
