import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../contracts/churn-model/spec.ts';
import { MAX_PREDICTION_KEYS, PredictionKeys } from '../../../contracts/feedback.ts';
import { ACTIONS, ANNOTATIONS } from '../../../contracts/names.ts';
import { ModelSecrets } from '../../../operator/model-secrets.ts';
import { planFeedback, planPredictionKeys, PREVIOUS_TOKEN_MS, rotationOf, SIGN_AHEAD_MS, type SecretContent, type SecretPlan } from '../../../operator/resources/model-secrets.ts';
import type { Subject } from '../../../operator/resources/subject.ts';
import { Round } from '../../../operator/round.ts';
import { ApiClient } from '../../../operator/runtime/api-client.ts';
import { parseKeyring } from '../../../server/prediction-id/keyring.ts';
import { HOUR_MS, MINUTE_MS, NOW_MS, REPOSITORY } from './rollout/builders.ts';
import { FakeTransport } from './runtime/fake-transport.ts';
import { ManualClock } from './runtime/manual-clock.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64');
const decode = (text: string | null | undefined): string => Buffer.from(text ?? '', 'base64').toString();
/** Bytes that tell how many were asked for before. */
function counting() {
  let count = 0;
  return (bytes: number): Buffer => Buffer.alloc(bytes, (count += 1));
}

