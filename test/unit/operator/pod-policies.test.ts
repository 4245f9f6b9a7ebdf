import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ANNOTATIONS, LABELS } from '../../../contracts/names.ts';
import type { TrafficPolicy } from '../../../contracts/traffic.ts';
import { PODS, type Pod } from '../../../operator/observation/kinds.ts';
import { newestPolicyOn } from '../../../operator/observation/pod-policy.ts';
import { policyPatches, writePolicies } from '../../../operator/pod-policies.ts';
import { Round } from '../../../operator/round.ts';
import { ApiClient } from '../../../operator/runtime/api-client.ts';
import type { KubeObject, ObjectRef } from '../../../operator/runtime/kube-object.ts';
import { identity, TRAFFIC } from './rollout/builders.ts';
import { FakeTransport } from './runtime/fake-transport.ts';

const serving = identity('a').hash;
const policy: TrafficPolicy = { schemaVersion: 1, revision: 7, mode: 'Shadow', stableHash: serving, candidateHash: identity('b').hash, candidateVersion: 'b', candidateAddress: TRAFFIC.candidateAddress, percent: 100, maxErrorPercent: 1 };
const text = JSON.stringify(policy);

function pod(name: string, input: Readonly<{ version?: string; policy?: string; component?: string; deleted?: boolean; phase?: string; uid?: string }> = {}): Pod {
  const labels = { [LABELS.model]: 'telco-churn', [LABELS.component]: input.component ?? 'serving', [LABELS.hash]: identity(input.version ?? 'a').hash.slice(0, 8) };
  const metadata = { name, namespace: 'retention', uid: input.uid ?? `uid-of-${name}`, resourceVersion: '1', labels, ...(input.policy === undefined ? {} : { annotations: { [ANNOTATIONS.trafficPolicy]: input.policy } }), ...(input.deleted === true ? { deletionTimestamp: '2026-11-21T07:00:00Z' } : {}) };
  return PODS.schema.parse({ apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: { phase: input.phase ?? 'Running' } });
}

describe('which pods are written', () => {
  test.each<{ name: string; pod: Pod; policy?: TrafficPolicy; expected: string | null | undefined }>([
    { name: 'a pod of stable without it, ready or not', pod: pod('p', { phase: 'Pending' }), policy, expected: text },
    { name: 'one that has it: no write', pod: pod('p', { policy: text }), policy, expected: undefined },
    { name: 'one with an older one', pod: pod('p', { policy: JSON.stringify({ ...policy, revision: 6 }) }), policy, expected: text },
    { name: 'one that bears nonsense', pod: pod('p', { policy: '{' }), policy, expected: text },
    { name: "the candidate's pods have none", pod: pod('p', { version: 'b', policy: text }), policy, expected: null },
    { name: 'pods of the version before lose it while they drain', pod: pod('p', { version: 'z', policy: text }), policy, expected: null },
    { name: 'no candidate: it goes', pod: pod('p', { policy: text }), expected: null },
    { name: 'no candidate, no policy: no write', pod: pod('p'), expected: undefined },
    { name: 'a pod that ends', pod: pod('p', { deleted: true }), policy, expected: undefined },
    { name: 'a pod that was evicted', pod: pod('p', { phase: 'Failed' }), policy, expected: undefined },
    { name: 'a pod of a Job', pod: pod('p', { component: 'inspect' }), policy, expected: undefined },
  ])('$name', ({ pod, policy, expected }) => expect(policyPatches([pod], serving, policy).map((patch) => patch.text)).toEqual(expected === undefined ? [] : [expected]));

  test('without a stable version nobody bears one', () => expect(policyPatches([pod('p', { policy: text })], undefined, policy)).toEqual([{ pod: pod('p', { policy: text }), text: null }]));
});

test.each([
  { name: 'the highest revision', texts: [text, JSON.stringify({ ...policy, revision: 9 }), 'nonsense', undefined], revision: 9 },
  { name: 'not one that leaves no room for the next', texts: [text, JSON.stringify({ ...policy, revision: Number.MAX_SAFE_INTEGER })], revision: 7 },
  { name: 'none', texts: ['{}', undefined], revision: undefined },
])('the newest policy on pods: $name', ({ texts, revision }) => {
  const pods = texts.map((each, index) => pod(`p${index}`, each === undefined ? {} : { policy: each }));
  expect(newestPolicyOn(pods)?.revision).toBe(revision);
});

/** @param known what the watch has told of pods */
async function write(answer: (name: string) => Readonly<{ status: number; body: object }> | undefined, known: readonly Pod[] = []) {
  const transport = new FakeTransport((request, body) => {
    const name = request.path.split('/').at(-1) ?? '';
    const stored = pod(name);
    return answer(name) ?? { status: 200, body: { ...stored, metadata: { ...stored.metadata, ...z.looseObject({}).parse(body['metadata']), resourceVersion: '2' } } };
  });
  const client = new ApiClient({ transport, fieldManager: 'test' });
  const recorded: string[] = [];
  const caches = { pods: { get: ({ name }: ObjectRef) => known.find(({ metadata }) => metadata.name === name), recordWrite: ({ metadata }: KubeObject) => void recorded.push(metadata.name) } };
  const round = new Round(async () => Promise.resolve(true));
  const patches = policyPatches([pod('p1'), pod('p2'), pod('p3')], serving, policy);
  const whole = await writePolicies({ client, caches, round }, patches, new AbortController().signal);
  return { whole, problems: round.problems, failed: round.failed, pending: round.pending, recorded, requests: transport.requests };
}
function status(code: number, reason: string) {
  return { status: code, body: { kind: 'Status', status: 'Failure', reason, code, message: reason } };
}

describe('writing', () => {
  test('the annotation, of the very pod that was seen, and nothing else', async () => {
    const { whole, recorded, requests } = await write(() => undefined);
    expect({ whole, recorded }).toEqual({ whole: true, recorded: ['p1', 'p2', 'p3'] });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['p1', 'p2', 'p3'].map((name) => `PATCH /api/v1/namespaces/retention/pods/${name}`));
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ metadata: { annotations: { [ANNOTATIONS.trafficPolicy]: text }, uid: 'uid-of-p1' } });
  });

  const another = pod('p2', { uid: 'uid-of-another' });
  test.each<{ name: string; code: number; reason: string; known?: readonly Pod[]; expected: object }>([
    { name: 'a pod that is gone needs nothing', code: 404, reason: 'NotFound', expected: { whole: true } },
    { name: 'nor one that is gone and whose name was taken', code: 409, reason: 'Conflict', expected: { whole: true } },
    { name: 'nor one that is another by now', code: 409, reason: 'Conflict', known: [another], expected: { whole: true } },
    { name: 'one that is there still, and lost a race: nothing hangs on it yet, and it is looked at again', code: 409, reason: 'Conflict', known: [pod('p2')], expected: { whole: false, pending: true } },
    { name: 'a refusal is told, and keeps no other from it', code: 403, reason: 'Forbidden', expected: { whole: false, problems: 1 } },
    { name: 'a failure is tried again', code: 500, reason: 'InternalError', expected: { whole: false, failed: 1 } },
  ])('$name', async ({ code, reason, known, expected }) => {
    const { whole, pending, problems, failed, requests } = await write((name) => (name === 'p2' ? status(code, reason) : undefined), known);
    expect({ whole, pending, problems: problems.length, failed: failed.length, writes: requests.length }).toEqual({ pending: false, problems: 0, failed: 0, writes: 3, ...expected });
  });
});
