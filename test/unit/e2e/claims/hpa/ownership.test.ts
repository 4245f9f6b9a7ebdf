import { describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../../../e2e/audit-entry.ts';
import type { AutoscalerState } from '../../../../e2e/claims/hpa/capacity-watch.ts';
import { sizesWritten, type SizesWritten } from '../../../../e2e/claims/hpa/ownership.ts';

function entry(resource: string, name: string, verb = 'patch'): AuditEntry {
  return { verb, user: 'operator', userAgent: '', resource, namespace: 'n', name, code: 200, receivedMs: 0, atMs: 0 };
}
const told = (verb = 'patch') => entry('horizontalpodautoscalers.autoscaling', 'm', verb);
const scaled = (name: string) => entry('deployments.apps/scale', name);
const sizes = (target: string): AutoscalerState => ({ digest: target, target, minReplicas: 2 });
const gone: AutoscalerState = { digest: '', target: undefined, minReplicas: 0 };

describe('what the autoscaler sized when the operator wrote replicas', () => {
  test.each<{ name: string; entries: readonly AuditEntry[]; states: readonly AutoscalerState[]; expected: SizesWritten }>([
    { name: 'nothing yet', entries: [scaled('m-a'), told()], states: [sizes('m-a')], expected: { scaled: [{ name: 'm-a', whileSizing: undefined }], told: 1, problem: undefined } },
    { name: 'that very Deployment', entries: [told(), scaled('m-a')], states: [sizes('m-a')], expected: { scaled: [{ name: 'm-a', whileSizing: 'm-a' }], told: 1, problem: undefined } },
    { name: 'another one', entries: [told(), scaled('m-b'), told(), scaled('m-a')], states: [sizes('m-a'), sizes('m-b')], expected: { scaled: [{ name: 'm-b', whileSizing: 'm-a' }, { name: 'm-a', whileSizing: 'm-b' }], told: 2, problem: undefined } },
    { name: 'nothing any more', entries: [told(), told('delete'), scaled('m-a')], states: [sizes('m-a'), gone], expected: { scaled: [{ name: 'm-a', whileSizing: undefined }], told: 2, problem: undefined } },
    { name: 'a state was not seen', entries: [told(), told()], states: [sizes('m-a')], expected: { scaled: [], told: 2, problem: 'the operator wrote the autoscaler 2 times, and 1 states of it were seen' } },
  ])('$name', ({ entries, states, expected }) => expect(sizesWritten(entries, states)).toEqual(expected));
});