function subject(rotate?: string, retention?: { predictions: string }): Subject {
  return { name: 'telco-churn', namespace: 'retention', uid: 'uid-1', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' }, ...(retention === undefined ? {} : { retention }) }), annotations: rotate === undefined ? {} : { [ACTIONS.rotateFeedbackToken]: rotate } };
}

const rotatedFor = (text?: string, at = NOW_MS) => ({ [ANNOTATIONS.rotatedFor]: rotationOf(subject(text)), [ANNOTATIONS.rotatedAt]: new Date(at).toISOString() });
const Data = z.record(z.string(), z.string().nullable());
function dataOf(plan: SecretPlan): Readonly<Record<string, string | null>> {
  return plan.plan === 'Patch' ? plan.patch.data : Data.parse(plan.plan === 'Create' ? plan.secret['data'] : {});
}

describe('the token of :feedback', () => {
  const look = (stored: SecretContent | undefined, of = subject(), nowMs = NOW_MS) => planFeedback({ subject: of, stored, nowMs, random: counting() });
  const stored = (over: Partial<SecretContent> = {}): SecretContent => ({ annotations: rotatedFor(), data: { token: encode('old') }, ...over });

  test('is made of 256 bits, in a Secret that goes with the model', () => {
    const plan = look(undefined, subject('q4'));
    expect(plan).toMatchObject({ plan: 'Create', secret: { kind: 'Secret', type: 'Opaque', metadata: { name: 'telco-churn-feedback', ownerReferences: [{ uid: 'uid-1' }], annotations: rotatedFor('q4') } } });
    expect(decode(dataOf(plan)['token'])).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  const dayBegins = { plan: 'Patch', dueMs: NOW_MS + PREVIOUS_TOKEN_MS, patch: { metadata: { annotations: { [ANNOTATIONS.rotatedAt]: new Date(NOW_MS).toISOString() } }, data: {} } };

  test.each<{ name: string; secret: SecretContent; of?: Subject; nowMs?: number; expected: object; token?: string; previous?: string | null }>([
    { name: 'is never written over', secret: stored(), expected: { plan: 'Keep', dueMs: undefined } },
    { name: 'is put where a hand took it away', secret: stored({ data: {} }), expected: { plan: 'Patch', dueMs: undefined } },
    { name: 'is rotated for a text, and the one before stays for a day', secret: stored(), of: subject('q4'), expected: { plan: 'Patch', dueMs: NOW_MS + PREVIOUS_TOKEN_MS, patch: { metadata: { annotations: rotatedFor('q4') } } }, previous: 'old' },
    { name: 'is rotated once for a text', secret: stored({ annotations: rotatedFor('q4') }), of: subject('q4'), expected: { plan: 'Keep' } },
    { name: 'is rotated again for another', secret: stored({ annotations: rotatedFor('q4'), data: { token: encode('old'), 'previous-token': encode('older') } }), of: subject('q5'), expected: { plan: 'Patch' }, previous: 'old' },
    { name: 'is not rotated because the annotation went', secret: stored({ annotations: rotatedFor('q4') }), expected: { plan: 'Keep' } },
    { name: 'before it is good for a day', secret: stored({ annotations: rotatedFor('q4', NOW_MS - HOUR_MS), data: { token: encode('new'), 'previous-token': encode('old') } }), of: subject('q4'), expected: { plan: 'Keep', dueMs: NOW_MS + PREVIOUS_TOKEN_MS - HOUR_MS } },
    { name: 'before it goes after that', secret: stored({ annotations: rotatedFor('q4', NOW_MS - PREVIOUS_TOKEN_MS), data: { token: encode('new'), 'previous-token': encode('old') } }), of: subject('q4'), expected: { plan: 'Patch' }, previous: null },
    { name: 'a leader whose clock is some seconds behind takes nothing away', secret: stored({ annotations: rotatedFor('q4', NOW_MS + 2000), data: { token: encode('new'), 'previous-token': encode('old') } }), of: subject('q4'), expected: { plan: 'Keep', dueMs: NOW_MS + PREVIOUS_TOKEN_MS + 2000 } },
    { name: 'a clock that jumped back keeps it for no longer than a day from now', secret: stored({ annotations: rotatedFor('q4', NOW_MS + HOUR_MS), data: { token: encode('new'), 'previous-token': encode('old') } }), of: subject('q4'), expected: dayBegins },
    { name: 'nor does one without a time', secret: stored({ annotations: {}, data: { token: encode('new'), 'previous-token': encode('old') } }), expected: dayBegins },
  ])('$name', ({ secret, of, expected, previous }) => {
    const plan = look(secret, of);
    expect(plan).toMatchObject(expected);
    const kept = dataOf(plan)['previous-token'];
    expect(typeof kept === 'string' ? decode(kept) : kept).toBe(previous);
  });
});

function key(fill: number, signFromMs: number) {
  return { secret: Buffer.alloc(32, fill).toString('base64'), signFrom: new Date(signFromMs).toISOString() };
}
function storedKeys(keys: readonly ReturnType<typeof key>[], annotations = rotatedFor()): SecretContent {
  return { annotations, data: { 'keys.json': encode(JSON.stringify({ schemaVersion: 1, keys })) } };
}
function lookAtKeys(secret: SecretContent | undefined, of = subject()): SecretPlan {
  return planPredictionKeys({ subject: of, stored: secret, nowMs: NOW_MS, random: () => Buffer.alloc(32, 99) });
}
function keysIn(plan: SecretPlan) {
  return PredictionKeys.parse(JSON.parse(decode(dataOf(plan)['keys.json']))).keys;
}

describe('the keys of prediction ids', () => {
  test('the first signs at once, and serving pods can read it', () => {
    const plan = lookAtKeys(undefined);
    expect(keysIn(plan)).toEqual([key(99, NOW_MS)]);
    expect(parseKeyring(decode(dataOf(plan)['keys.json'])).verifies('text', 'x'.repeat(16))).toBe(false);
  });

  test('are never written over', () => expect(lookAtKeys(storedKeys([key(1, NOW_MS)]))).toEqual({ plan: 'Keep', dueMs: undefined }));

  test('a rotation adds one that signs once every pod knows it', () => {
    expect(keysIn(lookAtKeys(storedKeys([key(1, NOW_MS - HOUR_MS)]), subject('q4')))).toEqual([key(1, NOW_MS - HOUR_MS), key(99, NOW_MS + SIGN_AHEAD_MS)]);
  });

  test('old ones stay as long as predictions are kept: labels may come for them', () => {
    const day = 24 * HOUR_MS;
    const keys = [key(1, NOW_MS - 100 * day), key(2, NOW_MS - 50 * day), key(3, NOW_MS - 30 * day)];
    expect(keysIn(lookAtKeys(storedKeys(keys), subject('q4')))).toHaveLength(4);
    expect(keysIn(lookAtKeys(storedKeys(keys), subject('q4', { predictions: '960h' }))).map(({ secret }) => secret)).toEqual([...keys.slice(1), key(99, 0)].map(({ secret }) => secret));
  });

  test('there are never more than a pod takes, and the newest stay', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: MAX_PREDICTION_KEYS }), (count) => {
      const keys = Array.from({ length: count }, (_, index) => key(index + 1, NOW_MS - (count - index) * MINUTE_MS));
      const after = keysIn(lookAtKeys(storedKeys(keys), subject('q4')));
      expect(after.length).toBe(Math.min(count + 1, MAX_PREDICTION_KEYS));
      expect(after.at(-2)).toEqual(keys.at(-1));
    }));
  });

  test('what is no key is left alone, and told without its content', () => {
    const plan = lookAtKeys({ annotations: {}, data: { 'keys.json': encode('{"secret":"s3cr3t"}') } }, subject('q4'));
    expect(plan.plan).toBe('Refuse');
    expect(JSON.stringify(plan)).not.toContain('s3cr3t');
  });
});

