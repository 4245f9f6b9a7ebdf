import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_ID_CHARS } from '../../../../contracts/journal.ts';
import { ephemeralKeyring, Keyring, parseKeyring } from '../../../../server/prediction-id/keyring.ts';
import { idFraction, PredictionIds, readPredictionId } from '../../../../server/prediction-id/prediction-ids.ts';

const AT_MS = Date.parse('2026-11-21T07:00:00.123Z');
const KEY = { secret: Buffer.alloc(32, 1), signFromMs: 0 };
const keyring = new Keyring([KEY]);
const ids = new PredictionIds('telco-churn', keyring);

test('an id tells its model and its time, and is not long', () => {
  const id = ids.issue(AT_MS);
  expect(readPredictionId(id)).toMatchObject({ model: 'telco-churn', atMs: AT_MS });
  expect(id).toMatch(/^telco-churn\.[\w-]{36}$/);
  expect(new PredictionIds('a'.repeat(40), keyring).issue(AT_MS).length).toBeLessThanOrEqual(MAX_ID_CHARS);
});

test('ids differ, also beyond the pool of random bytes', () => {
  expect(new Set(Array.from({ length: 1000 }, () => ids.issue(AT_MS))).size).toBe(1000);
});

test.each([0, -1, 1.5, 2 ** 48, 8.64e15])('a clock that says %d is no error', (nowMs) => {
  expect(ids.standing(ids.issue(nowMs))).toBe('Own');
});

describe('standing', () => {
  const other = new PredictionIds('term-deposit', keyring);
  const namesake = new PredictionIds('telco-churn', ephemeralKeyring());
  test.each([
    { name: 'its own', id: ids.issue(AT_MS), standing: 'Own' },
    { name: 'of another model', id: other.issue(AT_MS), standing: 'OtherModel' },
    { name: 'of a model of the same name elsewhere', id: namesake.issue(AT_MS), standing: 'UnknownKey' },
    { name: 'a uuid', id: '5b0c1f3e-0000-4000-8000-000000000000', standing: 'Malformed' },
    { name: 'nothing', id: '', standing: 'Malformed' },
    { name: 'with a line break', id: `${ids.issue(AT_MS)}\n`, standing: 'Malformed' },
  ])('$name: $standing', ({ id, standing }) => expect(ids.standing(id)).toBe(standing));

  test('no single character of an id can be another one', () => {
    const id = ids.issue(AT_MS);
    fc.assert(
      fc.property(fc.nat(id.length - 1), fc.constantFrom('a', 'b', 'X', 'Z', '0', '9', '-', '_', '.'), (at, other) => {
        fc.pre(id[at] !== other);
        expect(ids.standing(id.slice(0, at) + other + id.slice(at + 1))).not.toBe('Own');
      }),
    );
  });
});

describe('rotation', () => {
  const next = { secret: Buffer.alloc(32, 2), signFromMs: AT_MS };
  const rotating = new Keyring([next, KEY]);
  test('a key signs from its time on, and everybody who knows both verifies both', () => {
    const pod = new PredictionIds('telco-churn', keyring);
    pod.useKeys(rotating);
    const [before, after] = [pod.issue(AT_MS - 1), pod.issue(AT_MS)];
    expect([ids.standing(before), ids.standing(after)]).toEqual(['Own', 'UnknownKey']);
    expect([pod.standing(before), pod.standing(after)]).toEqual(['Own', 'Own']);
    const retired = new PredictionIds('telco-churn', new Keyring([next]));
    expect([retired.standing(before), retired.standing(after)]).toEqual(['UnknownKey', 'Own']);
  });

  test('while no time has come the first key signs', () => {
    const early = new PredictionIds('telco-churn', new Keyring([{ ...next, signFromMs: AT_MS + 2 }, { ...KEY, signFromMs: AT_MS + 1 }]));
    expect(ids.standing(early.issue(AT_MS))).toBe('Own');
  });
});

describe('keys.json', () => {
  const secret = KEY.secret.toString('base64');
  test('is read', () => {
    const read = parseKeyring(JSON.stringify({ schemaVersion: 1, keys: [{ secret, signFrom: '1970-01-01T00:00:00Z' }] }));
    expect(new PredictionIds('telco-churn', read).standing(ids.issue(AT_MS))).toBe('Own');
  });

  test.each([
    { text: '', says: 'no JSON' },
    { text: '{"schemaVersion":1,"keys":[]}', says: 'keys' },
    { text: '{"schemaVersion":2,"keys":[]}', says: 'schemaVersion' },
    { text: `{"schemaVersion":1,"keys":[{"secret":"c2hvcnQ=","signFrom":"2026-01-01T00:00:00Z"}]}`, says: 'keys.0.secret' },
    { text: `{"schemaVersion":1,"keys":[{"secret":"${secret}","signFrom":"tomorrow"}]}`, says: 'keys.0.signFrom' },
  ])('$says', ({ text, says }) => {
    expect(() => parseKeyring(text)).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid', message: expect.stringContaining(says) }));
    expect(() => parseKeyring(text)).not.toThrow(expect.objectContaining({ message: expect.stringContaining('c2hvcnQ') }));
  });
});

test('fractions are spread evenly', () => {
  const fractions = Array.from({ length: 10_000 }, () => idFraction(ids.issue(AT_MS)));
  expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...fractions)).toBeLessThan(1);
  // Six standard deviations of a binomial share round each decile.
  for (let decile = 1; decile < 10; decile += 1) {
    const share = fractions.filter((each) => each < decile / 10).length / fractions.length;
    expect(Math.abs(share - decile / 10)).toBeLessThan(6 * Math.sqrt(0.25 / fractions.length));
  }
});
