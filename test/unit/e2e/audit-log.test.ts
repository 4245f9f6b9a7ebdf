import { appendFile, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AuditLog } from '../../e2e/audit-log.ts';

const line = (name: string): string => `${JSON.stringify({ stage: 'ResponseComplete', verb: 'get', user: { username: 'u' }, requestURI: '/', objectRef: { resource: 'pods', name }, requestReceivedTimestamp: '2026-11-21T07:00:00Z', stageTimestamp: '2026-11-21T07:00:00Z' })}\n`;
let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  path = join(folder, 'audit.log');
  await writeFile(path, line('before'));
});
afterEach(async () => rm(folder, { recursive: true }));

const namesSince = async (log: AuditLog, mark: Awaited<ReturnType<AuditLog['mark']>>): Promise<readonly string[]> => (await log.since(mark, () => true)).map(({ name }) => name);

test('only what came after the mark', async () => {
  const log = new AuditLog(path);
  const mark = await log.mark();
  await appendFile(path, line('after'));
  expect(await namesSince(log, mark)).toEqual(['after']);
});

test('the log is followed through its rotations', async () => {
  const log = new AuditLog(path);
  const mark = await log.mark();
  await appendFile(path, line('first'));
  // As lumberjack does: the old file gets a name with its time, a new one takes its place.
  const rotated = join(folder, 'audit-2026-11-21T07-00-00.000.log');
  await rename(path, rotated);
  await utimes(rotated, 1000, 1000);
  await writeFile(path, line('second'));
  expect(await namesSince(log, mark)).toEqual(['first', 'second']);
});

test('a mark whose file is gone is an error: nothing may be missing unnoticed', async () => {
  const log = new AuditLog(path);
  const mark = await log.mark();
  await rm(path);
  await writeFile(path, line('later'));
  await expect(log.since({ ...mark, inode: -1 }, () => true)).rejects.toThrow('the file of the mark is gone');
});