const Texts = z.record(z.string(), z.string());
const Posted = z.looseObject({ metadata: z.looseObject({ name: z.string(), annotations: Texts }), data: Texts });
const Patched = z.looseObject({ metadata: z.looseObject({ annotations: Texts.optional() }), data: Data });

describe('keeping them', () => {
  type Stored = Readonly<{ owner?: string; deletedAt?: string; data?: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>> }>;

  function keeper(initial: Readonly<Record<string, Stored>> = {}, random = 0) {
    const secrets = new Map(Object.entries(initial));
    const transport = new FakeTransport((request, body) => {
      const name = request.path.split('/').at(-1) ?? '';
      if (request.method === 'POST') {
        const { metadata, data } = Posted.parse(body);
        secrets.set(metadata.name, { owner: 'uid-1', data, annotations: metadata.annotations });
        return { status: 201, body: objectOf(metadata.name, secrets.get(metadata.name) ?? {}) };
      }
      const found = secrets.get(name);
      if (found === undefined) return { status: 404, body: { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: 'not found' } };
      if (request.method === 'PATCH') {
        const { metadata, data } = Patched.parse(body);
        const kept = Object.entries({ ...found.data, ...data }).filter((entry): entry is [string, string] => entry[1] !== null);
        secrets.set(name, { ...found, data: Object.fromEntries(kept), annotations: { ...found.annotations, ...metadata.annotations } });
      }
      return { status: 200, body: objectOf(name, secrets.get(name) ?? {}) };
    });
    const clock = new ManualClock(NOW_MS);
    const keep = new ModelSecrets({ client: new ApiClient({ transport, fieldManager: 'test' }), clock, random: () => random });
    const calls = async (of = subject(), runs = false): Promise<readonly string[]> => {
      const before = transport.requests.length;
      const round = new Round(async () => Promise.resolve(true));
      await keep.keep(round, { subject: of, runs }, new AbortController().signal);
      return [...transport.requests.slice(before).map(({ method }) => method), ...round.problems.map(({ reason, message }) => `${reason}: ${message}`)];
    };
    const leftMs = async (of = subject()): Promise<number> => keep.keep(new Round(async () => Promise.resolve(true)), { subject: of, runs: false }, new AbortController().signal);
    return { secrets, clock, calls, leftMs };
  }

  const objectOf = (name: string, { owner, deletedAt, data, annotations }: Stored) => ({
    apiVersion: 'v1', kind: 'Secret', data,
    metadata: { name, namespace: 'retention', uid: `uid-of-${name}`, resourceVersion: '1', annotations, ...(deletedAt === undefined ? {} : { deletionTimestamp: deletedAt, finalizers: ['vault.example/keep'] }), ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'churnops.dev/v1alpha1', kind: 'ChurnModel', name: 'telco-churn', uid: owner, controller: true }] }) },
  });

  test('made once; at rest they cost no call for an hour, then one look', async () => {
    const { calls, clock, secrets } = keeper();
    expect(await calls()).toEqual(['GET', 'POST', 'GET', 'POST']);
    expect([...secrets.keys()]).toEqual(['telco-churn-feedback', 'telco-churn-prediction-keys']);
    expect(await calls()).toEqual([]);
    clock.advance(HOUR_MS - 1);
    expect(await calls()).toEqual([]);
    clock.advance(1);
    expect(await calls()).toEqual(['GET', 'GET']);
  });

  test('a process that meets a model that runs looks within a minute, and at once where there may be something to do', async () => {
    const { calls, clock } = keeper({}, 0.5);
    expect(await calls(subject(), true)).toEqual([]);
    clock.advance(MINUTE_MS / 2 - 1);
    expect(await calls(subject(), true)).toEqual([]);
    clock.advance(1);
    expect(await calls(subject(), true)).toEqual(['GET', 'POST', 'GET', 'POST']);
    expect(await keeper({}, 0.5).calls(subject('q4'), true)).toEqual(['GET', 'POST', 'GET', 'POST']);
    expect(await keeper({}, 0.5).calls(subject(), false)).toEqual(['GET', 'POST', 'GET', 'POST']);
  });

  test('one that was deleted is made anew within the hour, and the other stays', async () => {
    const { calls, clock, secrets } = keeper();
    await calls();
    const keys = secrets.get('telco-churn-prediction-keys');
    secrets.delete('telco-churn-feedback');
    clock.advance(HOUR_MS);
    expect(await calls()).toEqual(['GET', 'POST', 'GET']);
    expect(secrets.get('telco-churn-prediction-keys')).toBe(keys);
  });

  test('a rotation is at once, and the token before goes after a day', async () => {
    const { calls, clock, secrets } = keeper();
    await calls();
    const first = secrets.get('telco-churn-feedback')?.data?.['token'];
    expect(await calls(subject('q4'))).toEqual(['GET', 'PATCH', 'GET', 'PATCH']);
    expect(await calls(subject('q4'))).toEqual([]);
    expect(secrets.get('telco-churn-feedback')?.data?.['previous-token']).toBe(first);
    for (let hour = 0; hour < 24; hour += 1) {
      clock.advance(HOUR_MS);
      await calls(subject('q4'));
    }
    expect(Object.keys(secrets.get('telco-churn-feedback')?.data ?? {})).toEqual(['token']);
  });

  test.each([
    { name: 'a Secret of somebody else is in the way: told, not touched', owner: undefined, told: 'Secret telco-churn-feedback is in the way: it is not ours' },
    { name: 'one of a model that had the name before', owner: 'uid-0', told: 'it belongs to ChurnModel telco-churn' },
  ])('$name', async ({ owner, told }) => {
    const theirs: Stored = { ...(owner === undefined ? {} : { owner }), data: { password: encode('theirs') } };
    const { calls, secrets } = keeper({ 'telco-churn-feedback': theirs });
    const seen = await calls();
    expect(seen[0]).toBe('GET');
    expect(seen.at(-1)).toContain(told);
    expect(seen.join('')).not.toContain('theirs');
    expect(secrets.get('telco-churn-feedback')).toBe(theirs);
    // The keys of prediction ids are made all the same, and cost no more calls.
    expect(seen.slice(0, -1)).toEqual(['GET', 'GET', 'POST']);
    expect(await calls()).toEqual(['GET', expect.stringContaining(told)]);
  });

  test('one that a finalizer holds is waited for, then told', async () => {
    const { calls, clock } = keeper({ 'telco-churn-feedback': { owner: 'uid-1', data: { token: encode('x') }, deletedAt: new Date(NOW_MS).toISOString() } });
    expect(await calls()).toEqual(['GET', 'GET', 'POST']);
    clock.advance(MINUTE_MS);
    expect(await calls()).toEqual(['GET', expect.stringContaining('ChildTerminating: Secret telco-churn-feedback is on its way out')]);
    expect((await calls())[1]).toContain('held by the finalizers vault.example/keep');
  });

  test('a clock that jumped back makes no longer wait than an hour', async () => {
    const { calls, clock, leftMs } = keeper();
    await calls();
    expect(await leftMs()).toBe(HOUR_MS);
    clock.advance(-24 * HOUR_MS);
    expect(await calls()).toEqual(['GET', 'GET']);
    expect(await leftMs()).toBe(HOUR_MS);
  });
});
