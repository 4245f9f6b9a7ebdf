import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { PolicyFile } from '../../../../server/traffic/policy-file.ts';
import { keptLogger, temporaryFolder } from '../tiny-package.ts';

let file: PolicyFile | undefined;
afterEach(async () => file?.close());

const HOURS_MS = 10_000_000;

/** A downward-API volume as the kubelet makes it: `policy` -> `..data/policy`, `..data` -> a folder that is swapped as a whole. */
async function volume(): Promise<Readonly<{ path: string; swap: (text: string) => Promise<void> }>> {
  const folder = await temporaryFolder();
  let generation = 0;
  const swap = async (text: string): Promise<void> => {
    const before = `..${generation}`;
    generation += 1;
    await mkdir(join(folder, `..${generation}`));
    await writeFile(join(folder, `..${generation}`, 'policy'), text);
    await symlink(`..${generation}`, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await rm(join(folder, before), { recursive: true, force: true });
  };
  await swap('');
  await symlink('..data/policy', join(folder, 'policy'));
  return { path: join(folder, 'policy'), swap };
}

type Seen = Readonly<{ texts: string[]; until: (text: string) => Promise<void>; lines: string[] }>;

async function follow(path: string, readEveryMs: number): Promise<Seen> {
  const texts: string[] = [];
  const { logger, lines } = keptLogger();
  let told = Promise.withResolvers<undefined>();
  file = new PolicyFile({
    path,
    readEveryMs,
    logger,
    changed: (text) => {
      texts.push(text);
      told.resolve(undefined);
      told = Promise.withResolvers();
    },
  });
  await file.open();
  const until = async (text: string): Promise<void> => {
    while (texts.at(-1) !== text) await told.promise;
  };
  return { texts, until, lines };
}

test.each([
  { name: 'by the watch alone', readEveryMs: HOURS_MS },
  { name: 'at least once a while', readEveryMs: 5 },
])('a swap of the volume is seen $name', async ({ readEveryMs }) => {
  const { path, swap } = await volume();
  const { texts, until } = await follow(path, readEveryMs);
  expect(texts).toEqual(['']);
  await swap('{"revision":1}');
  await until('{"revision":1}');
  await swap('{"revision":2}');
  await until('{"revision":2}');
  await swap('');
  await until('');
  expect(texts).toEqual(['', '{"revision":1}', '{"revision":2}', '']);
});

test('many swaps: the last one is what is known in the end, and nothing is told twice', async () => {
  const { path, swap } = await volume();
  const { texts, until } = await follow(path, HOURS_MS);
  for (let revision = 1; revision <= 50; revision += 1) await swap(String(revision));
  await until('50');
  for (const [index, text] of texts.entries()) expect(text).not.toBe(texts[index + 1]);
  // Never a gap: a folder that was swapped away in the middle of a read is no missing policy.
  expect(texts.slice(1)).not.toContain('');
});

test('without a folder there is no policy, and one that comes later is found', async () => {
  const folder = join(await temporaryFolder(), 'traffic');
  const { texts, until, lines } = await follow(join(folder, 'policy'), 5);
  expect(texts).toEqual(['']);
  expect(lines.join('')).toContain('cannot be watched');
  await mkdir(folder);
  await writeFile(join(folder, 'policy'), '{}');
  await until('{}');
});

test('what cannot be read changes nothing, and is complained of once', async () => {
  const { path, swap } = await volume();
  const { texts, until, lines } = await follow(path, 5);
  await swap('{}');
  await until('{}');
  // A link to itself: neither a file, nor none.
  await symlink('policy', `${path}_tmp`);
  await rename(`${path}_tmp`, path);
  while (!lines.join('').includes('cannot be read')) await new Promise(setImmediate);
  await writeFile(`${path}_tmp`, '{"again":true}');
  await rename(`${path}_tmp`, path);
  await until('{"again":true}');
  expect(texts).toEqual(['', '{}', '{"again":true}']);
  expect(lines.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
});

test('once closed it tells nothing more', async () => {
  const { path, swap } = await volume();
  const { texts } = await follow(path, 5);
  await file?.close();
  await swap('{}');
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(texts).toEqual(['']);
});
