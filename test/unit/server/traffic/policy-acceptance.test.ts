import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { TrafficPolicy } from '../../../../contracts/traffic.ts';
import { acceptPolicy, NO_POLICY } from '../../../../server/traffic/policy-acceptance.ts';
import type { PolicyMemory, Refusal } from '../../../../server/traffic/policy-acceptance.ts';
import { CANDIDATE, policy, STABLE } from './policy.ts';

const text = (change: Partial<TrafficPolicy> = {}): string => JSON.stringify(policy(change));
const before: PolicyMemory = { following: policy(), newest: policy(), refusal: undefined };

test.each<{ name: string; memory?: PolicyMemory; text: string; following: TrafficPolicy | undefined; newest?: number }>([
  { name: 'the first one', memory: NO_POLICY, text: text(), following: policy(), newest: 7 },
  { name: 'a newer one', text: text({ revision: 8, percent: 50 }), following: policy({ revision: 8, percent: 50 }), newest: 8 },
  { name: 'of the next candidate', text: text({ revision: 9, candidateHash: 'd'.repeat(64) }), following: policy({ revision: 9, candidateHash: 'd'.repeat(64) }), newest: 9 },
  { name: 'the same again', text: text(), following: policy() },
  { name: 'the same, written differently', text: JSON.stringify(Object.fromEntries(Object.entries(policy()).toReversed()), null, 2), following: policy() },
  { name: 'the same, after it was gone', memory: { ...before, following: undefined }, text: text(), following: policy() },
  { name: 'with a field that we do not know', text: JSON.stringify({ ...policy({ revision: 8 }), colour: 'blue' }), following: policy({ revision: 8 }), newest: 8 },
  { name: 'none any more', text: '', following: undefined },
  { name: 'none any more, with a line feed', text: '\n', following: undefined },
])('$name: followed', ({ memory = before, text, following, newest = 7 }) => {
  const after = acceptPolicy(memory, text, STABLE);
  expect({ ...after, newest: after.newest?.revision }).toEqual({ following, newest, refusal: undefined });
});

test.each<{ name: string; text: string; reason: Refusal['reason']; message: string; keeps?: true }>([
  { name: 'no JSON', text: '{', reason: 'Unreadable', message: 'not JSON' },
  { name: 'no object', text: '7', reason: 'Unreadable', message: 'the policy: ' },
  { name: 'a field is missing', text: JSON.stringify({ ...policy(), percent: undefined }), reason: 'Unreadable', message: 'percent: ' },
  { name: 'another mode', text: JSON.stringify({ ...policy(), mode: 'BlueGreen' }), reason: 'Unreadable', message: 'mode: ' },
  { name: 'a newer schema', text: JSON.stringify({ ...policy(), schemaVersion: 2 }), reason: 'Unreadable', message: 'schemaVersion: ' },
  { name: 'more than all', text: text({ percent: 101 }), reason: 'Unreadable', message: 'percent: ' },
  { name: 'no port', text: text({ candidateAddress: 'tiny-churn-candidate' }), reason: 'Unreadable', message: 'candidateAddress: write host:port' },
  { name: 'a URL', text: text({ candidateAddress: 'http://a:8080' }), reason: 'Unreadable', message: 'candidateAddress: write host:port' },
  { name: 'a port that is none', text: text({ candidateAddress: 'a:65536' }), reason: 'Unreadable', message: 'there is no port 65536' },
  { name: 'for other pods', text: text({ revision: 8, stableHash: 'b'.repeat(64) }), reason: 'OtherPods', message: 'is for the pods of hash bbbbbbbb, and this one serves aaaaaaaa' },
  { name: 'the pod itself as candidate', text: text({ revision: 8, candidateHash: STABLE }), reason: 'OwnHash', message: 'names the hash aaaaaaaa as candidate' },
  { name: 'an older one', text: text({ revision: 6 }), reason: 'OlderRevision', message: 'Revision 6 is older than 7', keeps: true },
  { name: 'another one of the same revision', text: text({ percent: 26 }), reason: 'RevisionReused', message: 'a change needs a higher revision', keeps: true },
])('$name: refused as $reason', ({ text, reason, message, keeps }) => {
  const after = acceptPolicy(before, text, STABLE);
  expect(after).toEqual({ following: keeps ? policy() : undefined, newest: policy(), refusal: { reason, message: expect.stringContaining(message) } });
});

test('an older one is not followed after the newer one is gone, either', () => {
  const gone = acceptPolicy(before, '', STABLE);
  expect(acceptPolicy(gone, text({ revision: 6 }), STABLE)).toMatchObject({ following: undefined, refusal: { reason: 'OlderRevision' } });
});

test('whatever is written in whatever order, revisions never go back, and only policies for these pods are followed', () => {
  const written = fc.oneof(
    fc.record({ revision: fc.integer({ min: 0, max: 9 }), percent: fc.constantFrom(5, 25), stableHash: fc.constantFrom(STABLE, 'b'.repeat(64)), candidateHash: fc.constantFrom(CANDIDATE, STABLE) }).map((change) => text(change)),
    fc.constantFrom('', '{}', 'null', '[]'),
    fc.json(),
  );
  fc.assert(
    fc.property(fc.array(written, { maxLength: 20 }), (texts) => {
      let memory = NO_POLICY;
      for (const written of texts) {
        const after = acceptPolicy(memory, written, STABLE);
        expect(after.newest?.revision ?? 0).toBeGreaterThanOrEqual(memory.newest?.revision ?? 0);
        if (after.following !== undefined) {
          expect(after.following).toEqual(after.newest);
          expect(after.following).toMatchObject({ stableHash: STABLE, candidateHash: CANDIDATE });
        }
        memory = after;
      }
    }),
  );
});
