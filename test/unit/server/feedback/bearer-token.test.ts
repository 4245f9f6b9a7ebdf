import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { assertToken, readTokens } from '../../../../server/feedback/bearer-token.ts';
import { temporaryFolder } from '../tiny-package.ts';

test.each([
  { name: 'the token', authorization: 'Bearer s3cret', code: undefined },
  { name: 'the token before it', authorization: 'Bearer old', code: undefined },
  { name: 'in another case', authorization: 'bearer s3cret', code: undefined },
  { name: 'none', authorization: undefined, code: 'TokenRequired' },
  { name: 'another scheme', authorization: 'Basic czNjcmV0', code: 'TokenRequired' },
  { name: 'no token', authorization: 'Bearer ', code: 'TokenRequired' },
  { name: 'two tokens', authorization: 'Bearer s3cret, old', code: 'TokenRequired' },
  { name: 'a wrong one', authorization: 'Bearer s3cre', code: 'TokenInvalid' },
  { name: 'one in another case', authorization: 'Bearer S3cret', code: 'TokenInvalid' },
  { name: 'one with more', authorization: 'Bearer s3cret0', code: 'TokenInvalid' },
])('$name', ({ authorization, code }) => {
  const check = (): void => assertToken(authorization, ['s3cret', 'old']);
  if (code === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code }));
});

test('without tokens nobody gets in', () => {
  expect(() => assertToken('Bearer s3cret', [])).toThrow(expect.objectContaining({ code: 'TokenInvalid' }));
});

test('tokens are read as they are now, without the line feed of an editor', async () => {
  const folder = join(await temporaryFolder(), 'feedback');
  expect(await readTokens(folder)).toEqual([]);
  await mkdir(folder);
  await writeFile(join(folder, 'token'), 'first\n');
  expect(await readTokens(folder)).toEqual(['first']);
  await writeFile(join(folder, 'previous-token'), 'first');
  await writeFile(join(folder, 'token'), 'second');
  expect(await readTokens(folder)).toEqual(['second', 'first']);
  await writeFile(join(folder, 'previous-token'), '');
  expect(await readTokens(folder)).toEqual(['second']);
  await rm(join(folder, 'token'));
  expect(await readTokens(folder)).toEqual([]);
});
