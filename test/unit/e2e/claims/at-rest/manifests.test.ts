import { describe, expect, test } from '@jest/globals';
import { ChurnModelSpec } from '../../../../../contracts/churn-model/spec.ts';
import { z } from 'zod';
import { writtenManifests, type Written } from '../../../../e2e/claims/at-rest/manifests.ts';

/** As kubectl sends a new object: without what is null. */
function specOf({ manifest }: Written): unknown {
  const sent: unknown = JSON.parse(JSON.stringify(manifest, (_key, value: unknown) => (value === null ? undefined : value)));
  return z.looseObject({ spec: z.unknown() }).parse(sent).spec;
}

test.each(writtenManifests(25).map((written) => ({ how: written.how, written })))('$how: the contract takes it', ({ written }) => {
  expect(ChurnModelSpec.safeParse(specOf(written)).error).toBeUndefined();
});

describe.each([50, 10])('%d manifests', (count) => {
  const manifests = writtenManifests(count);

  test('are so many, each with a name of its own', () => {
    expect(new Set(manifests.map(({ name }) => name)).size).toBe(count);
  });

  test('are applied in every way, and written in different ones', () => {
    expect(new Set(manifests.map(({ way }) => way))).toEqual(new Set(['kubectl apply', 'kubectl apply --server-side']));
    expect(new Set(manifests.map(({ how }) => how)).size).toBeGreaterThanOrEqual(count / 2);
  });
});
