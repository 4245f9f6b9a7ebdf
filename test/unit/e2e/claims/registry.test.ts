import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { CLAIMS } from '../../../e2e/claims/registry.ts';

const FOLDER = new URL('../../../e2e/claims/', import.meta.url);

const Claim = z.looseObject({ name: z.string(), title: z.string(), run: z.unknown().refine((run) => typeof run === 'function') });

/** Names of the claims that a file exports. */
async function claimsOf(file: string): Promise<readonly string[]> {
  const exported: unknown = await import(new URL(file, FOLDER).href);
  return Object.values(z.record(z.string(), z.unknown()).parse({ ...Object(exported) })).flatMap((value) => Claim.safeParse(value).data?.name ?? []);
}

describe('the registry', () => {
  const registered = CLAIMS.map(({ name }) => name);
  let exported: readonly string[] = [];
  beforeAll(async () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && file !== 'registry.ts');
    exported = (await Promise.all(files.map(claimsOf))).flat();
  });

  test('has every claim that is written', () => expect(exported.filter((name) => !registered.includes(name))).toEqual([]));

  test('has each once, and none that no file exports', () => {
    expect(new Set(registered).size).toBe(registered.length);
    expect(registered.filter((name) => !exported.includes(name))).toEqual([]);
  });
});
