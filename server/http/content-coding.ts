import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';
import { bodyTooLarge } from './request-checks.ts';

/** Compression of a body, as HTTP names it: gzip (RFC 1952), deflate (which is zlib, RFC 1950). */
export type Coding = 'gzip' | 'deflate';

/**
 * An answer of fewer bytes is sent as it is (some 20 rows of V1): it fits three packets, and compressing it would take longer than
 * scoring it. Most HTTP libraries ask for gzip whether anybody needs it or not.
 */
export const LEAST_COMPRESSED_BYTES = 4096;

const ALIASES: Readonly<Record<string, Coding>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate' };
const PREFERRED = ['gzip', 'deflate'] as const satisfies readonly Coding[];

/**
 * The coding of a request body: undefined for none.
 * @throws ChurnOpsError UnsupportedMediaType for another one, or several on top of each other
 */
export function requestCoding(contentEncoding: string | undefined): Coding | undefined {
  if (contentEncoding === undefined) return undefined;
  const name = contentEncoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return undefined;
  const coding = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  if (coding === undefined) throw new ChurnOpsError('UnsupportedMediaType', 'The body has a Content-Encoding that is not known here.');
  return coding;
}

/**
 * The plain bytes of a compressed body. Synchronous, since a megabyte takes less than parsing it does; stops at MAX_BODY_BYTES, so that
 * a small body cannot become a large one.
 * @throws ChurnOpsError BodyTooLarge; InvalidEncoding where it is not what it says to be
 */
export function decompress(body: Uint8Array, coding: Coding): Buffer {
  try {
    return coding === 'gzip' ? gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }) : inflateSync(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge();
    throw new ChurnOpsError('InvalidEncoding', `The body is not whole ${coding}.`, { cause });
  }
}

/**
 * The coding that a client wants its answer in by its Accept-Encoding; undefined: none of ours, or it would rather have identity. Of equal
 * ones gzip is taken, and identity last; identity that is not named is acceptable, and no more (RFC 9110, 12.5.3).
 */
export function answerCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, quality === undefined ? 1 : Number(quality.slice(2)));
  }
  const weightOf = (coding: Coding): number => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = PREFERRED.reduce((kept, coding) => (weightOf(coding) > weightOf(kept) ? coding : kept));
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined;
}

/** A body compressed at the fastest level: bandwidth is wanted, not the last byte. */
export function compress(body: string | Uint8Array, coding: Coding): Buffer {
  const options = { level: constants.Z_BEST_SPEED };
  return coding === 'gzip' ? gzipSync(body, options) : deflateSync(body, options);
}
