import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { SECRETS } from '../../contracts/names.ts';
import { readMountedFile } from '../../platform/mounted-file/mounted-file.ts';

/** RFC 6750, 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The tokens that are good now: the current one, and during a rotation the one before it. Read at every call, so that a rotation needs no restart. */
export async function readTokens(folder: string): Promise<readonly string[]> {
  const { token, previousToken } = SECRETS.feedback;
  const found = await Promise.all([token, previousToken].map((name) => readMountedFile(join(folder, name))));
  return found.filter((text) => text !== undefined);
}

/**
 * Lets through who has one of the tokens. How long it takes tells nothing of them: digests of one length are compared, each with each.
 * @throws ChurnOpsError TokenRequired, TokenInvalid
 */
export function assertToken(authorization: string | undefined, tokens: readonly string[]): void {
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given === undefined) throw new ChurnOpsError('TokenRequired', 'The request has no bearer token.');
  const digest = digestOf(given);
  const matches = tokens.filter((token) => timingSafeEqual(digestOf(token), digest)).length;
  if (matches === 0) throw new ChurnOpsError('TokenInvalid', 'The bearer token is not the one of this model.');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
