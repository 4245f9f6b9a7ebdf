import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { InputsFile, readInputs } from '../../../../server/evaluation/evidence/inputs-file.ts';
import { PairsFile, readPairs } from '../../../../server/evaluation/evidence/pairs-file.ts';
import { joinMemoryMiB } from '../../../../server/evaluation/memory.ts';

const SALT = '00112233445566778899aabbccddeeff';
const scores = fc.double({ min: 0, max: 1, noNaN: true });

test('pairs that are written are read bit by bit', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ unit: fc.string(), positive: fc.boolean(), stable: scores, candidate: scores })), (rows) => {
      const file = new PairsFile(SALT);
      for (const row of rows) file.add(row);
      const { pairs, hasStable } = readPairs(gunzipSync(file.bytes()).toString('utf8'));
      expect(hasStable).toBe(rows.length > 0);
      expect([...pairs.positive]).toEqual(rows.map(({ positive }) => (positive ? 1 : 0)));
      // -0 is written as 0, and ranks as it does.
      expect([...pairs.stable].map((score) => score + 0)).toEqual(rows.map(({ stable }) => stable + 0));
      expect([...pairs.candidate].map((score) => score + 0)).toEqual(rows.map(({ candidate }) => candidate + 0));
    }),
    { seed: 20261121 },
  );
});

test('customers stand in it as salted hashes that whoever has the salt can make', () => {
  const file = new PairsFile(SALT);
  file.add({ unit: '7590-VHVEG', positive: true, stable: undefined, candidate: 0.25 });
  const text = gunzipSync(file.bytes()).toString('utf8');
  const expected = createHash('sha256').update(Buffer.from(SALT, 'hex')).update('7590-VHVEG').digest('hex').slice(0, 16);
  expect(text).toBe(`entity,positive,stable,candidate\n${expected},1,,0.25\n`);
  expect(readPairs(text)).toMatchObject({ hasStable: false });
});

test('more than a piece of them', () => {
  const file = new PairsFile(SALT);
  for (let at = 0; at < 40_000; at += 1) file.add({ unit: String(at), positive: at % 3 === 0, stable: at / 40_000, candidate: 1 - at / 40_000 });
  expect(readPairs(gunzipSync(file.bytes()).toString('utf8')).pairs.positive.length).toBe(40_000);
});

describe('what is no file of pairs', () => {
  const row = `${'0'.repeat(16)},1,0.5,0.5\n`;
  test.each<{ name: string; text: string; message: string }>([
    { name: 'no header', text: row, message: 'its first line is not the header' },
    { name: 'cut off', text: `entity,positive,stable,candidate\n${row.slice(0, -1)}`, message: 'its last one is cut off' },
    { name: 'no score', text: `entity,positive,stable,candidate\n${row}${'0'.repeat(16)},1,0.5,\n`, message: 'line 3 is no pair' },
    { name: 'no label', text: `entity,positive,stable,candidate\n${'0'.repeat(16)},2,0.5,0.5\n`, message: 'line 2 is no pair' },
    { name: 'a column too many', text: `entity,positive,stable,candidate\n${'0'.repeat(16)},1,0.5,0.5,0.5\n`, message: 'line 2 is no pair' },
    { name: 'stable here and there', text: `entity,positive,stable,candidate\n${row}${'0'.repeat(16)},1,,0.5\n`, message: 'some lines have a score of stable, some have none' },
  ])('$name', ({ text, message }) => expect(() => readPairs(text)).toThrow(message));
});

test('inputs that are written are read', () => {
  const file = new InputsFile();
  expect(readInputs(new InputsFile().bytes())).toEqual([]);
  const inputs = Array.from({ length: 9000 }, (_, at) => ({ kind: 'predictions' as const, url: `s3://churn/predictions/m/dt=2026-11-21/hour=07/pod-${at}.ndjson.gz`, sha256: 'a'.repeat(64), sizeBytes: at }));
  for (const input of inputs) file.add(input);
  expect(file.objects).toBe(9000);
  expect(readInputs(file.bytes())).toEqual(inputs);
});

test.each([
  { limit: '512 MiB', bytes: 512 * 2 ** 20, mib: 160 },
  { limit: '2 GiB', bytes: 2 ** 31, mib: 928 },
  { limit: 'little', bytes: 128 * 2 ** 20, mib: 128 },
  { limit: 'much', bytes: 2 ** 36, mib: 2048 },
  { limit: 'none', bytes: 0, mib: 512 },
  { limit: 'none, as cgroups say it', bytes: 2 ** 63, mib: 512 },
])('memory of the join in a container of $limit', ({ bytes, mib }) => expect(joinMemoryMiB(bytes)).toBe(mib));
